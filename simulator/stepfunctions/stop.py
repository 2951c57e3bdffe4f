"""StopExecution: at once and for good. moto's interpreter runs on until its state ends, and then calls it failed."""

from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from simulator.call import Answer, Call, Operation, Proceed
from simulator.stepfunctions.history import Histories
from simulator.stepfunctions.status_event import tell

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operation(cloud: "Cloud", histories: Histories) -> Operation:
    """StopExecution."""

    def stop(call: Call, proceed: Proceed) -> Answer:
        """ABORTED from now on (StopExecution API). A task that has been handed to Lambda runs to its end."""
        arn, backend = call.params["executionArn"], stepfunctions_parser_backends[cloud.account]
        execution: Any = backend[call.region].describe_execution(arn)
        if execution.exec_status != ExecutionStatus.RUNNING:
            return proceed(call)
        told = {name: call.params[name] for name in ("error", "cause") if name in call.params}
        histories.close(arn, "ExecutionAborted", {"executionAbortedEventDetails": told})
        proceed(call)
        now = cloud.clock.now()
        execution.exec_status, execution.stop_date = ExecutionStatus.ABORTED, now
        execution.error, execution.cause = told.get("error"), told.get("cause")
        # What moto's thread makes of its end comes too late.
        execution.exec_worker._execution_communication.terminated = lambda: None
        tell(cloud, execution)
        return {"stopDate": now}

    return stop
