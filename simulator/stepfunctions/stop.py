"""StopExecution: at once and for good. moto's interpreter runs on until its state ends, and then calls it failed."""

from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from simulator.call import Answer, Call, Operation, Proceed

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """StopExecution and what it changes of the other answers."""
    stops = _Stops(cloud)
    return {
        "stepfunctions.StopExecution": stops.stop,
        "stepfunctions.GetExecutionHistory": stops.history,
    }


class _Stops:
    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        # What the history was when its execution was stopped; nothing comes after that.
        self._histories: dict[str, list[dict[str, Any]]] = {}

    def stop(self, call: Call, proceed: Proceed) -> Answer:
        """ABORTED from now on (StopExecution API). A task that has been handed to Lambda runs to its end."""
        arn, backend = call.params["executionArn"], stepfunctions_parser_backends[self._cloud.account]
        execution: Any = backend[call.region].describe_execution(arn)
        if execution.exec_status != ExecutionStatus.RUNNING:
            return proceed(call)
        asked = Call("stepfunctions", "GetExecutionHistory", {"executionArn": arn, "maxResults": 1000})
        events = self._cloud.moto(asked)["events"]
        proceed(call)
        now = self._cloud.clock.now()
        told = {name: call.params[name] for name in ("error", "cause") if name in call.params}
        execution.exec_status, execution.stop_date = ExecutionStatus.ABORTED, now
        execution.error, execution.cause = told.get("error"), told.get("cause")
        # What moto's thread makes of its end comes too late.
        execution.exec_worker._execution_communication.terminated = lambda: None
        last = events[-1]["id"]
        aborted = {"timestamp": now, "type": "ExecutionAborted", "id": last + 1, "previousEventId": last}
        self._histories[arn] = [*events, {**aborted, "executionAbortedEventDetails": told}]
        return {"stopDate": now}

    def history(self, call: Call, proceed: Proceed) -> Answer:
        """GetExecutionHistory."""
        stopped = self._histories.get(call.params["executionArn"])
        return proceed(call) if stopped is None else {"events": stopped}
