"""EventBridge Scheduler in virtual time: when it fires, as whom, and what becomes of a failure."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import iam, scheduler
from simulator.call import AwsError, NotModelled
from simulator.cloud import Cloud
from simulator.scheduler.expression import parsed
from tests.simulator.lambda_cloud import create, lambda_cloud

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:f"
ROLE = "arn:aws:iam::123456789012:role/schedule"
QUEUE = "arn:aws:sqs:us-west-2:123456789012:dead"
INPUT = {"time": "<aws.scheduler.scheduled-time>", "attempt": "<aws.scheduler.attempt-number>"}
# The handler tells what it was given by failing with it: no logs are needed, the queue of the dead shows all.
ECHO = "import json\ndef handler(event, context): raise ValueError(json.dumps(event))"
FINE = "def handler(event, context): return 1"


def _trust(**condition: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    more = {"Condition": condition} if condition else {}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        cloud.install(iam.operations(cloud))
        cloud.wrap(iam.layer(cloud))
        cloud.install(scheduler.operations(cloud))
        cloud.wrap(cloud.audit.layer())
        cloud.client("sqs").create_queue(QueueName="dead")
        group = "arn:aws:scheduler:us-west-2:123456789012:schedule-group/default"
        cloud.client("iam").create_role(
            RoleName="schedule",
            AssumeRolePolicyDocument=_trust(ArnEquals={"aws:SourceArn": group}),
        )
        allow(cloud, "lambda:InvokeFunction", "sqs:SendMessage")
        yield cloud


def allow(cloud: Cloud, *actions: str) -> None:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.client("iam").put_role_policy(
        RoleName="schedule", PolicyName="all", PolicyDocument=json.dumps(document)
    )


def schedule(
    cloud: Cloud, expression: str = "rate(15 minutes)", target: dict[str, Any] | None = None, **more: Any
) -> None:
    cloud.client("scheduler").create_schedule(
        Name="sweep",
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": FUNCTION,
            "RoleArn": ROLE,
            "Input": json.dumps(INPUT),
            "DeadLetterConfig": {"Arn": QUEUE},
            **(target or {}),
        },
        **more,
    )


def firings(cloud: Cloud) -> list[str]:
    return [entry.error or "" for entry in cloud.audit.entries if entry.name == "lambda.Invoke"]


def dead(cloud: Cloud) -> list[Any]:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return list(found.get("Messages", []))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(15 minutes)", ["09:00", "09:15", "09:30"]),
        ("rate(1 hour)", ["09:00", "10:00", "11:00"]),
        ("cron(0/20 10 ? * MON *)", ["10:00", "10:20", "10:40"]),
        ("cron(5,10 9-11/2 23 NOV ? 2026)", ["09:05", "09:10", "11:05"]),
    ],
)
def test_when_an_expression_fires(expression: str, expected: list[str]) -> None:
    time, times = None, []
    for _ in expected:
        time = parsed(expression).after(START, time)
        assert time is not None
        times.append(time.strftime("%H:%M"))
    assert times == expected


def test_a_year_that_is_over_never_comes() -> None:
    assert parsed("cron(0 9 1 1 ? 2020)").after(START, None) is None


@pytest.mark.parametrize(
    "expression",
    ["rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "cron(* * * * * *)", "cron(61 * * * ? *)", "x"],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(AwsError, match="Invalid Schedule Expression"):
        parsed(expression)


@pytest.mark.parametrize("expression", ["at(2026-11-23T10:00:00)", "cron(0 9 L * ? *)"])
def test_what_is_not_modelled_is_said(expression: str) -> None:
    with pytest.raises(NotModelled):
        parsed(expression)


def test_it_fires_while_time_passes_and_never_makes_it_pass(cloud: Cloud) -> None:
    create(cloud, FINE, Timeout=10)
    schedule(cloud)
    cloud.clock.sleep(5)  # a rate begins at once
    assert firings(cloud) == [""]
    before = cloud.clock.time()
    assert cloud.clock.idle()
    assert cloud.clock.time() == before

    cloud.clock.sleep(1800)
    assert len(firings(cloud)) == 3
    cloud.client("scheduler").delete_schedule(Name="sweep")
    cloud.clock.sleep(3600)
    assert len(firings(cloud)) == 3


def test_a_function_that_always_fails_is_tried_three_times_and_does_not_hold_the_clock(cloud: Cloud) -> None:
    url = cloud.client("sqs").create_queue(QueueName="lost")["QueueUrl"]
    cloud.client("iam").put_role_policy(
        RoleName="function",
        PolicyName="dead",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}],
            }
        ),
    )
    create(cloud, ECHO, Timeout=10, DeadLetterConfig={"TargetArn": QUEUE.replace("dead", "lost")})
    schedule(cloud, "rate(1 minute)")
    cloud.clock.sleep(5)
    assert cloud.clock.idle()  # its second attempt is yet to come

    cloud.clock.sleep(190)
    (message, *_) = cloud.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert json.loads(message["Body"]) == {"time": "2026-11-23T09:00:00Z", "attempt": "1"}
    told = message["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert json.loads(told)["time"] == "2026-11-23T09:00:00Z"


def test_a_disabled_schedule_waits_and_an_enabled_one_keeps_its_times(cloud: Cloud) -> None:
    create(cloud, FINE, Timeout=10)
    schedule(cloud, State="DISABLED")
    cloud.clock.sleep(1000)
    assert firings(cloud) == []

    read = cloud.client("scheduler").get_schedule(Name="sweep")
    assert read["State"] == "DISABLED"
    cloud.client("scheduler").update_schedule(
        **{key: read[key] for key in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    )
    cloud.clock.sleep(700)
    assert firings(cloud) == []
    cloud.clock.sleep(200)
    assert firings(cloud) == [""]


def test_a_refused_invocation_goes_to_the_queue_at_once(cloud: Cloud) -> None:
    create(cloud, FINE)
    allow(cloud, "sqs:SendMessage")
    schedule(cloud)
    cloud.clock.sleep(1)

    (message,) = dead(cloud)
    assert json.loads(message["Body"])["time"] == "2026-11-23T09:00:00Z"
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "AccessDeniedException"
    assert (told["RETRY_ATTEMPTS"], told["TARGET_ARN"]) == ("0", FUNCTION)


def test_throttling_is_tried_again_as_often_as_the_policy_says(cloud: Cloud) -> None:
    create(cloud, FINE)

    def throttled(*_: Any) -> Any:
        raise AwsError("TooManyRequestsException", "Rate exceeded", 429)

    cloud.install({"lambda.Invoke": throttled})
    schedule(cloud, "rate(1 hour)", {"RetryPolicy": {"MaximumRetryAttempts": 3}})
    cloud.clock.sleep(60)

    assert len(firings(cloud)) == 4
    (message,) = dead(cloud)
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (told["RETRY_ATTEMPTS"], told["EXHAUSTED_RETRY_CONDITION"]) == ("3", "MaximumRetryAttempts")
    assert json.loads(message["Body"])["attempt"] == "4"


def test_a_role_that_does_not_trust_scheduler_is_refused(cloud: Cloud) -> None:
    create(cloud, FINE)
    elsewhere = _trust(
        ArnEquals={"aws:SourceArn": "arn:aws:scheduler:us-west-2:123456789012:schedule/default/sweep"}
    )
    cloud.client("iam").update_assume_role_policy(RoleName="schedule", PolicyDocument=elsewhere)
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        schedule(cloud)


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ({"Arn": QUEUE}, {}),
        ({"Input": "{"}, {}),
        ({}, {"ScheduleExpressionTimezone": "Europe/Berlin"}),
        ({}, {"GroupName": "other"}),
    ],
)
def test_settings_that_cannot_be_followed_are_refused(
    cloud: Cloud, target: dict[str, Any], more: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match=r"NotModelled|Invalid RequestJson"):
        schedule(cloud, "rate(1 hour)", target, **more)
