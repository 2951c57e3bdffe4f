"""ApplyPodNetworks: all of Multus and whereabouts, nothing of others', no address taken from a pod."""

import copy
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import apply_pod_networks
import pytest

from extended_cluster import pod_network
from extended_cluster.errors import NetworkServicesConflict, NotReadyYet, PodNetworksNotReady
from extended_cluster.pod_networks_manifest import objects
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.server_plan import OUTPOST, SERVER
from tests.unit.test_apply_metallb import READY, node

type Json = dict[str, Any]

OTHER = "op-0a1b2c3d4e5f60002"
ADDRESSES: Any = {"addresses": "192.168.10.220-192.168.10.230"}
ATTACHMENT = pod_network.attachment(SERVER, ADDRESSES)
RESULT = {"podNetworks": {"multus": "v4.3.0", "whereabouts": "v0.9.4", "attachments": [OUTPOST]}}


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NETWORKS_REGISTRY", "")


def pod(of: str, on: str, **status: Any) -> Json:
    meta = {"name": f"{of}-{on}", "namespace": "kube-system", "labels": {"name": of}}
    told = status or {"conditions": READY}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"nodeName": on}, "status": told}


def pool(**allocations: str) -> Json:
    """Offset from the LAN's first address -> pod."""
    taken = {
        offset[1:]: {"id": "c", "podref": f"default/{name}", "ifname": "net1"}
        for offset, name in allocations.items()
    }
    return {
        "apiVersion": "whereabouts.cni.cncf.io/v1alpha1",
        "kind": "IPPool",
        "metadata": {"name": "192.168.10.0-24", "namespace": "kube-system"},
        "spec": {"range": "192.168.10.0/24", "allocations": taken},
    }


def working() -> dict[str, Json]:
    return {"node": node("n1"), "multus": pod("multus", "n1"), "whereabouts": pod("whereabouts", "n1")}


def run(kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch, look: int = 0, **server: Any) -> Json:
    monkeypatch.setattr(apply_pod_networks, "connect", lambda _: kubernetes)
    event = {
        "executionId": "arn",
        "cluster": {"name": "edge-1"},
        "servers": [{**SERVER, "podNetwork": ADDRESSES, **server}],
        "look": look,
        "lastLook": 3,
    }
    return apply_pod_networks.handler(event, SimpleNamespace(aws_request_id="1"))


def test_all_of_it_is_applied_without_force_and_the_attachment_last(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(*working().values())
    assert run(kubernetes, monkeypatch) == RESULT
    assert kubernetes.applied == [*objects(""), ATTACHMENT]
    before = copy.deepcopy(kubernetes.objects)
    assert run(kubernetes, monkeypatch) == RESULT
    assert kubernetes.objects == before
    assert (kubernetes.forced, kubernetes.deleted) == ([], [])


def test_without_addresses_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(cluster: Mapping[str, Any]) -> FakeKubernetes:
        raise AssertionError("connected")

    monkeypatch.setattr(apply_pod_networks, "connect", unreachable)
    event = {"executionId": "arn", "cluster": {}, "servers": [SERVER], "look": 0, "lastLook": 1}
    assert apply_pod_networks.handler(event, SimpleNamespace(aws_request_id="1")) == {"podNetworks": None}


def test_the_registry_is_the_stack_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NETWORKS_REGISTRY", "mirror.example/lan")
    kubernetes = FakeKubernetes(*working().values())
    run(kubernetes, monkeypatch)
    assert kubernetes.applied[:-1] == objects("mirror.example/lan")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"node": node("n1", lni="pending")}, f"no node of {OUTPOST} has the label eks-outposts-servers/lni"),
        ({"multus": node("n9", OTHER)}, f"node n1 of {OUTPOST} has no ready pod of Multus"),
        ({"whereabouts": node("n9", OTHER)}, f"node n1 of {OUTPOST} has no ready pod of whereabouts"),
        ({"more": node("n2")}, f"node n2 of {OUTPOST} has no ready pod of Multus"),
    ],
)
def test_what_is_missing_is_named_and_no_attachment_made(
    change: dict[str, Json], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = (working() | change).values()
    kubernetes = FakeKubernetes(*things)
    with pytest.raises(NotReadyYet) as waiting:
        run(kubernetes, monkeypatch, look=2)
    assert str(waiting.value).count(said) == 1
    assert kubernetes.applied == objects("")
    with pytest.raises(PodNetworksNotReady) as failed:
        run(FakeKubernetes(*things), monkeypatch, look=3)
    assert said in str(failed.value)
    assert "kubectl --namespace kube-system describe pods" in str(failed.value)


def test_an_image_that_cannot_be_pulled_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    image = "mirror.example/lan/multus-cni:v4.3.0"
    state = {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}
    first = {"name": "install-multus-binary", "image": image, "state": state}
    things = working() | {"multus": pod("multus", "n1", initContainerStatuses=[first])}
    with pytest.raises(PodNetworksNotReady) as failed:
        run(FakeKubernetes(*things.values()), monkeypatch, look=3)
    said = (
        "multus-n1 on n1: ErrImagePull (no such host)",
        f"Let the nodes reach {image}",
        "PodNetworksRegistry",
    )
    assert [part for part in said if part not in str(failed.value)] == []


@pytest.mark.parametrize("index", range(len(objects(""))))
def test_another_s_is_left_alone(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """EKS users have installed Multus by AWS's own manifest, which has the same names."""
    foreign = copy.deepcopy(objects("")[index])
    del foreign["metadata"]["labels"]["app.kubernetes.io/managed-by"]
    kubernetes = FakeKubernetes(foreign)
    with pytest.raises(NetworkServicesConflict) as refused:
        run(kubernetes, monkeypatch)
    assert "A Multus or whereabouts that is not ours" in str(refused.value)
    assert f"{foreign['kind']} {foreign['metadata']['name']} by " in str(refused.value)
    assert kubernetes.applied == []


@pytest.mark.parametrize("change", [{"metadata": {"labels": {}}}, {"spec": {"config": "{}"}}])
def test_another_s_attachment_of_our_name_is_left_alone(
    change: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {**ATTACHMENT, **change, "metadata": {**ATTACHMENT["metadata"], **change.get("metadata", {})}}
    kubernetes = FakeKubernetes(*working().values(), found)
    with pytest.raises(NetworkServicesConflict, match=f"NetworkAttachmentDefinition {OUTPOST} in namespace"):
        run(kubernetes, monkeypatch)
    assert kubernetes.applied == []


@pytest.mark.parametrize(
    ("addresses", "losers"),
    [
        ("192.168.10.221-192.168.10.240", ["default/first (192.168.10.220)"]),
        (
            "192.168.10.100-192.168.10.110",
            ["default/first (192.168.10.220)", "default/last (192.168.10.230)"],
        ),
        ("192.168.10.210-192.168.10.230", []),
    ],
)
def test_no_pod_s_address_leaves_the_range(
    addresses: str, losers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`another` has an address of another server's range on the same LAN."""
    taken = pool(_220="first", _230="last", _231="another")
    kubernetes = FakeKubernetes(*working().values(), ATTACHMENT, taken)
    asked: Any = {"addresses": addresses}
    if losers:
        with pytest.raises(NetworkServicesConflict) as refused:
            run(kubernetes, monkeypatch, podNetwork=asked)
        assert f"and {', '.join(losers)} would be outside" in str(refused.value)
        assert kubernetes.applied == []
    else:
        run(kubernetes, monkeypatch, podNetwork=asked)
        assert kubernetes.applied[-1] == pod_network.attachment(SERVER, asked)
