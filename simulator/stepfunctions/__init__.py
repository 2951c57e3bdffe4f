"""Step Functions is moto's own interpreter, in virtual time (clock/moto_time.py), on our own Lambda."""

import json
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from simulator.call import ACCOUNT, Answer, AwsError, Call, NotModelled, Operation, Proceed
from simulator.stepfunctions import nested, stop
from simulator.stepfunctions.history import Histories
from simulator.stepfunctions.status_event import tell_of_executions

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """What moto gets wrong."""
    histories = Histories(cloud)
    tell_of_executions(cloud, histories)
    return {
        "stepfunctions.StopExecution": stop.operation(cloud, histories),
        "stepfunctions.GetExecutionHistory": histories.get,
        "stepfunctions.CreateStateMachine": lambda call, proceed: _define(cloud, call, proceed),
        "stepfunctions.UpdateStateMachine": lambda call, proceed: _define(cloud, call, proceed),
        "stepfunctions.StartExecution": _start_execution,
        "stepfunctions.DescribeExecution": _describe_execution,
    }


def _define(cloud: "Cloud", call: Call, proceed: Proceed) -> Answer:
    """CreateStateMachine API, InvalidDefinition: moto's parser refuses without any code."""
    nested.require_modelled(call)
    nested.require_rule_permissions(cloud, call, _role_of(call))
    if call.params.get("type", "STANDARD") != "STANDARD":
        raise NotModelled(f"state machines of the type {call.params['type']}")
    try:
        return proceed(call)
    except AwsError as refused:
        if refused.code:
            raise
        raise AwsError("InvalidDefinition", refused.message) from refused


def _role_of(call: Call) -> str:
    """The role that the machine will have; an update may leave the one it has."""
    if "roleArn" in call.params:
        return str(call.params["roleArn"])
    backend = stepfunctions_parser_backends[ACCOUNT][call.region]
    return str(backend.describe_state_machine(call.params["stateMachineArn"]).roleArn)


def _describe_execution(call: Call, proceed: Proceed) -> Answer:
    """DescribeExecution API: stopDate is there once the execution has ended, and what StopExecution was told;

    moto forgets both of TIMED_OUT and ABORTED.
    """
    answer = proceed(call)
    if answer["status"] in ("TIMED_OUT", "ABORTED"):
        backend = stepfunctions_parser_backends[ACCOUNT][call.region]
        ended = backend.describe_execution(call.params["executionArn"])
        answer |= {"stopDate": ended.stop_date}
        answer |= {"error": ended.error} if ended.error else {}
        answer |= {"cause": ended.cause} if ended.cause else {}
    return answer


def _start_execution(call: Call, proceed: Proceed) -> Answer:
    """StartExecution API: the name is optional, and then made up as a UUID; moto would call them all None."""
    if "name" in call.params:
        return proceed(call)
    return proceed(call.with_params(name=str(mock_random.uuid4())))


def point_interpreter_at(cloud: "Cloud") -> None:
    """Let Lambda tasks call this cloud's Lambda on the interpreter's own thread.

    moto would go over HTTP to a fixed port, where the thread that waits would hold the clock's turn while
    the thread that answers needs it; and it would sign with made-up keys instead of the machine's role.
    """

    def invoke(parameters: dict[str, Any], region: str, state_credentials: Any) -> dict[str, Any]:  # noqa: ARG001
        try:
            answer = cloud.call("lambda", "Invoke", nested.as_role(state_credentials.role_arn), **parameters)
        except AwsError as refused:
            # Step Functions guide, "Handle Lambda service exceptions": the service's errors are Lambda.<name>;
            # that a refused permission is AWSLambdaException is assumed from public reports.
            error = {"errorType": "Lambda.AWSLambdaException", "errorMessage": refused.message}
            raise lambda_eval_utils.LambdaFunctionErrorException("Unhandled", json.dumps(error)) from refused
        return {**answer, "Payload": json.loads(answer["Payload"])}

    lambda_eval_utils._invoke_lambda_function = invoke
    nested.point_interpreter_at(cloud)
