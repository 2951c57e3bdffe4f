"""EnsureAddons: the three add-ons that come before the nodes."""

from typing import Any

import ensure_addons
import pytest

from extended_cluster.errors import AddonFailed, KubernetesVersionUnsupported
from tests.unit.addon_eks import Eks
from tests.unit.stateful_aws import run


def ensure(monkeypatch: pytest.MonkeyPatch, eks: Eks, version: str = "1.35") -> Any:
    event = {"name": "edge-1", "version": version, "tags": {"team": "edge"}}
    return run(monkeypatch, ensure_addons.handler, event, eks=eks)


def test_they_are_made_at_their_default_version_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    first = ensure(monkeypatch, eks)
    names = ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"]
    assert first["addons"] == [
        {"name": name, "version": "v1.1.0-eksbuild.1", "status": "CREATING"} for name in names
    ]
    assert all(
        asked["tags"] == {"team": "edge", "eks-outposts-servers:cluster": "edge-1"} for _, asked in eks.writes
    )
    eks.writes.clear()
    assert ensure(monkeypatch, eks) == first
    assert eks.writes == []


def test_an_existing_one_keeps_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks(**{"vpc-cni": "ACTIVE"})
    assert ensure(monkeypatch, eks)["addons"][0] == {
        "name": "vpc-cni",
        "version": "v1.0.0-eksbuild.1",
        "status": "ACTIVE",
    }
    assert [asked["addonName"] for _, asked in eks.writes] == ["kube-proxy", "eks-pod-identity-agent"]


def test_one_made_meanwhile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks(**{"vpc-cni": "CREATING"})
    eks.hidden = {"vpc-cni"}
    assert ensure(monkeypatch, eks)["addons"][0]["version"] == "v1.0.0-eksbuild.1"


def test_a_failed_one_tells_its_health_issues(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks(**{"kube-proxy": "CREATE_FAILED"})
    eks.addons["kube-proxy"]["health"] = {
        "issues": [{"code": "AccessDenied", "message": "no permission", "resourceIds": []}]
    }
    with pytest.raises(
        AddonFailed, match="kube-proxy of cluster edge-1 is CREATE_FAILED: AccessDenied: no permission"
    ):
        ensure(monkeypatch, eks)


def test_a_kubernetes_version_without_a_default_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    with pytest.raises(KubernetesVersionUnsupported, match=r"vpc-cni for Kubernetes 1\.20"):
        ensure(monkeypatch, eks, version="1.20")
    assert eks.writes == []
