"""What EventBridge does with one target: the input it gets, and how each kind is called.

EventBridge guide, "Event bus targets" and "Using resource-based policies for Amazon EventBridge".
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulator.call import AwsError, Call, Caller, NotModelled, Place, aws_service
from simulator.iam.credentials import account_of, session_arn
from simulator.iam.resource_policy import allowed_by_resource_policy

if TYPE_CHECKING:
    from simulator.cloud import Cloud

type Target = Mapping[str, Any]
type Event = Mapping[str, Any]
type Send = Callable[["Cloud", str, Target, str], None]

EVENTS = "events.amazonaws.com"
_KNOWN = frozenset({"Id", "Arn", "RoleArn", "Input", "InputPath", "RetryPolicy", "DeadLetterConfig"})


def check(target: Target, place: Place) -> None:
    """Raises NotModelled for a kind of target, or a setting, that is not delivered to from there."""
    if set(target) - _KNOWN:
        raise NotModelled(f"{', '.join(sorted(set(target) - _KNOWN))} of an event target")
    _kind(target["Arn"])
    for arn in (target["Arn"], *target.get("DeadLetterConfig", {}).values()):
        if arn.split(":")[3:5] != [place.region, place.account]:
            raise NotModelled(f"event targets of another account or Region ({arn})")


def text_for(target: Target, event: Event) -> str:
    """What the target gets: the event, a part of it (InputPath), or a constant (Input), as JSON."""
    if "Input" in target:
        return str(target["Input"])
    found: Any = event
    for step in target.get("InputPath", "$").split(".")[1:]:
        # Assumed: a path that leads nowhere gives null.
        found = found.get(step) if isinstance(found, Mapping) else None
    return json.dumps(found, separators=(",", ":"))


def send(cloud: "Cloud", rule_arn: str, target: Target, text: str) -> None:
    """Deliver once. Raises AwsError as the target's service answers, AccessDenied when its policy says no."""
    _kind(target["Arn"])(cloud, rule_arn, target, text)


def send_to_queue(cloud: "Cloud", rule_arn: str, queue_arn: str, message: Mapping[str, Any]) -> None:
    """SendMessage as EventBridge, if the queue's policy lets this rule. message: MessageBody and so on."""
    name = queue_arn.rpartition(":")[2]
    if name.endswith(".fifo"):
        raise NotModelled("FIFO queues as event targets")
    region, account = queue_arn.split(":")[3:5]
    find = Call("sqs", "GetQueueUrl", {"QueueName": name}, aws_service(EVENTS, account), region)
    url = cloud.handle(find)["QueueUrl"]
    look = find.asking("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"])
    policy = cloud.handle(look).get("Attributes", {}).get("Policy")
    _admit(policy, "sqs:SendMessage", queue_arn, rule_arn)
    cloud.handle(find.asking("sqs", "SendMessage", QueueUrl=url, **message))


def _to_queue(cloud: "Cloud", rule_arn: str, target: Target, text: str) -> None:
    send_to_queue(cloud, rule_arn, target["Arn"], {"MessageBody": text})


def _to_function(cloud: "Cloud", rule_arn: str, target: Target, text: str) -> None:
    function = target["Arn"]
    service = aws_service(EVENTS, account_of(function))
    try:
        policy = cloud.call("lambda", "GetPolicy", service, FunctionName=function)["Policy"]
    except AwsError as refused:
        # Lambda answers the same for a function without a policy; Invoke below tells a missing function.
        if refused.code != "ResourceNotFoundException":
            raise
        policy = None
    _admit(policy, "lambda:InvokeFunction", function, rule_arn)
    asked = {"FunctionName": function, "InvocationType": "Event", "Payload": text.encode()}
    cloud.call("lambda", "Invoke", service, **asked)


def _to_machine(cloud: "Cloud", rule_arn: str, target: Target, text: str) -> None:
    if "RoleArn" not in target:
        raise AwsError(
            "AccessDeniedException", f"A state machine needs a role to be started by {rule_arn}.", 403
        )
    role = target["RoleArn"]
    # Assumed: the session's name.
    as_role = Caller(arn=session_arn(role, "AWSEvents"), role_arn=role, service=EVENTS)
    cloud.call("stepfunctions", "StartExecution", as_role, stateMachineArn=target["Arn"], input=text)


_KINDS: dict[str, Send] = {"sqs": _to_queue, "lambda": _to_function, "states": _to_machine}


def _kind(arn: str) -> Send:
    service = arn.split(":")[2]
    if service not in _KINDS:
        raise NotModelled(f"event targets like {arn}")
    return _KINDS[service]


def _admit(policy: str | None, action: str, resource: str, rule_arn: str) -> None:
    account = rule_arn.split(":")[4]
    if not allowed_by_resource_policy(
        policy, EVENTS, action, resource, source_arn=rule_arn, source_account=account
    ):
        message = f"User: {EVENTS} is not authorized to perform: {action} on resource: {resource}"
        raise AwsError("AccessDenied", message, 403)
