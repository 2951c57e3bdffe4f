"""NotifyFailure: tells first, then records the outcome under the run's lease; asks for what the event lacks only."""

from typing import Any

import notify_failure
import pytest

from extended_cluster import aws
from tests.unit.fake_aws import FakeClient, refusal
from tests.unit.stateful_aws import CONTEXT, EXECUTION

PROVISION = "arn:aws:states:us-west-2:123456789012:stateMachine:provision"
TEARDOWN = "arn:aws:states:us-west-2:123456789012:stateMachine:teardown"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TOPIC_ARN": "arn:aws:sns:us-west-2:123456789012:notices",
        "LEDGER_TABLE": "ledger",
        "TEARDOWN_ARN": TEARDOWN,
        "PROVISION_LOG_GROUP": "/provision",
        "TEARDOWN_LOG_GROUP": "/teardown",
        "STEP_LOG_GROUPS": "/steps/",
    }.items():
        monkeypatch.setenv(name, value)


def event(**detail: Any) -> dict[str, Any]:
    """As EventBridge sends it; Step Functions guide, "Automating Step Functions event delivery with EventBridge"."""
    return {
        "source": "aws.states",
        "detail": {
            "executionArn": EXECUTION,
            "stateMachineArn": PROVISION,
            "status": "FAILED",
            "startDate": 1795413600000,
            "stopDate": 1795415400250,
            "input": '{"clusterName": "edge-1"}',
            "inputDetails": {"included": True},
            "output": None,
            "outputDetails": None,
            "error": "NodesFailed",
            "cause": "No room.",
            **detail,
        },
    }


class Clients:
    """Step Functions, SNS and DynamoDB; ``calls`` in order, of all three."""

    def __init__(self, *, held: bool = True, given: str = "{}") -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        entered = {"stateEnteredEventDetails": {"name": "AwaitCluster"}}
        history = [{"timestamp": 0, "type": "TaskStateEntered", "id": 7, **entered}]
        answer: Any = {} if held else refusal("ConditionalCheckFailedException", "UpdateItem")
        described = {"input": given, "executionArn": EXECUTION, "stateMachineArn": PROVISION}
        self._clients = {
            "sns": FakeClient("sns", publish={"MessageId": "1"}),
            "dynamodb": FakeClient("dynamodb", update_item=answer),
            "stepfunctions": FakeClient(
                "stepfunctions",
                describe_execution={**described, "status": "ABORTED", "startDate": 0},
                get_execution_history={"events": history},
            ),
        }
        for client in self._clients.values():
            client.calls = self.calls

    def run(self, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]) -> dict[str, bool]:
        monkeypatch.setattr(aws, "client", self._clients.__getitem__)
        return notify_failure.handler(given, CONTEXT)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def test_a_failed_run_is_told_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients()
    assert clients.run(monkeypatch, event()) == {"released": True}
    assert clients.names == ["publish", "update_item"]
    (_, told), (_, written) = clients.calls
    assert told["Subject"] == "FAILED provision of edge-1: NodesFailed"
    assert "Cause: No room." in told["Message"]
    assert "/provision (states), /steps/STATE" in told["Message"]
    assert written["ConditionExpression"] == "#lease.#execution = :me"
    values = written["ExpressionAttributeValues"]
    assert values[":me"] == {"S": EXECUTION}
    assert values[":outcome"] == {"S": "FAILED"}
    assert values[":now"] == {"S": "2026-11-23T06:30:00.250Z"}


def test_a_second_event_or_a_lease_given_back_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients(held=False)
    assert clients.run(monkeypatch, event()) == {"released": False}
    assert clients.names == ["publish", "update_item"]


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_of_a_run_ended_from_outside_the_history_is_asked(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    clients = Clients()
    clients.run(monkeypatch, event(status=status, error=None, cause=None))
    assert clients.names == ["get_execution_history", "publish", "update_item"]
    assert clients.calls[0][1] == {"executionArn": EXECUTION, "reverseOrder": True, "maxResults": 1000}
    assert "It was in: AwaitCluster" in clients.calls[1][1]["Message"]
    assert clients.calls[2][1]["ExpressionAttributeValues"][":outcome"] == {"S": status}


def test_an_input_too_long_for_an_event_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients(given='{"clusterName": "edge-2"}')
    clients.run(monkeypatch, event(input=None, inputDetails={"included": False}))
    assert clients.names == ["describe_execution", "publish", "update_item"]
    assert clients.calls[1][1]["Subject"] == "FAILED provision of edge-2: NodesFailed"


def test_a_run_without_a_name_has_nothing_in_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients()
    assert clients.run(monkeypatch, event(input="[]", error="InvalidRequest")) == {"released": False}
    assert clients.names == ["publish"]


def test_a_teardown_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients()
    clients.run(monkeypatch, event(stateMachineArn=TEARDOWN, error="TeardownIncomplete"))
    assert clients.calls[0][1]["Subject"] == "FAILED teardown of edge-1: TeardownIncomplete"
    assert "/teardown (states)" in clients.calls[0][1]["Message"]
