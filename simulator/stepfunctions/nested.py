"""startExecution.sync:2: a task that runs another machine to its end, and ends it when the task itself is given up.

moto waits for the other execution by looking at it; here it looks at our cloud, as the machine's role.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_sfn as sfn,
)

from simulator.call import AwsError, Call, Caller, NotModelled
from simulator.iam.policy import Context, Decision, evaluate
from simulator.iam.role_policies import statements_of_role

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_INTEGRATION = "arn:aws:states:::"
_MODELLED = "arn:aws:states:::states:startExecution.sync:2"
# Step Functions guide, "IAM policies for AWS Step Functions", synchronous.
_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
# Virtual seconds between two looks. AWS learns of the end by an EventBridge event; how soon is assumed.
_LOOK_EVERY = 5.0

# moto's, of which parts are replaced.
_CALLBACK: Any = state_task_service_callback
_SFN: Any = sfn
_TASK: Any = sfn.StateTaskServiceSfn
_normalise, _wait_for_end = _TASK._normalise_parameters, _TASK._eval_integration_pattern


class _GivenUp(Exception):
    """The task has ended before the execution that it waited for: nobody is left to tell."""


def require_modelled(call: Call) -> None:
    """Refuse a definition that uses another service integration: moto would call a port where nobody listens."""
    others = sorted({found for found in _integrations(call) if found != _MODELLED})
    if others:
        raise NotModelled(f"the service integration {', '.join(others)}")


def require_rule_permissions(cloud: "Cloud", call: Call, role_arn: str) -> None:
    """Step Functions makes the rule that tells it of the end with the machine's role, when the machine is made.

    Wording: public reports of refused CreateStateMachine calls ("is not authorized to create managed-rule").
    """
    if _MODELLED not in _integrations(call):
        return
    statements = statements_of_role(cloud.account, role_arn)
    rule = f"arn:aws:events:{call.region}:{cloud.account}:{_RULE}"
    decisions = [evaluate(statements, action, rule, Context()) for action in _RULE_ACTIONS]
    if any(decision is not Decision.ALLOWED for decision in decisions):
        raise AwsError("AccessDeniedException", f"'{role_arn}' is not authorized to create managed-rule.")


def _integrations(call: Call) -> list[str]:
    if "definition" not in call.params:
        return []
    try:
        definition = json.loads(call.params["definition"])
    except json.JSONDecodeError:
        return []  # moto's parser refuses it
    return [found for found in _resources(definition) if found.startswith(_INTEGRATION)]


def _resources(part: Any) -> Iterator[str]:
    """Every ``Resource`` of a definition, however deep."""
    if isinstance(part, dict):
        if isinstance(part.get("Resource"), str):
            yield part["Resource"]
        for inner in part.values():
            yield from _resources(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _resources(inner)


def point_interpreter_at(cloud: "Cloud") -> None:
    """Let the integration start, see and stop executions of this cloud, on the interpreter's own thread."""

    def client(region: str, service: str, state_credentials: Any) -> Any:  # noqa: ARG001
        return cloud.client(service, as_role(state_credentials.role_arn))

    def supervised(
        task: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        """Step Functions guide, "Run a Job (.sync)": an aborted task calls StopExecution, as a best effort."""
        child, role = env.stack[-1]["ExecutionArn"], as_role(state_credentials.role_arn)
        try:
            _wait_for_end(task, env, resource_runtime_part, normalised_parameters, state_credentials)
        finally:
            given_up = _status(cloud, child) == "RUNNING"
            if given_up:
                cloud.clock.sleep(0)  # moto cannot stop one whose thread has had no turn yet
                cloud.call("stepfunctions", "StopExecution", role, executionArn=child)
        if given_up:
            raise _GivenUp(child)

    _SFN.boto_client_for = client
    _TASK._normalise_parameters = _as_the_api_spells
    _TASK._normalise_response = _as_a_state_spells
    _TASK._eval_integration_pattern = supervised
    _CALLBACK._DELAY_SECONDS_SYNC_CONDITION_CHECK = _LOOK_EVERY


def _as_the_api_spells(task: Any, parameters: dict[str, Any], **asked: Any) -> None:
    """Step Functions guide, "Passing parameters to a service API": in PascalCase. moto has lost the translation."""
    _normalise(task, parameters, **asked)
    for name in list(parameters):
        parameters[name[0].lower() + name[1:]] = parameters.pop(name)


def _as_a_state_spells(task: Any, response: dict[str, Any], **asked: Any) -> None:
    for name in list(response):
        value = response.pop(name)
        if name.endswith("Details"):
            _as_a_state_spells(task, value, **asked)
        # Milliseconds since 1970, as published outputs of the integration show.
        response[name[0].upper() + name[1:]] = (
            int(value.timestamp() * 1000) if isinstance(value, datetime) else value
        )


def as_role(role_arn: str) -> Caller:
    """Step Functions at work for a machine."""
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    return Caller(arn=f"arn:aws:sts::{account}:assumed-role/{name}/states", role_arn=role_arn)


def _status(cloud: "Cloud", execution: str) -> str:
    described = cloud.moto(Call("stepfunctions", "DescribeExecution", {"executionArn": execution}))
    return str(described["status"])
