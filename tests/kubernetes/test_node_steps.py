"""What the node steps apply and delete, on the layer and on a real API server alike."""

import copy
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from await_nodes import await_nodes
from ensure_local_dns import ensure
from label_nodes import label
from remove_load_balancers import remove

from extended_cluster.errors import FieldConflict, NotReadyYet
from extended_cluster.kubernetes.connection import Connection
from extended_cluster.node_readiness import control_plane_time
from tests.kubernetes.conftest import NAME, Kubernetes, LayerServer
from tests.unit import edge_nodes
from tests.unit.coredns_addon import DEPLOYMENT, SERVICE
from tests.unit.edge_nodes import CLUSTER, found, server

type Json = dict[str, Any]

LNI = "eks-outposts-servers/lni"
DAEMON_SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/coredns-node"
COREDNS = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
KUBE_DNS = "/api/v1/namespaces/kube-system/services/kube-dns"
LEASE = "coordination.k8s.io/v1", "Lease"
LEASES = "kube-controller-manager", "kube-scheduler"


@pytest.fixture
def product(
    kubernetes: Kubernetes, connect: Callable[[str], Connection], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """The functions' own client. Nodes that a test made go with it: nobody runs pods on them."""
    monkeypatch.setenv("PRINCIPAL_ARN", "the administrator of the tests")
    made = connect(kubernetes.server.admin)
    if kubernetes.real:
        apply = made.apply
        monkeypatch.setattr(made, "apply", lambda obj, **more: apply(_without(obj), **more))
    yield made
    for node in made.list("v1", "Node", labels="eks-outposts-servers/outpost"):
        made.delete("v1", "Node", node["metadata"]["name"])


def _without(value: Any) -> Any:
    """What Kubernetes 1.20, the real server of these tests, knows: both fields are of 1.21.

    Without maxSurge the strategy's maxUnavailable of 0 would be refused, so it goes with it.
    """
    if isinstance(value, list):
        return [_without(each) for each in value]
    if isinstance(value, dict):
        later = {"internalTrafficPolicy", "rollingUpdate"}
        return {key: _without(each) for key, each in value.items() if key not in later}
    return value


@pytest.fixture
def coredns(kubernetes: Kubernetes, product: Connection) -> Iterator[Json]:
    """The add-on's Deployment, where EKS is simulated as it makes it, and none of the add-on afterwards."""
    addon = {"clusterName": NAME, "addonName": "coredns"}
    if isinstance(kubernetes.server, LayerServer):
        kubernetes.server.account.eks.create_addon(**addon)
        kubernetes.server.pass_time(1)
    else:
        assert kubernetes.apply(COREDNS, DEPLOYMENT, "eks").code == 201
    if kubernetes.ask("GET", KUBE_DNS).code == 404:
        assert kubernetes.apply(KUBE_DNS, of_eks(), "eks").code == 201
    yield kubernetes.ask("GET", COREDNS).body
    product.delete("apps/v1", "DaemonSet", "coredns-node", "kube-system")
    if isinstance(kubernetes.server, LayerServer):
        kubernetes.server.account.eks.delete_addon(**addon)
    product.delete("apps/v1", "Deployment", "coredns", "kube-system")
    product.delete("v1", "Service", "kube-dns", "kube-system")
    if isinstance(kubernetes.server, LayerServer):
        kubernetes.server.pass_time(300)  # until EKS has deleted the add-on


def of_eks(**metadata: Any) -> Json:
    """The Service as EKS applies it: a minimum of fields (EKS guide, "Determine fields you can customize")."""
    made = copy.deepcopy(SERVICE)
    del made["spec"]["internalTrafficPolicy"]
    made["metadata"] |= metadata
    return made


def make_nodes(kubernetes: Kubernetes, *numbers: int, **more: Any) -> None:
    """Nodes as kubelet registers them."""
    for number in numbers:
        node = edge_nodes.node(number, **more)
        del node["metadata"]["uid"]
        made = kubernetes.ask("POST", "/api/v1/nodes", node)
        assert made.code == 201, made.body


def version(kubernetes: Kubernetes, path: str) -> str:
    return str(kubernetes.ask("GET", path).body["metadata"]["resourceVersion"])


def test_labels_come_and_go_and_the_others_stay(kubernetes: Kubernetes, product: Connection) -> None:
    make_nodes(kubernetes, 1, 2)
    assert label(product, [found(1), found(2)])["labelled"] == ["node-1", "node-2"]
    before = version(kubernetes, "/api/v1/nodes/node-1")
    assert label(product, [found(1), found(2)]) == {"labelled": [], "unlabelled": []}
    assert version(kubernetes, "/api/v1/nodes/node-1") == before
    assert label(product, [found(1)]) == {"labelled": [], "unlabelled": ["node-2"]}
    labels = [
        node["metadata"]["labels"] for node in product.list("v1", "Node", labels="kubernetes.io/os=linux")
    ]
    assert [each.get(LNI) for each in labels] == ["ready", None]


def test_a_label_of_somebody_else_is_not_taken(kubernetes: Kubernetes, product: Connection) -> None:
    make_nodes(kubernetes, 1)
    make_nodes(kubernetes, 2, labels={LNI: "ready"})
    with pytest.raises(FieldConflict, match=r"Node node-2 has the label .* held by tests"):
        label(product, [found(1)])


def test_nodes_are_judged_by_what_a_server_tells(kubernetes: Kubernetes, product: Connection) -> None:
    def renew(name: str, namespace: str, moment: str) -> None:
        lease = edge_nodes.lease(name, namespace, moment)
        path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"
        told = kubernetes.apply(path, lease, "its-owner", force=True)
        assert told.code in {200, 201}, told.body

    def control_plane() -> datetime | None:
        return control_plane_time(product.get(*LEASE, name, "kube-system") for name in LEASES)

    if kubernetes.real:  # its components elect no leader
        renew(LEASES[0], "kube-system", edge_nodes.NOW)
    now = control_plane()
    assert now
    make_nodes(kubernetes, 1)
    with pytest.raises(NotReadyYet, match="no lease in kube-node-lease"):
        await_nodes(product, CLUSTER, [server(1)], last=False)
    renew("node-1", "kube-node-lease", (now - timedelta(seconds=41)).isoformat(timespec="microseconds"))
    with pytest.raises(NotReadyYet, match="41 s before the control plane's last"):
        await_nodes(product, CLUSTER, [server(1)], last=False)
    renew("node-1", "kube-node-lease", now.isoformat(timespec="microseconds"))
    assert await_nodes(product, CLUSTER, [server(1)], last=False) == {"nodes": [found(1)], "others": []}


def test_coredns_on_each_node_is_accepted_and_a_second_run_changes_nothing(
    kubernetes: Kubernetes, product: Connection, coredns: Json
) -> None:
    spec = kubernetes.ask("GET", KUBE_DNS).body["spec"]
    assert ensure(product, [], last=False) == {"nodes": 0}
    made = kubernetes.ask("GET", DAEMON_SET).body["spec"]["template"]
    source = coredns["spec"]["template"]["spec"]
    assert made["spec"]["containers"] == source["containers"]
    service = kubernetes.ask("GET", KUBE_DNS).body
    if kubernetes.real:
        assert service["spec"] == spec
    else:
        assert service["spec"] == {**spec, "internalTrafficPolicy": "Local"}
        ours = {m["manager"]: m["fieldsV1"] for m in service["metadata"]["managedFields"]}[
            "eks-outposts-servers"
        ]
        assert ours == {"f:spec": {"f:internalTrafficPolicy": {}}}
    before = version(kubernetes, DAEMON_SET), version(kubernetes, KUBE_DNS)
    ensure(product, [], last=False)
    assert (version(kubernetes, DAEMON_SET), version(kubernetes, KUBE_DNS)) == before


@pytest.mark.usefixtures("coredns")
def test_what_eks_applies_again_leaves_ours_alone(kubernetes: Kubernetes, product: Connection) -> None:
    ensure(product, [], last=False)
    annotations = {"example.com/of": "eks"}
    assert kubernetes.apply(KUBE_DNS, of_eks(annotations=annotations), "eks").code == 200
    after = kubernetes.ask("GET", KUBE_DNS).body
    assert after["metadata"]["annotations"] == annotations
    assert after["spec"].get("internalTrafficPolicy") == (None if kubernetes.real else "Local")


@pytest.mark.usefixtures("coredns")
def test_a_field_that_somebody_else_took_is_told_with_its_manager(
    kubernetes: Kubernetes, product: Connection
) -> None:
    ensure(product, [], last=False)
    theirs = kubernetes.ask("GET", DAEMON_SET).body
    wanted: Json = {key: theirs[key] for key in ("apiVersion", "kind", "spec")}
    wanted["metadata"] = {"name": "coredns-node", "namespace": "kube-system"}
    wanted["spec"]["template"]["spec"]["containers"][0]["image"] = "REGISTRY/coredns:mine"
    taken = kubernetes.apply(DAEMON_SET, wanted, "somebody", force=True)
    assert taken.code == 200, taken.body
    with pytest.raises(FieldConflict, match=r'image \(conflict with "somebody"'):
        ensure(product, [], last=False)


def test_load_balancers_go_and_other_services_stay(kubernetes: Kubernetes, product: Connection) -> None:
    path = kubernetes.namespace("shop")
    for name, kind in (("web", "LoadBalancer"), ("intern", "ClusterIP")):
        spec: Json = {"type": kind, "ports": [{"port": 80, "protocol": "TCP"}], "selector": {"app": name}}
        meta: Json = {"name": name, "finalizers": ["example.com/clean-up"] if name == "web" else []}
        made = kubernetes.ask(
            "POST",
            f"{path}/services",
            {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec},
        )
        assert made.code == 201, made.body
    with pytest.raises(NotReadyYet, match=r"Service shop/web \(waits for example.com/clean-up\)"):
        remove(product, "edge", last=False)
    freed = kubernetes.ask(
        "PATCH",
        f"{path}/services/web",
        {"metadata": {"finalizers": None}},
        kind="application/merge-patch+json",
    )
    assert freed.code == 200, freed.body
    assert remove(product, "edge", last=False) == {"left": 0}
    assert [service["metadata"]["name"] for service in product.list("v1", "Service", "shop")] == ["intern"]
