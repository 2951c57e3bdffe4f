"""EnsureAddons: the three add-ons that come before the nodes."""

import json
from typing import Any

import ensure_addons
import pytest

from extended_cluster.errors import AddonFailed, KubernetesVersionUnsupported
from tests.unit.addon_eks import Eks
from tests.unit.stateful_aws import run

LANS = ["192.168.10.0/24"]


def ensure(monkeypatch: pytest.MonkeyPatch, eks: Eks, version: str = "1.35") -> Any:
    event = {"name": "edge-1", "version": version, "tags": {"team": "edge"}, "localCidrs": LANS}
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
    eks = Eks(**{"kube-proxy": "ACTIVE"})
    assert ensure(monkeypatch, eks)["addons"][1] == {
        "name": "kube-proxy",
        "version": "v1.0.0-eksbuild.1",
        "status": "ACTIVE",
    }
    assert [asked["addonName"] for _, asked in eks.writes] == ["vpc-cni", "eks-pod-identity-agent"]


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


# -- vpc-cni's configuration

ENVIRONMENT = {
    "AWS_VPC_ENI_MTU": "1300",
    "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "192.168.10.0/24",
    "ENABLE_PREFIX_DELEGATION": "true",
    "MAX_ENI": "1",
}


def values(eks: Eks) -> Any:
    return json.loads(eks.addons["vpc-cni"]["configurationValues"])


def test_vpc_cni_is_made_with_its_configuration_and_no_other_is(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    ensure(monkeypatch, eks)
    assert values(eks) == {"env": ENVIRONMENT}
    assert [name for name, addon in eks.addons.items() if "configurationValues" in addon] == ["vpc-cni"]


def test_ours_is_completed_and_keeps_what_others_set(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks(**{"vpc-cni": "ACTIVE"})
    before = {
        "env": {"WARM_PREFIX_TARGET": "2", "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "192.168.9.0/24"},
        "tolerations": [],
    }
    eks.addons["vpc-cni"]["configurationValues"] = json.dumps(before)
    assert ensure(monkeypatch, eks)["addons"][0]["status"] == "UPDATING"
    assert values(eks) == {
        "tolerations": [],
        "env": ENVIRONMENT
        | {
            "WARM_PREFIX_TARGET": "2",
            "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "192.168.10.0/24,192.168.9.0/24",
        },
    }
    eks.addons["vpc-cni"]["status"] = "ACTIVE"
    eks.writes.clear()
    ensure(monkeypatch, eks)
    assert eks.writes == []


def test_it_waits_until_eks_can_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks(**{"vpc-cni": "CREATING"})
    ensure(monkeypatch, eks)
    assert "update_addon" not in [name for name, _ in eks.writes]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tags": {}}, "it is not ours by tag"),
        ({"tags": {"eks-outposts-servers:cluster": "another"}}, "it is not ours by tag"),
        ({"configurationValues": "env:\n  MAX_ENI: '1'\n"}, "it has no JSON of the known form"),
        ({"configurationValues": "[]"}, "it has no JSON of the known form"),
    ],
)
def test_what_is_not_ours_to_change_is_left_and_told(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], why: str
) -> None:
    eks = Eks(**{"vpc-cni": "ACTIVE"})
    eks.addons["vpc-cni"] |= change
    remark = ensure(monkeypatch, eks)["addons"][0]["remark"]
    assert why in remark
    # Something that a person can copy, also where there is nothing to merge with.
    assert json.loads(remark.partition("it should hold ")[2])["env"]["MAX_ENI"] == "1"
    assert "update_addon" not in [name for name, _ in eks.writes]
