"""Teardown's rules: what a sweep tells, which cluster is ours, what the request must say."""

from typing import Any

import delete_cluster
import prove_gone
import pytest

from extended_cluster import teardown, teardown_request
from extended_cluster.errors import InvalidRequest, NotReadyYet, TeardownIncomplete
from tests.unit.fake_aws import FakeClient, refusal
from tests.unit.stateful_aws import run


def test_a_sweep_that_finds_nothing_is_done() -> None:
    teardown.sweep("subnet", [], pytest.fail)


def test_what_is_being_deleted_is_waited_for() -> None:
    gone: list[str] = []
    with pytest.raises(NotReadyYet, match="subnet a, b"):
        teardown.sweep("subnet", ["a", "b"], gone.append)
    assert gone == ["a", "b"]


def test_every_one_is_tried_and_every_refusal_told() -> None:
    codes = {"a": "UnauthorizedOperation", "b": "DependencyViolation", "c": "InvalidSubnet.Range"}
    tried: list[str] = []

    def delete(name: str) -> None:
        tried.append(name)
        if name in codes:
            raise refusal(codes[name], "DeleteSubnet")

    with pytest.raises(TeardownIncomplete) as told:
        teardown.sweep("subnet", ["a", "b", "c", "d"], delete)
    assert tried == ["a", "b", "c", "d"]
    assert "subnet a: DeleteSubnet answered UnauthorizedOperation" in str(told.value)
    assert "subnet c: DeleteSubnet answered InvalidSubnet.Range" in str(told.value)
    assert "subnet b" not in str(told.value)


def _eks(status: str, tags: dict[str, str]) -> FakeClient:
    answer = {"cluster": {"name": "edge-1", "status": status, "tags": tags}}
    return FakeClient("eks", describe_cluster=answer, delete_cluster={})


@pytest.mark.parametrize("tags", [{}, {"eks-outposts-servers:cluster": "edge-2"}])
def test_a_cluster_of_that_name_that_is_not_ours_is_left_alone(tags: dict[str, str]) -> None:
    eks = _eks("ACTIVE", tags)
    delete_cluster.delete(eks, "edge-1")
    assert [name for name, _ in eks.calls] == ["describe_cluster"]


@pytest.mark.parametrize(
    ("status", "deletes"), [("ACTIVE", True), ("FAILED", True), ("CREATING", False), ("DELETING", False)]
)
def test_ours_is_deleted_as_soon_as_eks_lets_it(status: str, deletes: bool) -> None:
    eks = _eks(status, {"eks-outposts-servers:cluster": "edge-1"})
    with pytest.raises(NotReadyYet):
        delete_cluster.delete(eks, "edge-1")
    assert ("delete_cluster" in [name for name, _ in eks.calls]) is deletes


def _prove(monkeypatch: pytest.MonkeyPatch, left: list[str], failures: dict[str, Any]) -> Any:
    ec2 = FakeClient(
        "ec2",
        describe_instances={"Reservations": []},
        describe_launch_templates={"LaunchTemplates": []},
        describe_network_interfaces={"NetworkInterfaces": []},
        describe_subnets={"Subnets": [{"SubnetId": name} for name in left]},
    )
    clients = {
        "ec2": ec2,
        "eks": FakeClient("eks", describe_cluster=refusal("ResourceNotFoundException", "DescribeCluster")),
        "autoscaling": FakeClient("autoscaling", describe_auto_scaling_groups={"AutoScalingGroups": []}),
    }
    event = {"clusterName": "edge-1", "failures": failures}
    return run(monkeypatch, prove_gone.handler, event, **clients)


def test_nothing_left_is_success_whatever_the_steps_met(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _prove(monkeypatch, [], {"DeleteCluster": {"Error": "Throttled", "Cause": "slow"}}) == {}


def test_what_is_left_is_told_with_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = {
        "DeleteSubnets": {"Error": "TeardownIncomplete", "Cause": '{"errorMessage": "subnet-1 refused."}'},
        "DeleteCluster": {"Error": "States.Timeout"},
    }
    with pytest.raises(TeardownIncomplete) as told:
        _prove(monkeypatch, ["subnet-1"], failures)
    assert "Left of cluster edge-1: subnets: subnet-1." in str(told.value)
    assert "DeleteSubnets: TeardownIncomplete: subnet-1 refused." in str(told.value)
    assert "DeleteCluster: States.Timeout: no cause given" in str(told.value)


def test_a_confirmed_request_is_accepted() -> None:
    request = {"clusterName": "edge-1", "confirm": "edge-1"}
    assert teardown_request.complete(request) == {"clusterName": "edge-1"}


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ("edge-1", "The request is"),
        ({}, "lacks `clusterName` and `confirm`"),
        ({"clusterName": "edge-1"}, "lacks `confirm`"),
        ({"clusterName": "edge-1", "confirm": "edge-1", "force": True}, "`force`: no such field"),
        ({"clusterName": "-", "confirm": "-"}, '`clusterName` is "-"'),
        ({"clusterName": 1, "confirm": 1}, "`clusterName` is 1"),
        ({"clusterName": "edge-1", "confirm": "EDGE-1"}, '`confirm` is "EDGE-1"'),
    ],
)
def test_any_other_is_refused_by_field_and_value(request_: Any, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told) as refused:
        teardown_request.complete(request_)
    assert '{"clusterName": "edge-1", "confirm": "edge-1"}' in str(refused.value)
