"""AcquireLease: free, ours, expired or of a dead run is taken; anything else is LeaseHeld. An old plan is refused."""

from typing import Any

import acquire_lease
import pytest

from extended_cluster.errors import LeaseHeld, NotReadyYet, PlanOutdated
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


class Eks(StatefulClient):
    service = "eks"

    def __init__(self, *, exists: bool) -> None:
        super().__init__()
        self.exists = exists

    def describe_cluster(self, *, name: str) -> dict[str, Any]:
        if not self.exists:
            raise refusal("ResourceNotFoundException", "DescribeCluster")
        return {"cluster": {"name": name}}


def acquire(
    monkeypatch: pytest.MonkeyPatch,
    refusals: int = 0,
    holder: str | None = OTHER,
    status: str | None = "RUNNING",
    spec: dict[str, Any] | None = None,
    planned: bool | None = None,
    dynamodb: Dynamodb | None = None,
    *,
    exists: bool = False,
) -> Dynamodb:
    monkeypatch.setenv("LEDGER_TABLE", "ledger")
    dynamodb = dynamodb or Dynamodb(refusals, holder)
    event = {
        "clusterName": "edge-1",
        "what": "provision",
        "spec": spec,
        "clusterExists": planned,
        "now": "2026-11-23T06:00:00.000Z",
        "seconds": 10800,
    }
    clients = {"dynamodb": dynamodb, "stepfunctions": Stepfunctions(status), "eks": Eks(exists=exists)}
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


@pytest.mark.parametrize(("planned", "exists"), [(True, True), (False, False), (None, True), (None, False)])
def test_a_plan_that_holds_or_a_run_without_one_keeps_the_lease(
    monkeypatch: pytest.MonkeyPatch, planned: bool | None, exists: bool
) -> None:
    assert len(acquire(monkeypatch, planned=planned, exists=exists).writes) == 1


@pytest.mark.parametrize(("planned", "said"), [(True, "deleted"), (False, "made")])
def test_a_plan_that_another_run_has_overtaken_is_refused_and_the_lease_given_back(
    monkeypatch: pytest.MonkeyPatch, planned: bool, said: str
) -> None:
    """Were it carried on, a rollback could take the other run's cluster for this one's."""
    dynamodb = Dynamodb(refusals=0, holder=None)
    with pytest.raises(PlanOutdated, match=f"edge-1 was {said} by somebody else .* Start again"):
        acquire(monkeypatch, planned=planned, exists=not planned, dynamodb=dynamodb)
    (_, taken), (_, given_back) = dynamodb.writes
    assert "SET #lease = :lease" in taken["UpdateExpression"]
    assert given_back["UpdateExpression"].endswith("REMOVE #lease")
    assert given_back["ExpressionAttributeValues"][":error"] == {"S": "PlanOutdated"}
