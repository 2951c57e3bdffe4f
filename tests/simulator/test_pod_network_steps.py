"""ApplyPodNetworks over TLS against a cluster whose nodes run what they are given."""

from types import SimpleNamespace
from typing import Any

import apply_pod_networks
import pytest

from extended_cluster import pod_network
from extended_cluster.errors import NotReadyYet, PodNetworksNotReady
from simulator.kube.objects import How
from simulator.kube.resources import PODS
from simulator.kube.status import Refusal
from tests.simulator.test_metallb_steps import NAME, Cluster, cluster

__all__ = ["cluster"]

type Json = dict[str, Any]

ADDRESSES: Any = {"addresses": "192.168.30.220-192.168.30.230"}


def run(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, look: int = 0) -> Json:
    monkeypatch.setattr(apply_pod_networks, "connect", lambda _: cluster.kubernetes)
    event = {
        "executionId": "arn",
        "cluster": {"name": NAME},
        "servers": [{**cluster.server(), "podNetwork": ADDRESSES}],
        "look": look,
        "lastLook": 3,
    }
    return apply_pod_networks.handler(event, SimpleNamespace(aws_request_id="1"))


def test_from_nothing_to_an_attachment(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NETWORKS_REGISTRY", "")
    cluster.join()
    with pytest.raises(NotReadyYet, match=f"no node of {cluster.outpost} has the label"):
        run(cluster, monkeypatch)
    cluster.settle(180)
    assert cluster.kubernetes.list("v1", "Pod", "kube-system", "name=multus") == []
    cluster.label()
    cluster.settle(180)
    assert run(cluster, monkeypatch)["podNetworks"]["attachments"] == [cluster.outpost]
    (found,) = cluster.kubernetes.list(pod_network.API_VERSION, pod_network.KIND, "eks-outposts-servers")
    assert found["metadata"]["name"] == cluster.outpost
    store = cluster.account.cloud.control_planes.of(NAME).objects.store
    before = store.version
    run(cluster, monkeypatch)
    assert store.version == before


def test_an_image_that_no_node_can_pull_is_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NETWORKS_REGISTRY", "registry.invalid/lan")
    cluster.join()
    cluster.label()
    with pytest.raises(NotReadyYet):
        run(cluster, monkeypatch)
    cluster.settle(180)
    with pytest.raises(PodNetworksNotReady) as failed:
        run(cluster, monkeypatch, look=3)
    said = (
        "ErrImagePull",
        "registry.invalid/lan/multus-cni:v4.3.0 and registry.invalid/lan/whereabouts:v0.9.4",
    )
    assert [part for part in said if part not in str(failed.value)] == []


def test_a_pod_s_second_interface_is_not_modelled(cluster: Cluster) -> None:
    meta = {"name": "camera", "annotations": {"k8s.v1.cni.cncf.io/networks": "eks-outposts-servers/op-1"}}
    spec = {"containers": [{"name": "camera", "image": "registry.example/camera:1"}]}
    objects = cluster.account.cloud.control_planes.of(NAME).objects
    with pytest.raises(Refusal, match="does not model") as refused:
        objects.create(PODS, "default", {"metadata": meta, "spec": spec}, How("test"))
    assert refused.value.code == 501
