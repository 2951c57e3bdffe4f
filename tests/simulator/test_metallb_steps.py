"""ApplyMetalLb and ApplyAddressPools over TLS against a cluster whose nodes run what they are given."""

import copy
import re
from typing import Any

import pytest
from apply_address_pools import change
from apply_metallb import install

from extended_cluster.errors import FieldConflict, NetworkServicesConflict, Throttled
from extended_cluster.kubernetes.connection import Connection
from extended_cluster.metallb_manifest import objects
from extended_cluster.metallb_readiness import faults
from simulator.kube.objects import How
from simulator.kube.resources import SERVICES
from tests.kubernetes.conftest import LayerServer
from tests.simulator.edge_nodes import begin
from tests.simulator.test_eks_addons import let_nodes_in
from tests.unit.server_plan import LNI, SERVER

type Json = dict[str, Any]

NAME = "edge"
ADDRESSES = ["192.168.30.200-192.168.30.203"]


class Cluster(LayerServer):
    """A cluster as the steps reach it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        monkeypatch.setenv("PRINCIPAL_ARN", "arn:aws:iam::123456789012:role/steps")
        authority = self.account.cluster(NAME)["certificateAuthority"]["data"]
        cluster = {"name": NAME, "endpoint": self.endpoint, "certificateAuthority": authority}
        self.kubernetes = Connection(cluster, self.admin)

    def join(self) -> None:
        """A node, whose LNI works."""
        account = self.account
        account.edge = account.subnet("10.0.9.0/24", "c", on_outpost=True)
        account.route_out(account.edge)
        let_nodes_in(account, NAME)
        account.eks.create_addon(clusterName=NAME, addonName="vpc-cni")
        begin(account)
        self.settle(120)
        (node,) = self.kubernetes.list("v1", "Node")
        self.node: str = node["metadata"]["name"]
        self.outpost: str = node["metadata"]["labels"]["eks-outposts-servers/outpost"]

    def settle(self, seconds: float) -> None:
        self.account.cloud.control_planes.of(NAME).settle()
        self.pass_time(seconds)
        self.account.cloud.control_planes.of(NAME).settle()

    def label(self) -> None:
        meta = {"name": self.node, "labels": {"eks-outposts-servers/lni": "ready"}}
        self.kubernetes.apply({"apiVersion": "v1", "kind": "Node", "metadata": meta})

    def server(self, *addresses: str) -> Any:
        metallb = {"addresses": list(addresses)} if addresses else None
        return {**SERVER, "outpostId": self.outpost, "lni": LNI, "metallb": metallb}

    def missing(self) -> str:
        return "; ".join(fault.what for fault in faults(self.kubernetes, [self.outpost]))

    def expose(self, pool: str) -> None:
        web = {"app": "metallb", "component": "speaker"}  # any ready pod on the node will do
        spec = {"type": "LoadBalancer", "loadBalancerClass": "eks-outposts-servers/metallb", "selector": web}
        meta = {"name": "web", "annotations": {"metallb.io/address-pool": pool}}
        service = {"metadata": meta, "spec": {**spec, "ports": [{"port": 80}]}}
        plane = self.account.cloud.control_planes.of(NAME)
        plane.objects.create(SERVICES, "metallb-system", service, How("test"))
        self.settle(60)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    return Cluster(monkeypatch)


def test_from_nothing_to_an_address_on_the_lan(cluster: Cluster) -> None:
    cluster.join()
    kubernetes, server = cluster.kubernetes, cluster.server(*ADDRESSES)
    install(kubernetes, objects(""))
    with pytest.raises(Throttled, match="500 InternalError"):
        change(kubernetes, [server])
    cluster.settle(180)
    assert cluster.missing() == f"no node of {cluster.outpost} has the label eks-outposts-servers/lni=ready"
    cluster.label()
    assert f"node {cluster.node} of {cluster.outpost} has no ready speaker" in cluster.missing()
    cluster.settle(180)
    assert cluster.missing() == ""
    assert change(kubernetes, [server]) == {"applied": [cluster.outpost], "removed": []}

    before = cluster.account.cloud.control_planes.of(NAME).objects.store.version
    install(kubernetes, objects(""))
    change(kubernetes, [server])
    assert cluster.account.cloud.control_planes.of(NAME).objects.store.version == before

    cluster.expose(cluster.outpost)
    web = kubernetes.get("v1", "Service", "web", "metallb-system")
    assert web
    assert web["status"]["loadBalancer"]["ingress"] == [{"ip": "192.168.30.200", "ipMode": "VIP"}]
    (announced,) = kubernetes.list("metallb.io/v1beta1", "ServiceL2Status")
    assert (announced["status"]["node"], announced["status"]["interfaces"]) == (
        cluster.node,
        [{"name": "ens6"}],
    )

    with pytest.raises(NetworkServicesConflict, match=r"metallb-system/web \(192\.168\.30\.200\)"):
        change(kubernetes, [cluster.server()])
    kubernetes.delete("v1", "Service", "web", "metallb-system")
    cluster.settle(60)
    assert change(kubernetes, [cluster.server()]) == {"applied": [], "removed": [cluster.outpost]}
    assert kubernetes.list("metallb.io/v1beta1", "IPAddressPool") == []
    assert kubernetes.list("metallb.io/v1beta1", "L2Advertisement") == []


def test_an_image_that_no_node_can_pull_is_named(cluster: Cluster) -> None:
    cluster.join()
    cluster.label()
    install(cluster.kubernetes, objects("registry.invalid/metallb"))
    cluster.settle(180)
    found = faults(cluster.kubernetes, [cluster.outpost])
    # The speaker's is not even tried: its volume is a Secret that only the controller makes.
    assert {fault.image for fault in found} == {None, "registry.invalid/metallb/controller:v0.16.1"}
    assert "ErrImagePull" in cluster.missing()
    assert f"speaker on {cluster.node}: ContainerCreating" in re.sub(
        r"speaker-\w+", "speaker", cluster.missing()
    )


def test_another_s_metallb_and_another_s_field_are_left_alone(cluster: Cluster) -> None:
    namespace = copy.deepcopy(objects("")[0])
    namespace["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm"
    cluster.kubernetes.apply(namespace)
    with pytest.raises(NetworkServicesConflict, match="Namespace metallb-system by field manager"):
        install(cluster.kubernetes, objects(""))
    cluster.kubernetes.apply(objects("")[0])
    install(cluster.kubernetes, objects(""))
    plane = cluster.account.cloud.control_planes.of(NAME)
    (speaker,) = (each for each in objects("mirror.example") if each["kind"] == "DaemonSet")
    resource = plane.objects.resource("apps", "v1", "daemonsets")
    assert resource
    plane.objects.apply(resource, "metallb-system", "speaker", speaker, How("operator", force=True))
    with pytest.raises(FieldConflict, match="operator"):
        install(cluster.kubernetes, objects(""))
