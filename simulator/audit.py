"""Counts every API call, so that a test can say how many a run made and which of them changed something."""

from dataclasses import dataclass

from simulator.call import Answer, AwsError, Call, Layer, Proceed
from simulator.clock.kernel import Clock


@dataclass(frozen=True, slots=True)
class Entry:
    """One call: when (virtual seconds since the start), what, by whom, and the error code if it failed."""

    at: float
    name: str
    caller: str
    mutating: bool
    error: str | None


# CloudTrail's readOnly, by the operation's verb; the ones below read although their verb does not say so.
_READING_VERBS = (
    "Describe",
    "Get",
    "List",
    "Head",
    "Batch",
    "Receive",
    "Validate",
    "Test",
    "Lookup",
    "Filter",
)
_READING = frozenset({"sts.AssumeRole", "lambda.Invoke", "stepfunctions.StartSyncExecution"})


def is_mutating(call: Call) -> bool:
    """Whether the operation changes something, judged by its verb."""
    return not call.operation.startswith(_READING_VERBS) and call.name not in _READING


class Audit:
    """The list of all calls so far."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: list[Entry] = []

    def layer(self) -> Layer:
        """Records each call after it was answered."""

        def record(call: Call, proceed: Proceed) -> Answer:
            at, error = self._clock.elapsed(), None
            try:
                return proceed(call)
            except AwsError as refused:
                error = refused.code
                raise
            finally:
                self.entries.append(Entry(at, call.name, call.caller.arn, is_mutating(call), error))

        return record
