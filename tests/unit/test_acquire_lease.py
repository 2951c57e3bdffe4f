"""AcquireLease: free, ours, expired or of a dead run is taken; anything else is LeaseHeld."""

from typing import Any

import acquire_lease
import pytest

from extended_cluster.errors import LeaseHeld, NotReadyYet
from tests.unit.fake_aws import refusal
from tests.unit.stateful_aws import EXECUTION, StatefulClient, run

OTHER = EXECUTION.replace("run-1", "run-0")


class Dynamodb(StatefulClient):
    """Refuses each write as often as it is told; whether conditions mean what they say is DynamoDB's affair."""

    service = "dynamodb"

    def __init__(self, refusals: int, holder: str | None) -> None:
        super().__init__()
        self.refusals, self.holder = refusals, holder

    def update_item(self, **_: Any) -> dict[str, Any]:
        if self.refusals:
            self.refusals -= 1
            raise refusal("ConditionalCheckFailedException", "UpdateItem")
        return {}

    def get_item(self, *, ConsistentRead: bool, **_: Any) -> dict[str, Any]:
        assert ConsistentRead
        if self.holder is None:
            return {}
        lease = {"execution": {"S": self.holder}, "expiresAt": {"N": "1795435200"}}
        return {"Item": {"clusterName": {"S": "edge-1"}, "lease": {"M": lease}}}


class Stepfunctions(StatefulClient):
    service = "stepfunctions"

    def __init__(self, status: str | None) -> None:
        super().__init__()
        self.status = status

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        if self.status is None:
            raise refusal("ExecutionDoesNotExist", "DescribeExecution")
        machine = executionArn.replace("execution", "stateMachine").rpartition(":")[0]
        return {
            "executionArn": executionArn,
            "stateMachineArn": machine,
            "status": self.status,
            "startDate": "2026-11-23T06:00:00Z",
        }


def acquire(
    monkeypatch: pytest.MonkeyPatch,
    refusals: int = 0,
    holder: str | None = OTHER,
    status: str | None = "RUNNING",
    spec: dict[str, Any] | None = None,
) -> Dynamodb:
    monkeypatch.setenv("LEDGER_TABLE", "ledger")
    dynamodb = Dynamodb(refusals, holder)
    event = {
        "clusterName": "edge-1",
        "what": "provision",
        "spec": spec,
        "now": "2026-11-23T06:00:00.000Z",
        "seconds": 10800,
    }
    clients = {"dynamodb": dynamodb, "stepfunctions": Stepfunctions(status)}
    assert run(monkeypatch, acquire_lease.handler, event, **clients) == {"execution": EXECUTION}
    return dynamodb


def test_a_free_lease_is_taken_until_the_machines_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    ((_, write),) = acquire(monkeypatch, spec={"clusterName": "edge-1"}).writes
    values = write["ExpressionAttributeValues"]
    lease = values[":lease"]["M"]
    assert int(lease["expiresAt"]["N"]) - int(values[":now"]["N"]) == 10800
    assert lease["execution"] == values[":me"] == {"S": EXECUTION}
    assert values[":spec"] == {"S": '{"clusterName": "edge-1"}'}


def test_a_run_without_a_request_leaves_the_recorded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ((_, write),) = acquire(monkeypatch).writes
    assert ":spec" not in write["ExpressionAttributeValues"]


def test_a_running_holder_keeps_it_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LeaseHeld, match=f"{OTHER} works on cluster edge-1.*stop-execution"):
        acquire(monkeypatch, refusals=1)


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", "SUCCEEDED", None])
def test_a_holder_that_does_not_run_is_taken_over_at_once(
    monkeypatch: pytest.MonkeyPatch, status: str | None
) -> None:
    *_, (_, write) = acquire(monkeypatch, refusals=1, status=status).writes
    assert write["ExpressionAttributeValues"][":dead"] == {"S": OTHER}


def test_a_lease_that_changes_hands_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotReadyYet, match="changed hands"):
        acquire(monkeypatch, refusals=2, status="ABORTED")
