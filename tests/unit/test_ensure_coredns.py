"""EnsureCoreDns: CoreDNS made, and all four add-ons ACTIVE."""

from typing import Any

import ensure_coredns
import pytest

from extended_cluster import vpc_cni
from extended_cluster.errors import AddonFailed, NodesNotJoined, NotReadyYet
from tests.unit.addon_eks import Eks
from tests.unit.stateful_aws import run

CONFIGURATION = vpc_cni.configuration([])
BEFORE = {"vpc-cni": "ACTIVE", "kube-proxy": "ACTIVE", "eks-pod-identity-agent": "ACTIVE"}


def cluster(**statuses: str) -> Eks:
    """With vpc-cni configured as it must be."""
    eks = Eks(**statuses)
    eks.addons["vpc-cni"]["configurationValues"] = CONFIGURATION
    return eks


def ensure(monkeypatch: pytest.MonkeyPatch, eks: Eks, look: int = 0) -> Any:
    event = {"name": "edge-1", "version": "1.35", "tags": {}, "localCidrs": [], "look": look, "lastLook": 60}
    return run(monkeypatch, ensure_coredns.handler, event, eks=eks)


def test_it_is_made_waited_for_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = cluster(**BEFORE)
    with pytest.raises(NotReadyYet, match="coredns is CREATING"):
        ensure(monkeypatch, eks)
    eks.addons["coredns"]["status"] = "ACTIVE"
    assert {addon["status"] for addon in ensure(monkeypatch, eks)["addons"]} == {"ACTIVE"}
    assert [asked["addonName"] for _, asked in eks.writes] == ["coredns"]


def test_every_one_that_is_not_active_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = cluster(**BEFORE, coredns="DEGRADED")
    eks.addons["vpc-cni"]["status"] = "CREATING"
    eks.addons["coredns"]["health"] = {
        "issues": [{"code": "InsufficientNumberOfReplicas", "message": "no node", "resourceIds": []}]
    }
    with pytest.raises(NotReadyYet) as waiting:
        ensure(monkeypatch, eks)
    assert "vpc-cni is CREATING; coredns is DEGRADED (InsufficientNumberOfReplicas: no node)" in str(
        waiting.value
    )


def test_a_failed_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AddonFailed, match="coredns of cluster edge-1 is CREATE_FAILED"):
        ensure(monkeypatch, cluster(**BEFORE, coredns="CREATE_FAILED"))


def test_waiting_for_a_node_names_what_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotReadyYet) as waiting:
        ensure(monkeypatch, cluster(**BEFORE, coredns="DEGRADED"), look=59)
    for part in ("console", "cluster security group", "EC2_LINUX", "NAT gateway", "service CIDR"):
        assert part in str(waiting.value)


def test_the_last_look_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NodesNotJoined, match="EC2_LINUX"):
        ensure(monkeypatch, cluster(**BEFORE, coredns="DEGRADED"), look=60)
    eks = cluster(**BEFORE, coredns="ACTIVE")
    eks.addons["kube-proxy"]["status"] = "UPDATING"
    with pytest.raises(AddonFailed, match="kube-proxy is UPDATING"):
        ensure(monkeypatch, eks, look=60)
