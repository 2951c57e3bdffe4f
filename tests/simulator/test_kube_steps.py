"""The application's own steps on the layer, one after the other: what they make there works, and goes again."""

from collections.abc import Callable
from typing import Any

import pytest
from apply_address_pools import change
from apply_metallb import install
from await_nodes import await_nodes
from end_verification import end
from ensure_local_dns import ensure
from label_nodes import label
from read_verification import read
from start_verification import start

from extended_cluster import metallb_manifest, metallb_readiness, vpc_cni
from extended_cluster.errors import NotReadyYet
from extended_cluster.kubernetes.api import Json
from extended_cluster.types import Cluster, LniSpec, Server, ServerPlan
from simulator.kube.objects import How
from simulator.kube.resources import NAMESPACES, Resource
from simulator.kube.status import Refusal
from tests.simulator.edge_nodes import FIRST, SECOND, begin
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_guest_join import NAME
from tests.simulator.test_kube_controllers import account, settled
from tests.unit.server_plan import LNI, SERVER

__all__ = ["account"]

RUN = "0123456789abcdef"
OTHER_LAN: LniSpec = {**LNI, "localCidr": "192.168.20.0/24"}
PLANS: list[ServerPlan] = [
    {**SERVER, "metallb": {"addresses": ["192.168.10.200-192.168.10.210"]}},
    {**SERVER, "outpostId": SECOND, "lni": OTHER_LAN, "metallb": {"addresses": ["192.168.20.200/32"]}},
]


class Layer:
    """The functions' interface to Kubernetes, on the layer's objects: without a connection and a token."""

    def __init__(self, account: EksAccount) -> None:
        self.account = account

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        resource, objects = self._resource(api_version, kind), settled(self.account).objects
        found = resource and objects.store.get(resource, namespace, name)
        return objects.get(resource, namespace, name) if resource and found else None

    def list(self, api_version: str, kind: str, namespace: str = "", labels: str = "") -> list[Json]:
        resource = self._resource(api_version, kind)
        return settled(self.account).objects.list(resource, namespace, labels) if resource else []

    def apply(self, obj: Json, *, force: bool = False) -> Json:
        resource = self._resource(obj["apiVersion"], obj["kind"])
        assert resource
        meta = obj["metadata"]
        how = How("eks-outposts-servers", "Strict", force=force)
        objects = settled(self.account).objects
        return objects.apply(resource, meta.get("namespace", ""), meta["name"], obj, how)

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        resource = self._resource(api_version, kind)
        try:
            assert resource
            settled(self.account).objects.delete(resource, namespace, name, How("ours"), "Background")
        except Refusal as refused:
            if refused.code != 404:
                raise
            return False
        return True

    def _resource(self, api_version: str, kind: str) -> Resource | None:
        served = settled(self.account).objects.resources()
        return next((r for r in served if (r.api_version, r.kind) == (api_version, kind)), None)


def until[T](account: EksAccount, step: Callable[[], T], looks: int = 40) -> T:
    """The step's answer, looking every fifteen seconds as a retrier would."""
    for _ in range(looks):
        try:
            return step()
        except NotReadyYet as wait:
            told = str(wait)
            settled(account, 15)
    pytest.fail(told)


def test_a_cluster_of_two_servers_is_proven_from_inside(account: EksAccount) -> None:
    kubernetes = Layer(account)
    lans = [plan["lni"]["localCidr"] or "" for plan in PLANS]
    account.eks.create_addon(
        clusterName=NAME, addonName="vpc-cni", configurationValues=vpc_cni.configuration(lans)
    )
    account.eks.create_addon(clusterName=NAME, addonName="kube-proxy")
    instances = {FIRST: [begin(account), begin(account)], SECOND: [begin(account, OTHER_LAN, SECOND)]}
    servers: list[Any] = [
        {"outpostId": outpost_id, "instances": [{"instanceId": one} for one in ids]}
        for outpost_id, ids in instances.items()
    ]
    cluster: Any = {"name": NAME, "version": account.cluster(NAME)["version"]}

    nodes = until(account, lambda: _await(kubernetes, cluster, servers))
    assert len(nodes) == 3
    assert sorted(label(kubernetes, nodes)["labelled"]) == sorted(node["name"] for node in nodes)
    assert label(kubernetes, nodes)["labelled"] == []
    account.eks.create_addon(clusterName=NAME, addonName="coredns")
    until(account, lambda: ensure(kubernetes, nodes, last=False))
    install(kubernetes, metallb_manifest.objects(""))
    until(account, lambda: _metallb(kubernetes))
    change(kubernetes, PLANS)
    until(account, lambda: start(kubernetes, RUN, PLANS, "python:3.13-alpine", last=False))
    proven = until(account, lambda: read(kubernetes, NAME, RUN, nodes, PLANS, last=False))

    failed = {f["id"]: f["evidence"] for f in proven["findings"] if f["required"] and f["status"] != "pass"}
    assert failed == {}
    assert {one["outpostId"]: one["address"] for one in proven["addresses"]} == {
        FIRST: "192.168.10.200",
        SECOND: "192.168.20.200",
    }
    until(account, lambda: end(kubernetes, last=False))
    left = [one["metadata"]["name"] for one in settled(account).objects.list(NAMESPACES, "")]
    assert "eks-outposts-servers-verify" not in left


def _await(kubernetes: Layer, cluster: Cluster, servers: list[Server]) -> Any:
    return await_nodes(kubernetes, cluster, servers, last=False)["nodes"]


def _metallb(kubernetes: Layer) -> None:
    if missing := metallb_readiness.faults(kubernetes, [FIRST, SECOND]):
        raise NotReadyYet(str(missing))
