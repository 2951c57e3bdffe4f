"""The event that Step Functions sends whenever an execution begins or ends.

Step Functions guide, "Automating Step Functions event delivery with EventBridge". Its example of a failed execution
has neither error nor cause; that both are members of the detail is known from events in public repositories.
"""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.program_state import ProgramTimedOut
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from simulator.stepfunctions.history import Histories

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# The same page: what is longer, escaped, is left out.
_LONGEST = 248 * 1024

# moto's own, before any cloud has taken their place.
_START = Execution.start
_TERMINATED = BaseExecutionWorkerCommunication.terminated


def tell_of_executions(cloud: "Cloud", histories: Histories) -> None:
    """Let moto's executions tell of their beginning and end."""

    def start(execution: Execution) -> None:
        # Told before its thread is there, because it may end as soon as it has one; no time passes in between.
        cloud.clock.hold()
        try:
            tell(cloud, execution, ExecutionStatus.RUNNING)
            _START(execution)
        finally:
            cloud.clock.release()

    def terminated(communication: BaseExecutionWorkerCommunication) -> None:
        execution: Any = communication.execution
        if isinstance(execution.exec_worker.env.program_state(), ProgramTimedOut):
            histories.close(execution.exec_arn, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
        _TERMINATED(communication)
        tell(cloud, execution)

    Execution.start = start  # type: ignore[method-assign, assignment]
    BaseExecutionWorkerCommunication.terminated = terminated  # type: ignore[method-assign, assignment]


def tell(cloud: "Cloud", execution: Any, status: ExecutionStatus | None = None) -> None:
    """Put the execution's status, or the given one, on the default event bus."""
    told = detail(execution, (status or execution.exec_status).value)
    cloud.emit("aws.states", "Step Functions Execution Status Change", told, [execution.exec_arn])


def detail(execution: Any, status: str) -> dict[str, Any]:
    """execution: moto's. That a member without a value is null is as in the page's examples."""
    succeeded = status == ExecutionStatus.SUCCEEDED
    output = json.dumps(execution.output, separators=(",", ":")) if succeeded else None
    output, with_output = _fitting(output, _LONGEST)
    given, with_input = _fitting(execution.execution_input, _LONGEST - _escaped(output))
    redrivable = status not in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED)
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": status,
        "startDate": _milliseconds(execution.start_date),
        "stopDate": _milliseconds(execution.stop_date),
        "input": given,
        "inputDetails": {"included": with_input},
        "output": output,
        "outputDetails": {"included": with_output} if succeeded else None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        "redriveStatusReason": None if redrivable else f"Execution is {status} and cannot be redriven",
        "error": execution.error,
        "cause": execution.cause,
    }


def _fitting(text: str | None, room: int) -> tuple[str | None, bool]:
    return (text, True) if _escaped(text) <= room else (None, False)


def _escaped(text: str | None) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode()) if text is not None else 0


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1000)
