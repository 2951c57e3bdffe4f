"""A dead-letter queue's messages go back to where they came from, or where they are sent, as SQS moves them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import iam, sqs
from simulator.call import Caller
from simulator.cloud import Cloud
from tests.simulator.virtual_time import let_pass

ARN = "arn:aws:sqs:us-west-2:123456789012:"


class Queues:
    """``work`` gives a message up after one receipt, ``dead`` keeps it, ``other`` is anybody's. Time stands still."""

    def __init__(self) -> None:
        self.cloud = Cloud(seed=7)
        self.cloud.wrap(iam.layer(self.cloud))
        self.cloud.install(iam.operations(self.cloud))
        self.cloud.install(sqs.operations(self.cloud))
        self.client = self.cloud.client("sqs")
        self.urls = {name: self.client.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "other")}
        policy = json.dumps({"deadLetterTargetArn": f"{ARN}dead", "maxReceiveCount": 1})
        attributes = {"RedrivePolicy": policy, "VisibilityTimeout": "30"}
        self.urls["work"] = self.client.create_queue(QueueName="work", Attributes=attributes)["QueueUrl"]
        self.cloud.clock.hold()

    def receive(self, queue: str, **params: Any) -> list[dict[str, Any]]:
        asked = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 0, **params}
        found: list[dict[str, Any]] = self.client.receive_message(QueueUrl=self.urls[queue], **asked).get(
            "Messages", []
        )
        return found

    def bodies(self, queue: str) -> list[str]:
        return sorted(message["Body"] for message in self.receive(queue))

    def kill(self, *bodies: str, **params: Any) -> list[str]:
        """Let messages end in the dead-letter queue by the redrive policy; their ids."""
        sent = [
            self.client.send_message(QueueUrl=self.urls["work"], MessageBody=body, **params)["MessageId"]
            for body in bodies
        ]
        assert len(self.receive("work")) == len(bodies)
        let_pass(self.cloud, 31)
        assert self.receive("work") == []
        return sent

    def move(self, **params: Any) -> str:
        handle: str = self.client.start_message_move_task(SourceArn=f"{ARN}dead", **params)["TaskHandle"]
        return handle

    def tasks(self, count: int = 1) -> list[dict[str, Any]]:
        listed = self.client.list_message_move_tasks(SourceArn=f"{ARN}dead", MaxResults=count)
        found: list[dict[str, Any]] = listed["Results"]
        return found

    def task(self) -> dict[str, Any]:
        (latest,) = self.client.list_message_move_tasks(SourceArn=f"{ARN}dead")["Results"]
        return dict(latest)


@pytest.fixture
def queues() -> Iterator[Queues]:
    made = Queues()
    yield made
    for url in made.urls.values():
        made.client.delete_queue(QueueUrl=url)


def test_messages_go_back_to_their_source_as_new_ones_with_what_they_carried(queues: Queues) -> None:
    attribute = {"kind": {"DataType": "String", "StringValue": "s"}}
    old = queues.kill("one", "two", MessageAttributes=attribute)
    handle = queues.move()
    running = queues.task()
    assert (running["Status"], running["TaskHandle"]) == ("RUNNING", handle)
    assert "DestinationArn" not in running
    assert queues.receive("work") == []
    let_pass(queues.cloud, 60)
    done = queues.task()
    assert (done["Status"], done["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)
    assert done["ApproximateNumberOfMessagesToMove"] == 2
    assert "TaskHandle" not in done
    assert queues.receive("dead") == []
    back = queues.receive("work", MessageAttributeNames=["All"], AttributeNames=["All"])
    assert sorted(message["Body"] for message in back) == ["one", "two"]
    assert not {message["MessageId"] for message in back} & set(old)
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in back} == {"1"}
    assert all(message["MessageAttributes"] == attribute for message in back)


def test_a_message_sent_to_the_dead_letter_queue_itself_goes_only_where_it_is_told_to(queues: Queues) -> None:
    """As EventBridge sends what it could not deliver."""
    queues.client.send_message(QueueUrl=queues.urls["dead"], MessageBody="undelivered")
    queues.move()
    let_pass(queues.cloud, 60)
    failed = queues.task()
    assert (failed["Status"], failed["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    queues.move(DestinationArn=f"{ARN}other")
    let_pass(queues.cloud, 60)
    assert [task["Status"] for task in queues.tasks(10)] == ["COMPLETED", "FAILED"]
    assert queues.task()["DestinationArn"] == f"{ARN}other"
    assert (queues.bodies("other"), queues.bodies("dead")) == (["undelivered"], [])


def test_the_rate_is_kept_and_one_task_runs_at_a_time(queues: Queues) -> None:
    queues.kill(*"abcdefgh")
    handle = queues.move(MaxNumberOfMessagesPerSecond=1)
    with pytest.raises(ClientError, match="already a task running"):
        queues.move()
    let_pass(queues.cloud, 12)
    halfway = queues.task()
    assert (halfway["Status"], halfway["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", 1)
    assert 4 <= halfway["ApproximateNumberOfMessagesMoved"] < 8
    stopped = queues.client.cancel_message_move_task(TaskHandle=handle)
    assert stopped["ApproximateNumberOfMessagesMoved"] == halfway["ApproximateNumberOfMessagesMoved"]
    assert queues.task()["Status"] == "CANCELLING"
    let_pass(queues.cloud, 60)
    assert queues.task()["Status"] == "CANCELLED"
    with pytest.raises(ClientError, match="RUNNING"):
        queues.client.cancel_message_move_task(TaskHandle=handle)
    assert len(queues.bodies("work")) == halfway["ApproximateNumberOfMessagesMoved"]


def test_what_arrives_during_a_task_stays_for_the_next(queues: Queues) -> None:
    """Or a task whose messages fail again at once would never end."""
    for number in range(20):
        queues.client.send_message(QueueUrl=queues.urls["dead"], MessageBody=str(number))
    queues.move(DestinationArn=f"{ARN}other", MaxNumberOfMessagesPerSecond=1)
    let_pass(queues.cloud, 12)
    assert queues.task()["Status"] == "RUNNING"
    queues.client.send_message(QueueUrl=queues.urls["dead"], MessageBody="late")
    let_pass(queues.cloud, 60)
    done = queues.task()
    assert (done["Status"], done["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 20)
    assert queues.bodies("dead") == ["late"]


@pytest.mark.parametrize(
    ("params", "code", "told"),
    [
        ({"SourceArn": f"{ARN}other"}, "InvalidParameterValue", "must be configured as a Dead Letter Queue"),
        ({"SourceArn": f"{ARN}absent"}, "ResourceNotFoundException", "SourceArn parameter doesn't exist"),
        ({"DestinationArn": f"{ARN}absent"}, "ResourceNotFoundException", "DestinationArn parameter doesn't"),
        ({"MaxNumberOfMessagesPerSecond": 501}, "InvalidParameterValue", "501"),
        ({"DestinationArn": f"{ARN}work.fifo"}, "NotModelledBySimulator", "FIFO"),
    ],
)
def test_what_sqs_refuses(queues: Queues, params: dict[str, Any], code: str, told: str) -> None:
    with pytest.raises(ClientError, match=told) as refused:
        queues.client.start_message_move_task(**{"SourceArn": f"{ARN}dead", **params})
    assert refused.value.response["Error"]["Code"] == code
    assert queues.client.list_message_move_tasks(SourceArn=f"{ARN}dead").get("Results", []) == []


def test_a_role_needs_more_than_to_start_it(queues: Queues) -> None:
    """SQS guide, "Troubleshoot ... redrive issues": to receive and delete there, and to send where they go."""
    client = queues.cloud.client("iam")
    role = client.create_role(RoleName="operator", AssumeRolePolicyDocument='{"Statement": []}')["Role"][
        "Arn"
    ]
    operator = Caller(arn="arn:aws:sts::123456789012:assumed-role/operator/one", role_arn=role)
    as_operator = queues.cloud.client("sqs", operator)

    def allow(*actions: str) -> None:
        statement = {"Effect": "Allow", "Action": [f"sqs:{action}" for action in actions], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        client.put_role_policy(RoleName="operator", PolicyName="p", PolicyDocument=document)

    queues.kill("one")
    with pytest.raises(ClientError, match="sqs:StartMessageMoveTask"):
        as_operator.start_message_move_task(SourceArn=f"{ARN}dead")
    allow("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    as_operator.start_message_move_task(SourceArn=f"{ARN}dead")
    let_pass(queues.cloud, 60)
    assert queues.task()["Status"] == "FAILED"
    assert "AccessDenied" in queues.task()["FailureReason"]
    allow("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage")
    as_operator.start_message_move_task(SourceArn=f"{ARN}dead")
    let_pass(queues.cloud, 60)
    assert queues.task()["Status"] == "COMPLETED"
    assert queues.bodies("work") == ["one"]


def test_who_may_use_a_dead_letter_queue_is_not_modelled(queues: Queues) -> None:
    for policy, refused in (("denyAll", True), ("allowAll", False)):
        attributes = {"RedriveAllowPolicy": json.dumps({"redrivePermission": policy})}
        if refused:
            with pytest.raises(ClientError, match="does not model the RedriveAllowPolicy"):
                queues.client.set_queue_attributes(QueueUrl=queues.urls["dead"], Attributes=attributes)
        else:
            queues.client.set_queue_attributes(QueueUrl=queues.urls["dead"], Attributes=attributes)
