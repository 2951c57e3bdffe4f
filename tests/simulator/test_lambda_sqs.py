"""Event source mappings: a queue, a real process, and virtual time."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.awslambda.sqs_batch import events, failed_messages
from simulator.call import Answer, AwsError, Call, Proceed
from simulator.cloud import Cloud
from tests.simulator.lambda_cloud import ROLE, create, lambda_cloud, log_lines

# Fails every message whose body is "bad"; prints each batch.
PICKY = """
import json
def handler(event, context):
    print(json.dumps([record["body"] for record in event["Records"]]))
    bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in bad]}
"""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        yield cloud


class Queues:
    """A queue that lets go after two receives, and where its messages go then."""

    def __init__(self, cloud: Cloud, **attributes: str) -> None:
        self.client = cloud.client("sqs")
        self.dead_url = self.client.create_queue(QueueName="dead")["QueueUrl"]
        redrive = {"deadLetterTargetArn": "arn:aws:sqs:us-west-2:123456789012:dead", "maxReceiveCount": 2}
        # A queue's own long polling must not make the poller wait in real time.
        given = {
            "VisibilityTimeout": "40",
            "RedrivePolicy": json.dumps(redrive),
            "ReceiveMessageWaitTimeSeconds": "20",
        }
        self.url = self.client.create_queue(QueueName="work", Attributes={**given, **attributes})["QueueUrl"]
        self.arn = "arn:aws:sqs:us-west-2:123456789012:work"

    def send(self, *bodies: str, **params: Any) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body, **params)

    def dead(self) -> list[str]:
        found = self.client.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        return sorted(message["Body"] for message in found.get("Messages", []))

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(count) for count in found["Attributes"].values())


def batches(cloud: Cloud) -> list[list[str]]:
    return [
        sorted(json.loads(line))
        for line in log_lines(cloud, "/aws/lambda/f")
        if line.startswith(("[]", '["'))
    ]


def settle(cloud: Cloud) -> None:
    """Until nothing is due any more."""
    while not cloud.clock.idle():
        cloud.clock.sleep(10)


def test_partial_failure_ends_in_the_dead_letter_queue(cloud: Cloud) -> None:
    create(cloud, PICKY)
    queues = Queues(cloud)
    client = cloud.client("lambda")
    made = client.create_event_source_mapping(
        EventSourceArn=queues.arn,
        FunctionName="f",
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    assert made["State"] == "Creating"
    settle(cloud)
    assert client.get_event_source_mapping(UUID=made["UUID"])["State"] == "Enabled"
    started = cloud.clock.time()

    cloud.clock.hold()
    queues.send("good", "bad", "fine")
    cloud.clock.release()
    settle(cloud)

    assert batches(cloud) == [["bad", "fine", "good"], ["bad"]]
    assert queues.dead() == ["bad"]
    assert queues.left() == 0
    assert 80 < cloud.clock.time() - started < 110  # two visibility timeouts, and what settle oversleeps


def test_messages_that_wait_already_and_delayed_ones_are_found(cloud: Cloud) -> None:
    create(cloud, PICKY)
    queues = Queues(cloud)
    queues.send("early")
    cloud.client("lambda").create_event_source_mapping(EventSourceArn=queues.arn, FunctionName="f")
    settle(cloud)
    queues.send("later", DelaySeconds=300)
    before = cloud.clock.time()
    settle(cloud)

    assert batches(cloud) == [["early"], ["later"]]
    assert cloud.clock.time() - before > 300
    assert queues.left() == 0


def test_exception_fails_the_whole_batch(cloud: Cloud) -> None:
    create(cloud, "def handler(event, context):\n    print('[]')\n    raise ValueError('no')")
    queues = Queues(cloud)
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=queues.arn, FunctionName="f", FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    settle(cloud)
    cloud.clock.hold()
    queues.send("one", "two")
    cloud.clock.release()
    settle(cloud)

    assert queues.dead() == ["one", "two"]
    assert batches(cloud) == [[], []]


def test_answers_count_only_when_the_mapping_says_so(cloud: Cloud) -> None:
    create(cloud, PICKY)
    queues = Queues(cloud)
    cloud.client("lambda").create_event_source_mapping(EventSourceArn=queues.arn, FunctionName="f")
    settle(cloud)
    queues.send("bad")
    settle(cloud)

    assert batches(cloud) == [["bad"]]
    assert queues.dead() == []
    assert queues.left() == 0


def test_batching_window_fills_a_batch(cloud: Cloud) -> None:
    create(cloud, PICKY)
    queues = Queues(cloud)
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=queues.arn, FunctionName="f", BatchSize=3, MaximumBatchingWindowInSeconds=30
    )
    settle(cloud)
    sent_at = cloud.clock.time()
    for pause, body in ((0, "a"), (10, "b"), (40, "c")):
        cloud.clock.call_later(pause, lambda body=body: queues.send(body))  # type: ignore[misc]
    settle(cloud)

    assert batches(cloud) == [["a", "b"], ["c"]]
    assert cloud.clock.time() - sent_at >= 70


def test_disabled_mapping_leaves_messages_until_enabled_and_deletion_stops_it(cloud: Cloud) -> None:
    create(cloud, PICKY)
    queues = Queues(cloud)
    client = cloud.client("lambda")
    uuid = client.create_event_source_mapping(EventSourceArn=queues.arn, FunctionName="f", Enabled=False)[
        "UUID"
    ]
    settle(cloud)
    queues.send("one")
    settle(cloud)
    assert client.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    assert queues.left() == 1

    client.update_event_source_mapping(UUID=uuid, Enabled=True)
    settle(cloud)
    assert queues.left() == 0

    client.delete_event_source_mapping(UUID=uuid)
    queues.send("two")
    settle(cloud)
    assert queues.left() == 1
    assert client.list_event_source_mappings(FunctionName="f")["EventSourceMappings"] == []


def test_role_that_may_not_receive_processes_nothing_and_says_so(cloud: Cloud) -> None:
    create(cloud, PICKY)
    queues = Queues(cloud)
    allowed = False
    asked = []

    def as_role(call: Call, proceed: Proceed) -> Answer:
        asked.append((call.caller.role_arn, call.caller.service))
        if not allowed:
            raise AwsError("AccessDenied", "User is not authorized to perform: sqs:ReceiveMessage", 403)
        return proceed(call)

    cloud.install({"sqs.ReceiveMessage": as_role})
    cloud.client("lambda").create_event_source_mapping(EventSourceArn=queues.arn, FunctionName="f")
    queues.send("one")
    settle(cloud)
    assert set(asked) == {(ROLE, "lambda.amazonaws.com")}
    assert queues.left() == 1

    allowed = True
    cloud.clock.sleep(61)
    settle(cloud)
    assert batches(cloud) == [["one"]]


def test_expired_message_is_gone_and_hides_none(cloud: Cloud) -> None:
    create(cloud, PICKY)
    queues = Queues(cloud, MessageRetentionPeriod="60")
    queues.send("old")
    cloud.clock.sleep(61)
    queues.send("new")
    cloud.client("lambda").create_event_source_mapping(EventSourceArn=queues.arn, FunctionName="f")
    settle(cloud)

    assert batches(cloud) == [["new"]]
    assert queues.left() == 0


def test_event_has_the_documented_shape(cloud: Cloud) -> None:
    create(cloud, "import json\ndef handler(event, context): print('[' + json.dumps(event) + ']')")
    queues = Queues(cloud)
    cloud.client("lambda").create_event_source_mapping(EventSourceArn=queues.arn, FunctionName="f")
    settle(cloud)
    queues.send("body", MessageAttributes={"kind": {"DataType": "String", "StringValue": "s"}})
    settle(cloud)

    printed = next(line for line in log_lines(cloud, "/aws/lambda/f") if line.startswith("["))
    (record,) = json.loads(printed)[0]["Records"]
    assert record["body"] == "body"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == queues.arn
    assert record["awsRegion"] == "us-west-2"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= set(record["attributes"])
    assert record["messageAttributes"]["kind"]["stringValue"] == "s"
    assert {"messageId", "receiptHandle", "md5OfBody"} <= set(record)


def test_refused_mappings(cloud: Cloud) -> None:
    create(cloud, PICKY, Timeout=41)
    queues = Queues(cloud)
    client = cloud.client("lambda")

    def refusal(**params: Any) -> str:
        with pytest.raises(ClientError) as refused:
            client.create_event_source_mapping(
                **{"EventSourceArn": queues.arn, "FunctionName": "f", **params}
            )
        return str(refused.value.response["Error"]["Message"])

    assert refusal() == "Queue visibility timeout: 40 seconds is less than Function timeout: 41 seconds"
    assert "does not exist" in refusal(EventSourceArn=queues.arn + "2")
    assert "fifo" in refusal(EventSourceArn=queues.arn + ".fifo")
    assert "FilterCriteria" in refusal(FilterCriteria={"Filters": []})
    client.update_function_configuration(FunctionName="f", Timeout=30)
    assert refusal(BatchSize=11).startswith("Maximum batch window in seconds must be greater than 0")
    client.create_event_source_mapping(EventSourceArn=queues.arn, FunctionName="f")
    assert "already exists" in refusal()


@pytest.mark.parametrize(
    ("payload", "failed"),
    [
        (b"", set()),
        (b"null", set()),
        (b"{}", set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "a"}]}', {"a"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "c"}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"messageId": "a"}]}', {"a", "b"}),
        (b'{"batchItemFailures": ["a"]}', {"a", "b"}),
        (b'{"batchItemFailures": "a"}', {"a", "b"}),
        (b"not json", {"a", "b"}),
    ],
)
def test_what_a_response_says(payload: bytes, failed: set[str]) -> None:
    assert failed_messages(payload, {"a", "b"}) == failed


def test_batches_fit_into_an_invocation() -> None:
    records = [{"body": "x" * 1_000_000, "messageId": str(number)} for number in range(20)]

    made = list(events(records))

    assert [record for batch, _ in made for record in batch] == records
    assert len(made) == 4
    assert all(len(event) <= 6_291_456 for _, event in made)
