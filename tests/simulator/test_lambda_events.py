"""Invoke by event: taken at once, run later, tried three times in all, then a dead letter."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import iam
from simulator.cloud import Cloud
from tests.simulator.lambda_cloud import create, lambda_cloud, log_lines

DEAD = "arn:aws:sqs:us-west-2:123456789012:dead"
BROKEN = (
    "class Sad(Exception): ...\ndef handler(event, context):\n    print('tried')\n    raise Sad('no luck')"
)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        cloud.wrap(iam.layer(cloud))
        cloud.install(iam.operations(cloud))
        url = cloud.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
        yield cloud
        cloud.client("sqs").delete_queue(QueueUrl=url)


def allow(cloud: Cloud, *actions: str) -> None:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    cloud.client("iam").put_role_policy(
        RoleName="function",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def send(cloud: Cloud, payload: str = '{"n": 1}') -> dict[str, Any]:
    answer: dict[str, Any] = cloud.client("lambda").invoke(
        FunctionName="f", InvocationType="Event", Payload=payload
    )
    return answer


def tries(cloud: Cloud) -> int:
    return log_lines(cloud, "/aws/lambda/f").count("tried")


def dead(cloud: Cloud) -> list[dict[str, Any]]:
    client = cloud.client("sqs")
    url = client.get_queue_url(QueueName="dead")["QueueUrl"]
    found: list[dict[str, Any]] = client.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get(
        "Messages", []
    )
    return found


LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")


def test_the_answer_says_no_more_than_that_it_was_taken(cloud: Cloud) -> None:
    allow(cloud, *LOGS)
    create(cloud, "def handler(event, context): print('tried', event['n'])")
    answer = send(cloud)
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    cloud.clock.sleep(600)
    assert log_lines(cloud, "/aws/lambda/f").count("tried 1") == 1


def test_a_function_that_fails_is_tried_after_one_and_after_two_more_minutes(cloud: Cloud) -> None:
    allow(cloud, *LOGS, "sqs:SendMessage")
    create(cloud, BROKEN, DeadLetterConfig={"TargetArn": DEAD})
    send(cloud)
    cloud.clock.sleep(600)
    found = cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/f")["events"]
    begun = [event["timestamp"] / 1000 for event in found if event["message"].startswith("START")]
    assert [round(later - begun[0], -1) for later in begun] == [0, 60, 180]
    (letter,) = dead(cloud)
    assert json.loads(letter["Body"]) == {"n": 1}
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes.pop("RequestID")
    assert attributes == {"ErrorCode": "200", "ErrorMessage": "no luck"}
    cloud.clock.sleep(3600)
    assert tries(cloud) == 3


def test_without_the_permission_the_dead_letter_is_lost(cloud: Cloud) -> None:
    allow(cloud, *LOGS)
    create(cloud, BROKEN, DeadLetterConfig={"TargetArn": DEAD})
    send(cloud)
    cloud.clock.sleep(600)
    assert tries(cloud) == 3
    assert dead(cloud) == []


def test_a_missing_function_and_an_event_too_large_are_refused_at_once(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        send(cloud)
    create(cloud, BROKEN)
    with pytest.raises(ClientError, match="RequestTooLargeException"):
        send(cloud, json.dumps("x" * 1_048_576))


def test_dead_letters_go_to_standard_queues_only(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="does not model"):
        create(cloud, BROKEN, DeadLetterConfig={"TargetArn": f"{DEAD}.fifo"})
