"""ApplyMetalLb: all of MetalLB, nothing of others', and what is missing is said by name."""

import copy
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import apply_metallb
import pytest

from extended_cluster.errors import (
    FieldConflict,
    NetworkServicesConflict,
    NetworkServicesNotReady,
    NotReadyYet,
)
from extended_cluster.metallb_manifest import objects
from extended_cluster.names import METALLB_VERSION
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.server_plan import OUTPOST, SERVER

type Json = dict[str, Any]

OTHER = "op-0a1b2c3d4e5f60002"
ADDRESSES = {"addresses": ["192.168.10.200-192.168.10.210"]}
RESULT = {"metallb": {"version": METALLB_VERSION, "loadBalancerClass": "eks-outposts-servers/metallb"}}
READY = [{"type": "Ready", "status": "True"}]


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METALLB_REGISTRY", "")


def node(name: str, outpost_id: str = OUTPOST, lni: str = "ready") -> Json:
    labels = {"eks-outposts-servers/outpost": outpost_id, "eks-outposts-servers/lni": lni}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def pod(name: str, component: str, on: str | None, status: Json) -> Json:
    labels = {"app": "metallb", "component": component}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "metallb-system", "labels": labels},
        "spec": {} if on is None else {"nodeName": on},
        "status": status,
    }


def ending(obj: Json) -> Json:
    return {**obj, "metadata": {**obj["metadata"], "deletionTimestamp": "2026-11-23T10:00:00Z"}}


def endpoints(*ready: bool | None) -> Json:
    labels = {"kubernetes.io/service-name": "metallb-webhook-service"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "webhook-1", "namespace": "metallb-system", "labels": labels},
        "endpoints": [{"conditions": {} if each is None else {"ready": each}} for each in ready],
    }


def controller(**status: Any) -> Json:
    """What the Deployment's controller adds to ours."""
    (made,) = (copy.deepcopy(each) for each in objects("") if each["kind"] == "Deployment")
    made["metadata"]["generation"] = 2
    made["spec"]["replicas"] = 1
    counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "observedGeneration": 2}
    made["status"] = {"conditions": [{"type": "Available", "status": "True"}], **counts, **status}
    return made


def working() -> dict[str, Json]:
    return {
        "controller": controller(),
        "endpoints": endpoints(True),
        "node": node("n1"),
        "speaker": pod("speaker-1", "speaker", "n1", {"conditions": READY}),
    }


def run(kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch, look: int = 0, **server: Any) -> Json:
    monkeypatch.setattr(apply_metallb, "connect", lambda _: kubernetes)
    event = {
        "executionId": "arn",
        "cluster": {"name": "edge-1"},
        "servers": [{**SERVER, "metallb": ADDRESSES, **server}],
        "look": look,
        "lastLook": 3,
    }
    return apply_metallb.handler(event, SimpleNamespace(aws_request_id="1"))


def test_all_of_it_is_applied_without_force(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(*working().values())
    assert run(kubernetes, monkeypatch) == RESULT
    assert kubernetes.applied == objects("")
    assert (kubernetes.forced, kubernetes.deleted) == ([], [])


def test_a_second_time_asks_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(*working().values())
    run(kubernetes, monkeypatch)
    before, first = copy.deepcopy(kubernetes.objects), kubernetes.applied[:]
    assert run(kubernetes, monkeypatch) == RESULT
    assert kubernetes.objects == before
    assert kubernetes.applied == first * 2


def test_without_addresses_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(cluster: Mapping[str, Any]) -> FakeKubernetes:
        raise AssertionError("connected")

    monkeypatch.setattr(apply_metallb, "connect", unreachable)
    event = {"executionId": "arn", "cluster": {}, "servers": [SERVER], "look": 0, "lastLook": 1}
    assert apply_metallb.handler(event, SimpleNamespace(aws_request_id="1")) == {"metallb": None}


def test_the_registry_is_the_stack_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METALLB_REGISTRY", "mirror.example/metallb")
    kubernetes = FakeKubernetes(*working().values())
    run(kubernetes, monkeypatch)
    assert kubernetes.applied == objects("mirror.example/metallb")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"controller": controller(availableReplicas=0)}, "controller is not Available (0 of 1)"),
        ({"controller": controller(conditions=[])}, "controller is not Available (1 of 1)"),
        # The old pod is there still, and the new one not yet.
        ({"controller": controller(replicas=2)}, "controller is not Available"),
        ({"controller": controller(updatedReplicas=0)}, "controller is not Available"),
        ({"controller": controller(observedGeneration=1)}, "controller has not been looked at yet"),
        ({"endpoints": endpoints(False)}, "metallb-webhook-service has no ready endpoint"),
        ({"endpoints": endpoints()}, "metallb-webhook-service has no ready endpoint"),
        ({"node": node("n1", lni="pending")}, f"no node of {OUTPOST} has the label eks-outposts-servers/lni"),
        ({"node": node("n1", outpost_id=OTHER)}, f"no node of {OUTPOST} has the label"),
        ({"more": node("n2")}, f"node n2 of {OUTPOST} has no ready speaker"),
        ({"speaker": pod("speaker-1", "speaker", "n1", {})}, f"node n1 of {OUTPOST} has no ready speaker"),
        (
            {"speaker": ending(pod("speaker-1", "speaker", "n1", {"conditions": READY}))},
            f"node n1 of {OUTPOST} has no ready speaker",
        ),
        (
            {"speaker": pod("controller-1", "controller", "n1", {"conditions": READY})},
            f"node n1 of {OUTPOST} has no ready speaker",
        ),
    ],
)
def test_what_is_missing_is_named(
    change: dict[str, Json], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = (working() | change).values()
    with pytest.raises(NotReadyYet) as waiting:
        run(FakeKubernetes(*things), monkeypatch, look=2)
    assert said in str(waiting.value)
    with pytest.raises(NetworkServicesNotReady) as failed:
        run(FakeKubernetes(*things), monkeypatch, look=3)
    assert said in str(failed.value)
    assert "describe pods" in str(failed.value)


@pytest.mark.parametrize("ready", [True, None])
def test_an_endpoint_that_says_nothing_is_ready(ready: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    things = working() | {"endpoints": endpoints(False, ready)}
    assert run(FakeKubernetes(*things.values()), monkeypatch) == RESULT


def test_another_request_s_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    things = working() | {"other": node("n9", OTHER), "waiting": pod("speaker-9", "speaker", "n9", {})}
    assert run(FakeKubernetes(*things.values()), monkeypatch) == RESULT


def test_an_image_that_cannot_be_pulled_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    image = "mirror.example/metallb/speaker:v0.16.1"
    waiting = {"reason": "ErrImagePull", "message": "no such host"}
    container = {"name": "speaker", "image": image, "state": {"waiting": waiting}}
    broken = pod("speaker-1", "speaker", "n1", {"containerStatuses": [container]})
    with pytest.raises(NetworkServicesNotReady) as failed:
        run(FakeKubernetes(*(working() | {"speaker": broken}).values()), monkeypatch, look=3)
    said = (
        "pod speaker-1 on n1: ErrImagePull (no such host)",
        f"Let the nodes reach {image}",
        "MetalLbRegistry",
    )
    assert [part for part in said if part not in str(failed.value)] == []


def test_a_pod_that_fits_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
    things = working() | {
        "controller": controller(availableReplicas=0),
        "pod": pod("controller-1", "controller", None, {"conditions": [unplaced]}),
    }
    with pytest.raises(NetworkServicesNotReady, match=r"controller-1 on no node: Unschedulable: 0/1 nodes"):
        run(FakeKubernetes(*things.values()), monkeypatch, look=3)


def foreign(index: int, **metadata: Any) -> Json:
    """Somebody's object of the same name."""
    made = copy.deepcopy(objects("")[index])
    del made["metadata"]["labels"]["app.kubernetes.io/managed-by"]
    made["metadata"] |= metadata
    return made


@pytest.mark.parametrize("index", range(len(objects(""))))
def test_another_s_metallb_is_left_alone(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(foreign(index))
    with pytest.raises(NetworkServicesConflict) as refused:
        run(kubernetes, monkeypatch)
    wanted = objects("")[index]
    assert f"{wanted['kind']} {wanted['metadata']['name']} by " in str(refused.value)
    assert kubernetes.applied == []


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"annotations": {"meta.helm.sh/release-name": "lb"}}, "Helm release lb"),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "field manager unknown"),
        ({"managedFields": [{"manager": "kubectl-client-side-apply"}]}, "kubectl-client-side-apply"),
    ],
)
def test_whose_it_is_is_told(metadata: Json, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NetworkServicesConflict, match=f"Namespace metallb-system by .*{said}"):
        run(FakeKubernetes(foreign(0, **metadata)), monkeypatch)


def test_another_s_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    index = next(i for i, each in enumerate(objects("")) if each["kind"] == "DaemonSet")
    other = foreign(index)
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "mirror.example/speaker:v0.13.9"
    with pytest.raises(NetworkServicesConflict, match=r"speaker:v0\.13\.9"):
        run(FakeKubernetes(other), monkeypatch)


def test_who_changed_ours_is_told_and_not_overruled(monkeypatch: pytest.MonkeyPatch) -> None:
    conflict = FieldConflict("kubectl-edit owns .spec", do="Give it up.")
    kubernetes = FakeKubernetes(*working().values(), failures={("apply", "DaemonSet"): conflict})
    with pytest.raises(FieldConflict, match="kubectl-edit"):
        run(kubernetes, monkeypatch)
    assert kubernetes.forced == []
