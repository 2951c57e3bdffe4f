"""Rules of the default bus deliver to queues, functions and state machines, or to the dead-letter queue."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import iam, trail
from simulator.call import Answer, AwsError, Call, Proceed
from simulator.cloud import Cloud

REGION, ACCOUNT = "us-west-2", "123456789012"
_numbers = count(1)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:step"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:provision"


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    made = Cloud(seed=5, start=datetime(2026, 11, 23, 6, 0, tzinfo=UTC))
    made.wrap(iam.layer(made))
    made.install(iam.operations(made))
    made.install(trail.operations(made))
    return made


class Place:
    """A rule of its own source, with a queue, a dead-letter queue and what was asked of faked services."""

    def __init__(self, cloud: Cloud) -> None:
        number = next(_numbers)
        self.cloud, self.name, self.source = cloud, f"rule-{number}", f"test.{number}"
        self.rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self.name}"
        self.queue, self.dead = (self._queue(f"{kind}-{number}") for kind in ("queue", "dead"))
        self.put_rule(EventPattern=json.dumps({"source": [self.source]}))

    def _queue(self, name: str) -> str:
        return str(self.cloud.client("sqs").create_queue(QueueName=name)["QueueUrl"])

    def arn(self, url: str) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"

    def put_rule(self, **params: Any) -> None:
        self.cloud.call("events", "PutRule", Name=self.name, **params)

    def target(self, arn: str, **more: Any) -> None:
        targets = [{"Id": "one", "Arn": arn, **more}]
        self.cloud.call("events", "PutTargets", Rule=self.name, Targets=targets)

    def admit(self, url: str, rule: str | None = None) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn(url),
            "Condition": {"ArnEquals": {"aws:SourceArn": rule or self.rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def emit(self, detail: dict[str, Any]) -> None:
        self.cloud.emit(self.source, "Something Happened", detail, ["arn:one"])
        self.cloud.clock.sleep(100_000)

    def received(self, url: str) -> list[dict[str, Any]]:
        """What is in the queue; and deleted, as a consumer does."""
        client = self.cloud.client("sqs")
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        messages = list(client.receive_message(**asked).get("Messages", []))
        for message in messages:
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def bodies(self, url: str) -> list[Any]:
        return [json.loads(message["Body"]) for message in self.received(url)]


@pytest.fixture
def place(cloud: Cloud) -> Place:
    return Place(cloud)


def answer(cloud: Cloud, name: str, respond: Callable[[Call], Answer]) -> list[Call]:
    """Let an operation answer so; the list fills with the calls made."""
    calls: list[Call] = []

    def operation(call: Call, proceed: Proceed) -> Answer:
        calls.append(call)
        return respond(call)

    cloud.install({name: operation})
    return calls


def test_a_queue_gets_the_event(place: Place) -> None:
    place.target(place.arn(place.queue))
    place.admit(place.queue)
    before = place.cloud.clock.now()
    place.emit({"subnetId": "subnet-1"})
    [event] = place.bodies(place.queue)
    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Something Happened",
        "source": place.source,
        "account": ACCOUNT,
        "time": before.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": ["arn:one"],
        "detail": {"subnetId": "subnet-1"},
    }


def test_only_rules_that_match_and_are_enabled(place: Place) -> None:
    place.target(place.arn(place.queue))
    place.admit(place.queue)
    place.put_rule(
        EventPattern=json.dumps({"source": [place.source], "detail": {"errorCode": [{"exists": False}]}})
    )
    place.emit({"errorCode": "Client.Failed"})
    assert place.bodies(place.queue) == []
    place.emit({"ok": True})
    assert len(place.bodies(place.queue)) == 1
    place.put_rule(EventPattern=json.dumps({"source": [place.source]}), State="DISABLED")
    place.emit({"ok": True})
    assert place.bodies(place.queue) == []


@pytest.mark.parametrize("policy", ["none", "another rule's"])
def test_without_the_queue_s_permission_it_goes_to_the_dead_letter_queue_at_once(
    place: Place, policy: str
) -> None:
    place.target(place.arn(place.queue), DeadLetterConfig={"Arn": place.arn(place.dead)})
    place.admit(place.dead)
    if policy != "none":
        place.admit(place.queue, f"{place.rule}-other")
    place.emit({"n": 1})
    assert place.received(place.queue) == []
    [message] = place.received(place.dead)
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes.pop("ERROR_MESSAGE").startswith("User: events.amazonaws.com is not authorized")
    assert attributes == {
        "RULE_ARN": place.rule,
        "TARGET_ARN": place.arn(place.queue),
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }


def test_a_queue_that_is_gone_is_no_resource(place: Place) -> None:
    place.target(f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone", DeadLetterConfig={"Arn": place.arn(place.dead)})
    place.admit(place.dead)
    place.emit({})
    [message] = place.received(place.dead)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_the_dead_letter_queue_needs_a_policy_too(place: Place) -> None:
    place.target(place.arn(place.queue), DeadLetterConfig={"Arn": place.arn(place.dead)})
    place.emit({"n": 1})
    assert place.received(place.dead) == []


def test_a_function_is_invoked_asynchronously_if_it_lets_the_rule(place: Place) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        "Condition": {"ArnLike": {"AWS:SourceArn": place.rule}},
    }
    answer(place.cloud, "lambda.GetPolicy", lambda _: {"Policy": json.dumps({"Statement": [statement]})})
    invoked = answer(place.cloud, "lambda.Invoke", lambda _: {"StatusCode": 202})
    place.target(FUNCTION, InputPath="$.detail")
    place.emit({"n": 1})
    [call] = invoked
    assert (call.params["InvocationType"], json.loads(call.params["Payload"])) == ("Event", {"n": 1})
    assert call.caller.service == "events.amazonaws.com"
    statement["Condition"] = {"ArnLike": {"AWS:SourceArn": f"{place.rule}-other"}}
    place.emit({"n": 2})
    assert len(invoked) == 1


def test_a_function_without_permissions_is_not_invoked(place: Place) -> None:
    def missing(call: Call) -> Answer:
        raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)

    answer(place.cloud, "lambda.GetPolicy", missing)
    invoked = answer(place.cloud, "lambda.Invoke", lambda _: {"StatusCode": 202})
    place.target(FUNCTION)
    place.emit({})
    assert invoked == []


def test_a_state_machine_is_started_with_the_target_s_role(place: Place) -> None:
    started = answer(place.cloud, "stepfunctions.StartExecution", lambda _: {})
    client, name = place.cloud.client("iam"), f"start-{next(_numbers)}"
    role = client.create_role(RoleName=name, AssumeRolePolicyDocument='{"Statement": []}')["Role"]["Arn"]
    place.target(
        MACHINE, RoleArn=role, Input='{"constant":1}', DeadLetterConfig={"Arn": place.arn(place.dead)}
    )
    place.admit(place.dead)
    place.emit({})
    assert started == []
    [message] = place.received(place.dead)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    statement = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": MACHINE}
    client.put_role_policy(
        RoleName=name,
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    place.emit({})
    [call] = started
    assert (call.params["input"], call.caller.role_arn) == ('{"constant":1}', role)


@pytest.mark.parametrize(
    ("policy", "tries", "exhausted"),
    [
        ({"MaximumRetryAttempts": 2}, 3, "MaximumRetryAttempts"),
        ({"MaximumEventAgeInSeconds": 60}, 6, "MaximumEventAgeInSeconds"),
        ({}, None, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_failing_target_is_retried(
    place: Place, policy: dict[str, int], tries: int | None, exhausted: str
) -> None:
    def broken(call: Call) -> Answer:
        raise AwsError("ServiceException", "broken", 500)

    started = answer(place.cloud, "lambda.GetPolicy", broken)
    place.target(FUNCTION, RetryPolicy=policy, DeadLetterConfig={"Arn": place.arn(place.dead)})
    place.admit(place.dead)
    place.emit({})
    [message] = place.received(place.dead)
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == exhausted
    assert attributes["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert attributes["RETRY_ATTEMPTS"] == str(len(started) - 1)
    assert tries is None or len(started) == tries


def test_put_events_delivers(place: Place) -> None:
    place.target(place.arn(place.queue))
    place.admit(place.queue)
    good = {"Source": place.source, "DetailType": "Mine", "Detail": '{"n":1}'}
    result = place.cloud.client("events").put_events(
        Entries=[good, good | {"Detail": "{"}, good | {"Source": "aws.ec2"}, {"Source": "x", "Detail": "{}"}]
    )
    place.cloud.clock.sleep(60)
    assert result["FailedEntryCount"] == 3
    codes = [entry.get("ErrorCode") for entry in result["Entries"]]
    assert codes == [None, "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument"]
    [event] = place.bodies(place.queue)
    assert (event["detail"], event["id"]) == ({"n": 1}, result["Entries"][0]["EventId"])


@pytest.mark.parametrize(
    "pattern",
    [
        {"detail": {"n": [{"equals": 1}]}},
        {"detail": {"$or": [{"n": [{"sounds-like": "x"}]}]}},
        {"source": [{"anything-but": {"sounds-like": "x"}}]},
        {"source": [{"prefix": "a", "suffix": "b"}]},
    ],
)
def test_a_pattern_that_could_not_be_matched_is_refused(place: Place, pattern: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="does not model"):
        place.cloud.client("events").put_rule(Name="odd", EventPattern=json.dumps(pattern))


@pytest.mark.parametrize(
    "params",
    [
        {"ScheduleExpression": "rate(1 hour)"},
        {"EventPattern": "{}", "EventBusName": "other"},
        {"EventPattern": "{}", "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"},
    ],
)
def test_other_kinds_of_rules_are_refused(place: Place, params: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="does not model"):
        place.cloud.client("events").put_rule(Name="odd", **params)


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/x"},
        {"Arn": FUNCTION, "InputTransformer": {"InputTemplate": '"x"'}},
        {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x.fifo", "SqsParameters": {"MessageGroupId": "1"}},
    ],
)
def test_other_targets_are_refused_when_they_are_put(place: Place, target: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="does not model"):
        place.cloud.client("events").put_targets(Rule=place.name, Targets=[{"Id": "x", **target}])
