"""Executions tell EventBridge when they begin and how they end, as Step Functions does."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator import stepfunctions, trail
from simulator.cloud import Cloud

ROLE = "arn:aws:iam::123456789012:role/machine"
START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
RULE = "arn:aws:events:us-west-2:123456789012:rule/all"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud(seed=3, start=START)
    made.install(trail.operations(made))
    made.install(stepfunctions.operations(made))
    sqs = made.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    queue = "arn:aws:sqs:us-west-2:123456789012:events"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": RULE}},
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [statement]})})
    made.client("events").put_rule(Name="all", EventPattern='{"source": ["aws.states"]}')
    made.client("events").put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": queue}])
    yield made
    sqs.delete_queue(QueueUrl=url)


def start(cloud: Cloud, state: dict[str, Any], given: str = "{}", **machine: Any) -> str:
    definition = {"StartAt": "Only", "States": {"Only": state}, **machine}
    client = cloud.client("stepfunctions")
    arn = client.create_state_machine(name="m", definition=json.dumps(definition), roleArn=ROLE)
    execution: str = client.start_execution(stateMachineArn=arn["stateMachineArn"], name="run", input=given)[
        "executionArn"
    ]
    return execution


def events(cloud: Cloud) -> list[dict[str, Any]]:
    """All that have come, by their statuses' order in a run."""
    cloud.clock.sleep(3600)
    deadline = time.monotonic() + 10
    found: list[dict[str, Any]] = []
    url = cloud.client("sqs").get_queue_url(QueueName="events")["QueueUrl"]
    while len(found) < 2 and time.monotonic() < deadline:
        for message in (
            cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        ):
            found.append(json.loads(message["Body"]))
    return sorted(found, key=lambda event: event["detail"]["status"] != "RUNNING")


def test_the_two_events_of_a_failed_execution(cloud: Cloud) -> None:
    arn = start(cloud, {"Type": "Fail", "Error": "NoRoom", "Cause": "It is full."}, given='{"a": 1}')
    begun, ended = events(cloud)
    detail = ended.pop("detail")
    assert (ended.pop("id"), ended.pop("time")) != (begun["id"], None)
    assert ended == {
        "version": "0",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": "123456789012",
        "region": "us-west-2",
        "resources": [arn],
    }
    milliseconds = int(START.timestamp() * 1000)
    assert detail == {
        "executionArn": arn,
        "stateMachineArn": "arn:aws:states:us-west-2:123456789012:stateMachine:m",
        "name": "run",
        "status": "FAILED",
        "startDate": milliseconds,
        "stopDate": milliseconds,
        "input": '{"a": 1}',
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "REDRIVABLE",
        "redriveStatusReason": None,
        "error": "NoRoom",
        "cause": "It is full.",
    }
    assert begun["detail"] == detail | {
        "status": "RUNNING",
        "stopDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
        "error": None,
        "cause": None,
    }


def test_a_green_one_has_its_output(cloud: Cloud) -> None:
    start(cloud, {"Type": "Pass", "Result": {"b": 2}, "End": True})
    detail = events(cloud)[1]["detail"]
    assert (detail["status"], json.loads(detail["output"])) == ("SUCCEEDED", {"b": 2})
    assert detail["outputDetails"] == {"included": True}


def test_one_out_of_time_has_neither_error_nor_cause(cloud: Cloud) -> None:
    start(cloud, {"Type": "Wait", "Seconds": 600, "End": True}, TimeoutSeconds=100)
    detail = events(cloud)[1]["detail"]
    assert (detail["status"], detail["error"], detail["cause"]) == ("TIMED_OUT", None, None)
    assert detail["stopDate"] - detail["startDate"] == 100_000


def test_a_stopped_one_has_what_stop_execution_was_told(cloud: Cloud) -> None:
    cloud.clock.hold()
    arn = start(cloud, {"Type": "Wait", "Seconds": 600, "End": True})
    client = cloud.client("stepfunctions")
    while not client.get_execution_history(executionArn=arn)["events"]:
        time.sleep(0.01)
    client.stop_execution(executionArn=arn, error="Stopped", cause="by hand")
    cloud.clock.release()
    detail = events(cloud)[1]["detail"]
    assert (detail["status"], detail["error"], detail["cause"]) == ("ABORTED", "Stopped", "by hand")


def test_an_input_that_is_too_long_is_left_out(cloud: Cloud) -> None:
    start(cloud, {"Type": "Fail"}, given=json.dumps({"a": "x" * 254_000}))
    detail = events(cloud)[1]["detail"]
    assert (detail["input"], detail["inputDetails"]) == (None, {"included": False})
