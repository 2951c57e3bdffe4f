"""GetExecutionHistory: newest first when asked, and nothing after the end of a run that was ended from outside.

moto's interpreter runs on until its state ends and writes that down; Step Functions stops at once.
"""

from typing import TYPE_CHECKING, Any

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
        """GetExecutionHistory. moto knows neither order nor pages; from the oldest on all come at once, as it does."""
        only(call, "executionArn", "maxResults", "reverseOrder", "includeExecutionData")
        if not call.params.get("includeExecutionData", True):
            raise NotModelled("histories without execution data")
        closed = self._closed.get(call.params["executionArn"])
        events = proceed(call)["events"] if closed is None else closed
        if not call.params.get("reverseOrder"):
            return {"events": events}
        most = call.params.get("maxResults") or _DEFAULT
        more = {"nextToken": "more"} if len(events) > most else {}
        return {"events": events[::-1][:most], **more}
