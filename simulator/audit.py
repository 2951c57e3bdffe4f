"""Counts every API call, so that a test can say how many a run made and which of them changed something."""

from dataclasses import dataclass

from simulator.call import Answer, AwsError, Call, Layer, Proceed
from simulator.clock.kernel import Clock
from simulator.trail.management import is_read_only


@dataclass(frozen=True, slots=True)
class Entry:
    """One call: when (virtual seconds since the start), what, by whom, and the error code if it failed."""

    at: float
    name: str
    caller: str
    mutating: bool
    error: str | None


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
                self.entries.append(Entry(at, call.name, call.caller.arn, not is_read_only(call), error))

        return record
