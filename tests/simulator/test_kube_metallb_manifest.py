"""MetalLB's own manifest, as published and as the application applies it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from extended_cluster import metallb_manifest
from extended_cluster.names import LNI_READY, LNI_READY_LABEL, LOAD_BALANCER_CLASS
from simulator.kube.objects import How, Objects
from simulator.kube.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    NODES,
    PODS,
    SERVICES,
    Resource,
)
from simulator.kube.status import Refusal
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_guest_join import launch
from tests.simulator.test_kube_controllers import account, joined, settled

__all__ = ["account"]

_HOW = How("eks-outposts-servers", validation="Strict")
_MANIFEST = Path("functions/manifests/metallb/metallb-native.yaml")
_SYSTEM = "metallb-system"


def apply(account: EksAccount, obj: dict[str, Any], *, force: bool = False) -> dict[str, Any]:
    objects = settled(account).objects
    meta = obj["metadata"]
    how = How(_HOW.manager, _HOW.validation, force=force)
    return objects.apply(resource_of(objects, obj), meta.get("namespace", ""), meta["name"], obj, how)


def resource_of(objects: Objects, obj: dict[str, Any]) -> Resource:
    return next(r for r in objects.resources() if (r.api_version, r.kind) == (obj["apiVersion"], obj["kind"]))


def custom(kind: str, **spec: Any) -> dict[str, Any]:
    meta = {"name": "lan", "namespace": _SYSTEM}
    return {"apiVersion": "metallb.io/v1beta1", "kind": kind, "metadata": meta, "spec": spec}


def labelled(account: EksAccount) -> None:
    for node in settled(account).objects.list(NODES, ""):
        name = node["metadata"]["name"]
        body = {"metadata": {"name": name, "labels": {LNI_READY_LABEL: LNI_READY}}}
        settled(account).objects.apply(NODES, "", name, body, _HOW)


def announced(account: EksAccount) -> list[str]:
    objects = settled(account).objects
    resource = objects.resource("metallb.io", "v1beta1", "servicel2statuses")
    assert resource
    return [one["status"]["node"] for one in objects.list(resource, _SYSTEM)]


def test_it_applies_as_published_and_a_second_time_changes_nothing(account: EksAccount) -> None:
    manifest = list(yaml.load_all(_MANIFEST.read_text(), Loader=yaml.CSafeLoader))
    first = [apply(account, obj)["metadata"]["resourceVersion"] for obj in manifest]
    again = [apply(account, obj)["metadata"] for obj in manifest]
    untouched = [
        (obj["kind"], a, b["resourceVersion"])
        for a, b, obj in zip(first, again, manifest, strict=True)
        if obj["kind"] not in {"Deployment", "DaemonSet", "Service"}  # whose status controllers have written
    ]
    assert len(untouched) > 15
    assert [kind for kind, a, b in untouched if a != b] == []
    workloads = [
        m for m, obj in zip(again, manifest, strict=True) if obj["kind"] in {"Deployment", "DaemonSet"}
    ]
    assert [meta["generation"] for meta in workloads] == [1, 1]


def test_its_webhook_refuses_pools_until_the_controller_is_ready(account: EksAccount) -> None:
    joined(account)
    for obj in metallb_manifest.objects(""):
        apply(account, obj)
    pool = custom("IPAddressPool", addresses=["192.168.30.8-192.168.30.9"])
    with pytest.raises(Refusal, match="no endpoints available for service") as refused:
        apply(account, pool)
    assert refused.value.code == 500
    settled(account, 120)
    assert (
        settled(account).objects.get(DEPLOYMENTS, _SYSTEM, "controller")["status"]["availableReplicas"] == 1
    )
    apply(account, pool)
    overlapping = custom("IPAddressPool", addresses=["192.168.30.9/32"])
    overlapping["metadata"]["name"] = "other"
    with pytest.raises(Refusal, match="overlaps"):
        apply(account, overlapping)


def test_a_local_service_is_announced_only_where_it_has_a_pod(
    account: EksAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account.cloud.guest, "lni_up", lambda _: True)
    joined(account)
    second = launch(account)
    settled(account, 120)
    labelled(account)
    for obj in metallb_manifest.objects(""):
        apply(account, obj)
    settled(account, 120)
    assert settled(account).objects.get(DAEMON_SETS, _SYSTEM, "speaker")["status"]["numberReady"] == 2
    apply(account, custom("IPAddressPool", addresses=["192.168.30.8/32"]))
    apply(account, custom("L2Advertisement", ipAddressPools=["lan"], interfaces=["ens6"]))
    nodes = sorted(node["metadata"]["name"] for node in settled(account).objects.list(NODES, ""))
    spec = {
        "type": "LoadBalancer",
        "loadBalancerClass": LOAD_BALANCER_CLASS,
        "externalTrafficPolicy": "Local",
        "selector": {"app": "web"},
        "ports": [{"port": 80}],
    }
    service = {"metadata": {"name": "web"}, "spec": spec}
    made = settled(account).objects.create(SERVICES, "default", service, _HOW)
    for node in nodes:
        body = {
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {"nodeName": node, "containers": [{"name": "web", "image": "web:1"}]},
        }
        settled(account).objects.create(PODS, "default", body, _HOW)
        assert announced(account) == []
        settled(account, 60)
        assert announced(account) == [node]
        settled(account).objects.delete(PODS, "default", "web", _HOW)
        settled(account, 60)
    found = settled(account).objects.get(SERVICES, "default", "web")["spec"]
    assert found["healthCheckNodePort"] != found["ports"][0]["nodePort"] >= 30000
    assert made["spec"]["externalTrafficPolicy"] == "Local"
    assert second
