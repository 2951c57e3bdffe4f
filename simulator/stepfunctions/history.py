"""GetExecutionHistory: newest first when asked, and nothing after the end of a run that was ended from outside.

moto's interpreter runs on until its state ends and writes that down; Step Functions stops at once.
"""

from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from simulator.call import Answer, Call, NotModelled, Proceed, only

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# GetExecutionHistory API, maxResults.
_DEFAULT, _MOST = 100, 1000


class Histories:
    """What the history was when its execution was stopped or timed out."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._closed: dict[str, list[dict[str, Any]]] = {}

    def close(self, arn: str, kind: str, details: dict[str, Any]) -> None:
        """End it with one more event, ``ExecutionAborted`` or ``ExecutionTimedOut``; what comes later is left out."""
        asked = Call("stepfunctions", "GetExecutionHistory", {"executionArn": arn, "maxResults": _MOST})
        events = self._cloud.moto(asked)["events"]
        last = events[-1]["id"]
        ended = {"timestamp": self._cloud.clock.now(), "type": kind, "id": last + 1, "previousEventId": last}
        self._closed[arn] = [*events, {**ended, **details}]

    def get(self, call: Call, proceed: Proceed) -> Answer:
        """GetExecutionHistory. From the oldest on all come at once, as from moto; pages are of the newest first.

        Read in place: moto writes every event, with all that states were given and gave, for an answer of a few.
        """
        only(call, "executionArn", "maxResults", "reverseOrder", "includeExecutionData", "nextToken")
        if not call.params.get("includeExecutionData", True):
            raise NotModelled("histories without execution data")
        arn = call.params["executionArn"]
        events = self._closed.get(arn) or _events(call, arn)
        if events is None:
            return proceed(call)  # moto refuses
        if not call.params.get("reverseOrder"):
            return {"events": events}
        # Where the page before ended: an execution that runs on adds its events above.
        older = [
            event for event in events if event["id"] < int(call.params.get("nextToken", len(events) + 1))
        ]
        newest = older[::-1][: call.params.get("maxResults") or _DEFAULT]
        more = {"nextToken": str(newest[-1]["id"])} if len(newest) < len(older) else {}
        return {"events": newest, **more}


def _events(call: Call, arn: str) -> list[dict[str, Any]] | None:
    machines = stepfunctions_parser_backends[call.account][call.region].state_machines
    found = (one for machine in machines for one in machine.executions if one.execution_arn == arn)
    execution: Any = next(found, None)
    events: list[dict[str, Any]] | None = execution and execution.to_history_output()["events"]
    return events
