"""The Lambda service: built zips run by awslambdaric in processes of their own."""

import base64
from typing import TYPE_CHECKING

import botocore.session

from simulator.awslambda import esm, management, permissions
from simulator.awslambda.asynchronous import AsynchronousQueue
from simulator.awslambda.functions import Functions
from simulator.call import Answer, Call, NotModelled, Operation, Proceed, only

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Lambda's operations for a cloud, which gets its ``functions`` here.

    moto's Lambda, which needs Docker, is never asked: an operation that is not here is refused.
    """
    functions = Functions(cloud, cloud.lambda_runtime)
    cloud.functions = functions
    queue = AsynchronousQueue(cloud, functions)
    return {
        **_refusals(),
        **management.operations(cloud, functions),
        **functions.layers.operations(),
        **permissions.operations(functions),
        **esm.operations(cloud, functions),
        "lambda.Invoke": lambda call, _: _invoke(functions, queue, call),
    }


def _invoke(functions: Functions, queue: AsynchronousQueue, call: Call) -> Answer:
    only(call, "FunctionName", "InvocationType", "LogType", "Payload", "Qualifier")
    kind = call.params.get("InvocationType", "RequestResponse")
    if kind not in ("Event", "RequestResponse"):
        raise NotModelled(f"InvocationType {kind} of {call.name}")
    if call.params.get("Qualifier", "$LATEST") != "$LATEST":
        raise NotModelled("Lambda versions and aliases")
    payload = call.params.get("Payload", b"")
    payload = payload.encode() if isinstance(payload, str) else payload
    if kind == "Event":
        queue.accept(call.params["FunctionName"], payload, call.caller)
        return {"StatusCode": 202, "Payload": b""}
    invocation = functions.invoke(call.params["FunctionName"], payload, call.caller)
    answer = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": invocation.payload}
    if invocation.error is not None:
        answer["FunctionError"] = invocation.error
    if call.params.get("LogType") == "Tail":
        answer["LogResult"] = base64.b64encode(invocation.log_tail).decode()
    return answer


def _refusals() -> dict[str, Operation]:
    model = botocore.session.get_session().get_service_model("lambda")
    return {f"lambda.{name}": _refuse for name in model.operation_names}


def _refuse(call: Call, _: Proceed) -> Answer:
    raise NotModelled(call.name)
