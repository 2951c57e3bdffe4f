"""Whether MetalLB can work on servers: its controller, the webhook that asks it, a speaker on every ready node."""

from collections.abc import Iterable, Sequence
from typing import Any

from extended_cluster import pod_faults
from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.names import METALLB_NAMESPACE
from extended_cluster.pod_faults import READY_NODES, Fault

type Json = dict[str, Any]


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
    nodes = kubernetes.list("v1", "Node", labels=READY_NODES)
    pods = kubernetes.list("v1", "Pod", namespace, "app=metallb")
    speakers = [pod for pod in pods if pod["metadata"]["labels"].get("component") == "speaker"]
    found = [
        *_controller(deployment),
        *_webhook(slices),
        *(fault for each in outposts for fault in pod_faults.without(each, nodes, speakers, "speaker")),
    ]
    # Why they wait is only of interest where something is missing: a pod of another request's server may wait, too.
    return [*found, *(fault for pod in pods for fault in pod_faults.waiting(pod))] if found else []


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
