"""EnsureCoreDns: CoreDNS made, and all four add-ons ACTIVE."""

from typing import Any

import ensure_coredns
import pytest

from extended_cluster.errors import AddonFailed, NotReadyYet
from tests.unit.addon_eks import Eks
from tests.unit.stateful_aws import run

BEFORE = {"vpc-cni": "ACTIVE", "kube-proxy": "ACTIVE", "eks-pod-identity-agent": "ACTIVE"}


def ensure(monkeypatch: pytest.MonkeyPatch, eks: Eks) -> Any:
    event = {"name": "edge-1", "version": "1.35", "tags": {}}
    return run(monkeypatch, ensure_coredns.handler, event, eks=eks)


def test_it_is_made_waited_for_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks(**BEFORE)
    with pytest.raises(NotReadyYet, match="coredns is CREATING"):
        ensure(monkeypatch, eks)
    eks.addons["coredns"]["status"] = "ACTIVE"
    assert {addon["status"] for addon in ensure(monkeypatch, eks)["addons"]} == {"ACTIVE"}
    assert [asked["addonName"] for _, asked in eks.writes] == ["coredns"]


def test_every_one_that_is_not_active_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks(**BEFORE, coredns="DEGRADED")
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
        ensure(monkeypatch, Eks(**BEFORE, coredns="CREATE_FAILED"))
