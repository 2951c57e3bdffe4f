"""Alarms ring in virtual time: by queues, by metrics in log lines, by functions' errors and by silence."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import cloudwatch, sns
from simulator.call import ADMINISTRATOR, AwsError, Call
from simulator.cloud import Cloud
from simulator.cloudwatch.embedded import Embedded, embedded
from simulator.cloudwatch.evaluation import is_alarm
from simulator.cloudwatch.metrics import metric
from tests.simulator.lambda_cloud import create, lambda_cloud
from tests.simulator.virtual_time import let_pass

INBOX = "arn:aws:sqs:us-west-2:123456789012:inbox"
ALARM = {
    "AlarmName": "stack-Alarm",
    "AlarmDescription": "do this",
    "Statistic": "Sum",
    "Period": 900,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
OWN = {"Namespace": "Own", "MetricName": "Outcome", "Dimensions": [{"Name": "outcome", "Value": "conflict"}]}


class Account:
    """A topic that lets in alarms whose name begins with ``stack-``, and a queue that it tells. Time stands still."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        cloud.install(sns.operations(cloud))
        cloud.install(cloudwatch.operations(cloud))
        self.sqs, self.cloudwatch = cloud.client("sqs"), cloud.client("cloudwatch")
        client = cloud.client("sns")
        self.topic = client.create_topic(Name="notices")["TopicArn"]
        alarms = {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-west-2:123456789012:alarm:stack-*"}}
        policy = _policy("cloudwatch.amazonaws.com", "sns:Publish", self.topic, alarms)
        client.set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=policy)
        open_door = _policy("sns.amazonaws.com", "sqs:SendMessage", INBOX, {})
        self.url = self.sqs.create_queue(QueueName="inbox", Attributes={"Policy": open_door})["QueueUrl"]
        client.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=INBOX)
        cloud.clock.hold()

    def alarm(self, **settings: Any) -> None:
        self.cloudwatch.put_metric_alarm(**{**ALARM, "AlarmActions": [self.topic], **settings})

    def state(self) -> str:
        (alarm,) = self.cloudwatch.describe_alarms()["MetricAlarms"]
        return str(alarm["StateValue"])

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                found.append((body["Subject"], json.loads(body["Message"])))
        return found


def _policy(service: str, action: str, resource: str, condition: dict[str, Any]) -> str:
    who = {"Effect": "Allow", "Principal": {"Service": service}}
    statement = {**who, "Action": action, "Resource": resource, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def account() -> Iterator[Account]:
    with lambda_cloud() as cloud:
        yield Account(cloud)


def test_a_message_in_a_queue_rings_once_and_is_over_when_it_is_gone(account: Account) -> None:
    dead = account.sqs.create_queue(QueueName="dead")["QueueUrl"]
    visible = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}
    queue = [{"Name": "QueueName", "Value": "dead"}]
    account.alarm(**visible, Dimensions=queue, Statistic="Maximum", Period=60)
    assert account.state() == "INSUFFICIENT_DATA"
    let_pass(account.cloud, 61)
    assert (account.state(), account.told()) == ("OK", [])
    account.sqs.send_message(QueueUrl=dead, MessageBody="poison")
    let_pass(account.cloud, 300)
    ((subject, message),) = account.told()
    assert subject == 'ALARM: "stack-Alarm" in US West (Oregon)'
    assert (message["OldStateValue"], message["NewStateValue"]) == ("OK", "ALARM")
    assert message["AlarmDescription"] == "do this"
    assert message["Trigger"]["Dimensions"] == [{"value": "dead", "name": "QueueName"}]
    assert account.state() == "ALARM"
    account.alarm(**visible, Dimensions=queue, Statistic="Maximum", Period=60)
    assert account.state() == "ALARM"
    account.sqs.purge_queue(QueueUrl=dead)
    let_pass(account.cloud, 120)
    assert (account.state(), account.told()) == ("OK", [])


def test_the_age_of_the_oldest_message_rings(account: Account) -> None:
    work = account.sqs.create_queue(QueueName="work")["QueueUrl"]
    age = {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Statistic": "Maximum"}
    account.alarm(**age, Dimensions=[{"Name": "QueueName", "Value": "work"}], Period=300, Threshold=1800.0)
    account.sqs.send_message(QueueUrl=work, MessageBody="waits")
    let_pass(account.cloud, 1790)
    assert account.state() == "OK"
    let_pass(account.cloud, 130)
    assert account.state() == "ALARM"


def test_a_metric_in_a_log_line_rings_for_its_own_dimension_and_period(account: Account) -> None:
    line = {
        "_aws": {
            "Timestamp": 0,
            "CloudWatchMetrics": [
                {"Namespace": "Own", "Dimensions": [["outcome"]], "Metrics": [{"Name": "Outcome"}]}
            ],
        },
        "Outcome": [1.0],
    }
    for outcome in ("nothing", "conflict"):
        printed = json.dumps(json.dumps({**line, "outcome": outcome}))
        create(account.cloud, f"def handler(event, context): print({printed})", name=outcome)
    account.alarm(**OWN)
    account.cloud.clock.release()
    account.cloud.client("lambda").invoke(FunctionName="nothing")
    account.cloud.clock.hold()
    let_pass(account.cloud, 120)
    assert account.state() == "OK"
    account.cloud.clock.release()
    account.cloud.client("lambda").invoke(FunctionName="conflict")
    account.cloud.clock.hold()
    let_pass(account.cloud, 120)
    assert (account.state(), len(account.told())) == ("ALARM", 1)
    let_pass(account.cloud, 900)
    assert account.state() == "OK"


def test_another_account_s_metrics_are_kept_apart(account: Account) -> None:
    directive = {"Namespace": "Own", "Dimensions": [[]], "Metrics": [{"Name": "Outcome"}]}
    message = json.dumps({"_aws": {"CloudWatchMetrics": [directive]}, "Outcome": 1.0})
    metrics, now = account.cloud.metrics, account.cloud.clock.time()
    for number, told in (("123456789012"[::-1], []), ("123456789012", [1.0])):
        caller = replace(ADMINISTRATOR, account=number)
        call = Call("logs", "PutLogEvents", {"logEvents": [{"message": message}]}, caller)
        Embedded(metrics).after_delivery(call, lambda _: {})
        assert metrics.within(metric("Own", "Outcome", {}), now - 1, now) == told


def test_a_functions_crash_rings_and_its_success_does_not(account: Account) -> None:
    create(account.cloud, "def handler(event, context): return 1 / event['by']")
    errors = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
    account.alarm(**errors, Dimensions=[{"Name": "FunctionName", "Value": "f"}], Period=300)
    for by, state in ((1, "OK"), (0, "ALARM")):
        account.cloud.clock.release()
        account.cloud.client("lambda").invoke(FunctionName="f", Payload=json.dumps({"by": by}))
        account.cloud.clock.hold()
        let_pass(account.cloud, 61)
        assert account.state() == state


def test_silence_rings_where_it_is_breaching(account: Account) -> None:
    silence = {"ComparisonOperator": "LessThanThreshold", "Threshold": 1.0, "TreatMissingData": "breaching"}
    account.cloud.metrics.record(metric("Own", "Outcome", {"outcome": "conflict"}), 1.0)
    account.alarm(**OWN, **silence, Period=3600, EvaluationPeriods=2)
    let_pass(account.cloud, 7100)
    assert account.state() == "OK"
    let_pass(account.cloud, 200)
    assert account.state() == "ALARM"


@pytest.mark.parametrize(
    ("periods", "needed", "rings"),
    [([[1.0], []], 1, True), ([[1.0], []], 2, False), ([[1.0], [0.5, 0.5]], 2, True), ([[], []], 1, False)],
)
def test_so_many_periods_must_breach(periods: list[list[float]], needed: int, rings: bool) -> None:
    assert is_alarm(periods, "Sum", "GreaterThanThreshold", 0, "notBreaching", needed) is rings


@pytest.mark.parametrize(
    "settings",
    [
        {"Namespace": "AWS/States", "MetricName": "ExecutionsFailed"},
        {"Namespace": "AWS/SQS", "MetricName": "NumberOfMessagesSent"},
        {"ExtendedStatistic": "p90", "Statistic": None},
        {"Statistic": "Average"},
        {"TreatMissingData": None},
        {"AlarmActions": ["arn:aws:automate:us-west-2:ec2:reboot"]},
    ],
)
def test_what_would_never_ring_is_refused(account: Account, settings: dict[str, Any]) -> None:
    asked = {name: value for name, value in {**OWN, **settings}.items() if value is not None}
    removed = {name for name, value in settings.items() if value is None}
    with pytest.raises(ClientError, match="does not model"):
        account.cloudwatch.put_metric_alarm(
            **{name: value for name, value in {**ALARM, **asked}.items() if name not in removed}
        )


def test_a_topic_that_does_not_let_the_alarm_in_is_no_silent_loss(account: Account) -> None:
    account.alarm(**OWN, AlarmName="other-Alarm", ComparisonOperator="LessThanThreshold", Threshold=1.0)
    account.cloud.metrics.record(metric("Own", "Outcome", {"outcome": "conflict"}), 0.0)
    let_pass(account.cloud, 61)
    (broken,) = account.cloud.clock.broken
    assert isinstance(broken, AwsError)
    assert "does not let" in str(broken)


@pytest.mark.parametrize(
    "message",
    ["plain", '{"level": "INFO"}', 'text with "_aws"', '{"_aws": {"Timestamp": 1}}', '{"_aws": cut o'],
)
def test_other_log_lines_carry_no_metric(message: str) -> None:
    assert list(embedded(message)) == []
