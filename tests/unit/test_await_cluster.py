"""AwaitCluster: one look at each status."""

from typing import Any

import await_cluster
import pytest

from extended_cluster.errors import ClusterFailed, NotReadyYet
from tests.unit.fake_aws import FakeClient
from tests.unit.stateful_aws import run
from tests.unit.test_user_data import CLUSTER


def look(monkeypatch: pytest.MonkeyPatch, status: str, **more: Any) -> Any:
    described = {
        "name": "edge-1",
        "arn": CLUSTER["arn"],
        "version": "1.35",
        "status": status,
        "endpoint": CLUSTER["endpoint"],
        "certificateAuthority": {"data": CLUSTER["certificateAuthority"]},
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
        "resourcesVpcConfig": {"clusterSecurityGroupId": "sg-0a1b2c3d4e5f60001"},
        **more,
    }
    eks = FakeClient("eks", describe_cluster={"cluster": described})
    return run(monkeypatch, await_cluster.handler, {"name": "edge-1"}, eks=eks)


@pytest.mark.parametrize("status", ["ACTIVE", "UPDATING"])
def test_a_serving_cluster_is_told(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    assert look(monkeypatch, status) == CLUSTER


@pytest.mark.parametrize("status", ["CREATING", "PENDING"])
def test_one_on_its_way_is_waited_for(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    with pytest.raises(NotReadyYet, match=status):
        look(monkeypatch, status)


def test_a_failed_one_tells_its_health_issues(monkeypatch: pytest.MonkeyPatch) -> None:
    health = {"issues": [{"code": "Ec2SubnetNotFound", "message": "subnet-1 is gone", "resourceIds": []}]}
    with pytest.raises(ClusterFailed, match="FAILED: Ec2SubnetNotFound: subnet-1 is gone"):
        look(monkeypatch, "FAILED", health=health)


def test_one_being_deleted_has_failed_us(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClusterFailed, match="is DELETING: EKS names no health issue"):
        look(monkeypatch, "DELETING")
