"""MetalLB as the application applies it: a webhook that fails closed, and a Service that is announced locally."""

from typing import Any

import pytest

from extended_cluster import metallb_manifest
from extended_cluster.names import LOAD_BALANCER_CLASS
from simulator.kube.objects import How, Objects
from simulator.kube.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    PODS,
    SERVICES,
    Resource,
)
from simulator.kube.status import Refusal
from tests.simulator.edge_nodes import begin, nodes
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_guest_join import NAME
from tests.simulator.test_kube_controllers import account, settled

__all__ = ["account"]

_HOW = How("eks-outposts-servers", validation="Strict")
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


def announced(account: EksAccount) -> list[str]:
    objects = settled(account).objects
    resource = objects.resource("metallb.io", "v1beta1", "servicel2statuses")
    assert resource
    return [one["status"]["node"] for one in objects.list(resource, _SYSTEM)]


def test_pools_wait_for_the_webhook_and_a_local_service_is_announced_only_where_it_has_a_pod(
    account: EksAccount,
) -> None:
    account.eks.create_addon(clusterName=NAME, addonName="vpc-cni")
    names = sorted(nodes(account, begin(account), begin(account)))
    for obj in metallb_manifest.objects(""):
        apply(account, obj)
    pool = custom("IPAddressPool", addresses=["192.168.10.8/32"])
    with pytest.raises(Refusal, match="no endpoints available for service") as refused:
        apply(account, pool)
    assert refused.value.code == 500
    settled(account, 120)
    assert (
        settled(account).objects.get(DEPLOYMENTS, _SYSTEM, "controller")["status"]["availableReplicas"] == 1
    )
    assert settled(account).objects.get(DAEMON_SETS, _SYSTEM, "speaker")["status"]["numberReady"] == 2
    apply(account, pool)
    overlapping = custom("IPAddressPool", addresses=["192.168.10.8-192.168.10.9"])
    overlapping["metadata"]["name"] = "other"
    with pytest.raises(Refusal, match="overlaps"):
        apply(account, overlapping)
    apply(account, custom("L2Advertisement", ipAddressPools=["lan"], interfaces=["ens6"]))
    spec = {
        "type": "LoadBalancer",
        "loadBalancerClass": LOAD_BALANCER_CLASS,
        "externalTrafficPolicy": "Local",
        "selector": {"app": "web"},
        "ports": [{"port": 80}],
    }
    service = {"metadata": {"name": "web"}, "spec": spec}
    made = settled(account).objects.create(SERVICES, "default", service, _HOW)
    for node in names:
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
