"""EnsureLocalDns: a ready CoreDNS on each node, then and only then kube-dns turns to local pods."""

from typing import Any

import ensure_local_dns
import pytest

from extended_cluster.errors import FieldConflict, LocalDnsNotReady, NotReadyYet
from tests.unit.coredns_addon import DEPLOYMENT, SERVICE
from tests.unit.edge_nodes import found, node
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.stateful_aws import run

type Json = dict[str, Any]


def pod(
    number: int, *, ready: bool = True, waiting: Json | None = None, own: bool = True, **metadata: Any
) -> Json:
    labels = {"k8s-app": "kube-dns"} | ({"eks-outposts-servers/component": "coredns-node"} if own else {})
    state = {"waiting": waiting} if waiting else {"running": {}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"coredns-{'node' if own else 'addon'}-{number}",
            "namespace": "kube-system",
            "labels": labels,
            **metadata,
        },
        "spec": {"nodeName": f"node-{number}"},
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [{"name": "coredns", "state": state}],
        },
    }


def cluster(*objects: Json, **more: Any) -> FakeKubernetes:
    return FakeKubernetes(DEPLOYMENT, SERVICE, *objects, **more)


def policy(fake: FakeKubernetes) -> str:
    service = fake.get("v1", "Service", "kube-dns", "kube-system")
    assert service
    return str(service["spec"]["internalTrafficPolicy"])


def lacks(fake: FakeKubernetes, *numbers: int) -> str:
    """What it says while it waits, and the same at the last look by name; the Service stays as it was."""
    nodes = [found(number) for number in numbers or (1, 2)]
    with pytest.raises(NotReadyYet) as waiting:
        ensure_local_dns.ensure(fake, nodes, last=False)
    with pytest.raises(LocalDnsNotReady) as given_up:
        ensure_local_dns.ensure(fake, nodes, last=True)
    said = str(waiting.value).removesuffix(" The state machine will look again.")
    assert str(given_up.value).startswith(said)
    assert policy(fake) == "Cluster"
    return said


def test_with_a_ready_pod_on_each_node_the_service_turns_local() -> None:
    fake = cluster(node(1), node(2), pod(1), pod(2))
    assert ensure_local_dns.ensure(fake, [found(1), found(2)], last=False) == {"nodes": 2}
    assert [each["kind"] for each in fake.applied] == ["DaemonSet", "Service"]
    assert (policy(fake), fake.forced) == ("Local", [])


def test_a_second_run_changes_nothing() -> None:
    fake = cluster(node(1), pod(1))
    ensure_local_dns.ensure(fake, [found(1)], last=False)
    before = {**fake.objects}
    ensure_local_dns.ensure(fake, [found(1)], last=False)
    assert fake.objects == before
    assert [each["kind"] for each in fake.applied] == ["DaemonSet", "Service", "DaemonSet"]


def test_a_new_image_of_the_add_on_comes_with_the_next_run() -> None:
    fake = cluster(node(1), pod(1))
    ensure_local_dns.ensure(fake, [found(1)], last=False)
    deployment = fake.objects["apps/v1", "Deployment", "kube-system", "coredns"]
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "REGISTRY/eks/coredns:v1.13.0"
    ensure_local_dns.ensure(fake, [found(1)], last=False)
    daemon_set = fake.objects["apps/v1", "DaemonSet", "kube-system", "coredns-node"]
    assert daemon_set["spec"]["template"]["spec"]["containers"][0]["image"].endswith("v1.13.0")


def test_the_add_on_s_own_pods_do_not_count() -> None:
    said = lacks(cluster(node(1), node(2), pod(1), pod(2, own=False)))
    assert said.endswith("on 1 node(s) by itself. node-2: DaemonSet coredns-node has no pod there yet.")


def test_why_a_container_waits_is_told() -> None:
    waiting = {"reason": "ErrImagePull", "message": "no route to host"}
    said = lacks(cluster(node(1), node(2), pod(1), pod(2, ready=False, waiting=waiting)))
    assert "node-2: pod coredns-node-2 is not ready: coredns waits: ErrImagePull (no route to host)" in said
    assert "node-1" not in said


def test_a_pod_that_runs_and_is_not_ready_or_that_ends_does_not_count() -> None:
    ending = pod(2, deletionTimestamp="2026-11-23T12:00:00Z")
    said = lacks(cluster(node(1), node(2), pod(1, ready=False), ending))
    assert (
        "node-1: pod coredns-node-1 is not ready; node-2: DaemonSet coredns-node has no pod there yet" in said
    )


def test_a_working_node_that_is_none_of_ours_must_not_lose_its_dns() -> None:
    fargate = node(2, labels={"eks.amazonaws.com/compute-type": "fargate"})
    assert "node-2: is a Fargate node" in lacks(cluster(node(1), pod(1), fargate), 1)
    windows = node(2, labels={"kubernetes.io/os": "windows"})
    assert "node-2: runs windows" in lacks(cluster(node(1), pod(1), windows), 1)
    broken = node(2, ready=("Unknown", "NodeStatusUnknown", "gone"))
    assert ensure_local_dns.ensure(cluster(node(1), pod(1), broken), [found(1)], last=False) == {"nodes": 1}


def test_an_expected_node_that_has_gone_is_told() -> None:
    assert "node-2: there is no such Node any more" in lacks(cluster(node(1), pod(1)))


@pytest.mark.parametrize(
    ("there", "absent"), [(SERVICE, "Deployment coredns"), (DEPLOYMENT, "Service kube-dns")]
)
def test_it_waits_for_the_add_on(there: Json, absent: str) -> None:
    fake = FakeKubernetes(there, node(1), pod(1))
    with pytest.raises(NotReadyYet, match=f"has no {absent} in kube-system"):
        ensure_local_dns.ensure(fake, [found(1)], last=False)
    with pytest.raises(LocalDnsNotReady, match=absent):
        ensure_local_dns.ensure(fake, [found(1)], last=True)
    assert fake.applied == []


def test_another_manager_s_field_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    conflict = FieldConflict(".spec.internalTrafficPolicy (eks).", do="Ask.")
    fake = cluster(node(1), pod(1), failures={("apply", "Service"): conflict})
    monkeypatch.setattr(ensure_local_dns, "connect", lambda cluster: {"edge-1": fake}[cluster["name"]])
    event = {"cluster": {"name": "edge-1"}, "nodes": [found(1)], "look": 9, "lastLook": 9}
    with pytest.raises(FieldConflict, match="eks"):
        run(monkeypatch, ensure_local_dns.handler, event)
    fake.failures.clear()
    assert run(monkeypatch, ensure_local_dns.handler, event) == {"nodes": 1}
