"""Whether MetalLB can work on servers: its controller, the webhook that asks it, a speaker on every ready node."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.names import LNI_READY, LNI_READY_LABEL, METALLB_NAMESPACE
from extended_cluster.user_data import OUTPOST_LABEL

type Json = dict[str, Any]

# kubelet's reasons for a container without its image (kubernetes, pkg/kubelet/images/types.go).
_IMAGE_REASONS: Final = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
)


class Fault(NamedTuple):
    """what: in words, with names; image: the one that a node could not get."""

    what: str
    image: str | None = None


def faults(kubernetes: Kubernetes, outposts: Sequence[str]) -> list[Fault]:
    """What is missing, in one look; empty when pools may be made and addresses announced on these servers."""
    namespace = METALLB_NAMESPACE
    deployment = kubernetes.get("apps/v1", "Deployment", "controller", namespace)
    slices = kubernetes.list(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        namespace,
        "kubernetes.io/service-name=metallb-webhook-service",
    )
    nodes = kubernetes.list("v1", "Node", labels=f"{LNI_READY_LABEL}={LNI_READY}")
    pods = kubernetes.list("v1", "Pod", namespace, "app=metallb")
    found = [
        *_controller(deployment),
        *_webhook(slices),
        *(fault for outpost_id in outposts for fault in _speakers(outpost_id, nodes, pods)),
    ]
    # Why they wait is only of interest where something is missing: a pod of another request's server may wait, too.
    return [*found, *(fault for pod in pods for fault in _waiting(pod))] if found else []


def _controller(deployment: Json | None) -> list[Fault]:
    """The same conditions as `kubectl rollout status`: what is available must be of this very template."""
    status = (deployment or {}).get("status", {})
    wanted = (deployment or {}).get("spec", {}).get("replicas", 1)
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    available = any(c["type"] == "Available" and c["status"] == "True" for c in status.get("conditions", ()))
    if deployment is None or status.get("observedGeneration", 0) < deployment["metadata"].get(
        "generation", 0
    ):
        return [Fault("Deployment controller has not been looked at yet")]
    if not available or counts != [wanted] * 3:
        return [Fault(f"Deployment controller is not Available ({counts[2]} of {wanted})")]
    return []


def _webhook(slices: Iterable[Json]) -> list[Fault]:
    # EndpointSlice API: a condition that is not there means ready.
    endpoints = (endpoint for each in slices for endpoint in each.get("endpoints") or ())
    if any(endpoint.get("conditions", {}).get("ready", True) for endpoint in endpoints):
        return []
    return [Fault("Service metallb-webhook-service has no ready endpoint, so no pool can be made")]


def _speakers(outpost_id: str, nodes: Iterable[Json], pods: Iterable[Json]) -> list[Fault]:
    ours = [
        node["metadata"]["name"]
        for node in nodes
        if node["metadata"]["labels"].get(OUTPOST_LABEL) == outpost_id
    ]
    if not ours:
        return [Fault(f"no node of {outpost_id} has the label {LNI_READY_LABEL}={LNI_READY}")]
    speaking = {
        pod["spec"].get("nodeName")
        for pod in pods
        if pod["metadata"]["labels"].get("component") == "speaker" and _is_ready(pod)
    }
    return [
        Fault(f"node {name} of {outpost_id} has no ready speaker") for name in ours if name not in speaking
    ]


def _is_ready(pod: Json) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return "deletionTimestamp" not in pod["metadata"] and any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions
    )


def _waiting(pod: Json) -> list[Fault]:
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    where = f"pod {name} on {pod['spec'].get('nodeName', 'no node')}"
    told = [
        Fault(
            f"{where}: {waiting.get('reason')} ({waiting.get('message', container['image'])})",
            container["image"] if waiting.get("reason") in _IMAGE_REASONS else None,
        )
        for container in status.get("containerStatuses", ())
        if (waiting := container.get("state", {}).get("waiting"))
    ]
    unplaced = [
        Fault(f"{where}: {condition.get('reason')}: {condition.get('message')}")
        for condition in status.get("conditions", ())
        if condition["type"] == "PodScheduled" and condition["status"] == "False"
    ]
    return told + unplaced
