"""A run that does not succeed is told to the topic, once, with its cause and the next command; a green one is not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.workflow.conftest import RACK, SERVER_2U, Deployed

CLUSTER = "edge-told"


class Inbox:
    """A queue that is subscribed to the topic."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed, self._sqs = deployed, deployed.client("sqs")
        topic = deployed.output("NotificationTopicArn")
        self.url = self._sqs.create_queue(QueueName="notices")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        self._subscription = deployed.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
        )["SubscriptionArn"]

    def notices(self) -> list[tuple[str, str]]:
        """(subject, message) of every notice of a run since the last look, once everything has come to rest."""
        return [(subject, message) for subject, message in self._look() if not subject.startswith("ALARM: ")]

    def alarms(self) -> list[tuple[str, str]]:
        """The same of every alarm."""
        return [(subject, message) for subject, message in self._look() if subject.startswith("ALARM: ")]

    def _look(self) -> list[tuple[str, str]]:
        self._deployed.settle()
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                found.append((body["Subject"], body["Message"]))
        return found

    def close(self) -> None:
        self._deployed.client("sns").unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self.url)


@pytest.fixture(scope="module")
def inbox(deployed: Deployed) -> Iterator[Inbox]:
    made = Inbox(deployed)
    yield made
    made.close()


def _request(outpost: str = SERVER_2U, **more: Any) -> dict[str, Any]:
    return {"clusterName": CLUSTER, "outposts": [{"outpostId": outpost}], "kubernetes": "skip", **more}


def _ended(deployed: Deployed) -> dict[str, str]:
    """The ledger's outcome, error and cause of the cluster; nobody holds its lease."""
    item = deployed.ledger(CLUSTER)
    assert item is not None
    assert "lease" not in item
    assert "endedAt" in item["lastRun"]["M"]
    return {name: item[name]["S"] for name in ("outcome", "error", "cause") if name in item}


def _next(deployed: Deployed, notice: str) -> None:
    assert f"--state-machine-arn {deployed.output('ProvisionStateMachineArn')} --input file://" in notice
    confirmed = json.dumps({"clusterName": CLUSTER, "confirm": CLUSTER})
    assert f"--state-machine-arn {deployed.output('TeardownStateMachineArn')} --input '{confirmed}'" in notice


def test_a_green_run_is_not_told(deployed: Deployed, inbox: Inbox) -> None:
    assert deployed.provision(_request(mode="plan"))["status"] == "SUCCEEDED"
    assert inbox.notices() == []


def test_a_failed_run_is_told_with_its_cause(deployed: Deployed, inbox: Inbox) -> None:
    run = deployed.provision(_request(RACK))
    ((subject, notice),) = inbox.notices()
    assert subject == f"FAILED provision of {CLUSTER}: OutpostUnsupported"
    assert f"Cause: {run['cause']}" in notice
    assert run["executionArn"] in notice
    _next(deployed, notice)


def test_a_refused_request_is_told_too(deployed: Deployed, inbox: Inbox) -> None:
    assert deployed.provision({"clusterName": "no such name"})["error"] == "InvalidRequest"
    ((subject, notice),) = inbox.notices()
    assert subject == "FAILED provision of an unnamed cluster: InvalidRequest"
    assert "This run has changed nothing." in notice
    assert deployed.output("TeardownStateMachineArn") not in notice


def test_a_stopped_run_is_told_and_its_lease_given_back(deployed: Deployed, inbox: Inbox) -> None:
    deployed.stopped_at("CreateCluster", _request())
    ((subject, notice),) = inbox.notices()
    assert subject == f"ABORTED provision of {CLUSTER}: Stopped"
    assert "Cause: by a test" in notice
    assert "CreateCluster" in notice
    _next(deployed, notice)
    assert _ended(deployed) == {"outcome": "ABORTED", "error": "Stopped", "cause": "by a test"}


def test_a_run_out_of_time_is_told_and_its_lease_given_back(deployed: Deployed, inbox: Inbox) -> None:
    machine, stepfunctions = deployed.output("ProvisionStateMachineArn"), deployed.client("stepfunctions")
    definition = stepfunctions.describe_state_machine(stateMachineArn=machine)["definition"]
    hasty = json.dumps(json.loads(definition) | {"TimeoutSeconds": 60})
    stepfunctions.update_state_machine(stateMachineArn=machine, definition=hasty)
    try:
        run = deployed.provision(_request())
    finally:
        stepfunctions.update_state_machine(stateMachineArn=machine, definition=definition)
    assert run["status"] == "TIMED_OUT"
    assert run["events"][-1]["type"] == "ExecutionTimedOut"
    ((subject, notice),) = inbox.notices()
    assert subject == f"TIMED_OUT provision of {CLUSTER}"
    assert "Neither an error nor a cause was given." in notice
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in run["events"]
        if "StateEntered" in event["type"]
    ]
    (was_in,) = [line for line in notice.splitlines() if line.startswith("It was in: ")]
    assert was_in.endswith(entered[-1])
    _next(deployed, notice)
    assert _ended(deployed) == {"outcome": "TIMED_OUT"}


def test_nothing_of_it_was_lost(deployed: Deployed) -> None:
    answer = deployed.client("sqs").receive_message(QueueUrl=deployed.output("NoticeDeadLetterQueueUrl"))
    assert answer.get("Messages", []) == []


def test_a_poison_message_rings_its_alarm_and_the_topic_is_told(deployed: Deployed, inbox: Inbox) -> None:
    def rest() -> list[str]:
        """Two looks of the alarms later: the subjects of those that rang."""
        deployed.settle()
        deployed.control("clock/advance?seconds=120", post=True)
        return [subject for subject, message in inbox.alarms() if "LniDeadLetterAlarm" in message]

    sqs, dead = deployed.client("sqs"), deployed.output("LniDeadLetterQueueUrl")
    rest()
    sqs.send_message(QueueUrl=deployed.output("LniQueueUrl"), MessageBody="not json")
    (subject,) = rest()
    ringing = deployed.client("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert any("LniDeadLetterAlarm" in alarm["AlarmName"] for alarm in ringing)
    assert subject.endswith(" in US West (Oregon)")
    sqs.purge_queue(QueueUrl=dead)
    assert rest() == []
    ringing = deployed.client("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert not any("LniDeadLetterAlarm" in alarm["AlarmName"] for alarm in ringing)
