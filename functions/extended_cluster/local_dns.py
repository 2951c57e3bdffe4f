"""CoreDNS on each node by itself: what to apply, and which nodes lack it. Pure.

A pod on one server does not reach a pod on another (facts: ten facts, row 1), so two replicas somewhere are not enough.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from extended_cluster.names import COMPONENT_LABEL
from extended_cluster.node_readiness import is_ready

type Json = dict[str, Any]

NAMESPACE: Final = "kube-system"
# The EKS add-on's objects.
DEPLOYMENT: Final = "coredns"
SERVICE: Final = "kube-dns"
DAEMON_SET: Final = "coredns-node"
# What the Service kube-dns selects.
_DNS_LABEL: Final = "k8s-app"
OWN_PODS: Final = f"{COMPONENT_LABEL}={DAEMON_SET}"
# Where a Deployment's pods go: not what a DaemonSet asks.
_PLACEMENT: Final = frozenset({"affinity", "topologySpreadConstraints", "nodeSelector"})
LOCAL: Final = "Local"


def daemon_set(deployment: Json) -> Json:
    """The DaemonSet with the pods of the add-on's Deployment: the same image, arguments, account and limits.

    Its pods lack the labels by which the add-on knows its own (Deployment, PodDisruptionBudget): a budget with
    maxUnavailable that matches a DaemonSet's pod allows no eviction at all (kubernetes, pkg/controller/disruption).
    """
    template = deployment["spec"]["template"]
    of_addon = set(deployment["spec"]["selector"]["matchLabels"]) - {_DNS_LABEL}
    labels = {k: v for k, v in template["metadata"]["labels"].items() if k not in of_addon}
    spec = {key: value for key, value in template["spec"].items() if key not in _PLACEMENT}
    metadata: Json = {"labels": {**labels, COMPONENT_LABEL: DAEMON_SET}}
    # kubectl's own ones are about the Deployment: a restart of it is none of the DaemonSet.
    annotations = template["metadata"].get("annotations") or {}
    if kept := {k: v for k, v in annotations.items() if not k.startswith("kubectl.kubernetes.io/")}:
        metadata["annotations"] = kept
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": DAEMON_SET, "namespace": NAMESPACE, "labels": {COMPONENT_LABEL: DAEMON_SET}},
        "spec": {
            "selector": {"matchLabels": {COMPONENT_LABEL: DAEMON_SET}},
            # The new pod answers before the old one goes; no host port stands in the way.
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
            },
            "template": {
                "metadata": metadata,
                "spec": {
                    **spec,
                    "nodeSelector": {"kubernetes.io/os": "linux"},
                    # As kube-proxy: where it runs, it drops what has no local answer, so CoreDNS must run there too.
                    "tolerations": [{"operator": "Exists"}],
                },
            },
        },
    }


def local_service() -> Json:
    """All that we ever apply of the Service: kube-proxy sends a query to a pod of its own node, or nowhere."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE},
        "spec": {"internalTrafficPolicy": LOCAL},
    }


def lacking(expected: Iterable[str], nodes: Sequence[Json], pods: Sequence[Json]) -> dict[str, str]:
    """By node without a ready pod of ours: why.

    expected: names of the run's nodes. Any other node that is Ready counts too: it would lose its DNS.
    """
    by_name = {node["metadata"]["name"]: node for node in nodes}
    working = {name for name, node in by_name.items() if is_ready(node)}
    on_node: dict[str, list[Json]] = {}
    for pod in pods:
        if "deletionTimestamp" not in pod["metadata"]:
            on_node.setdefault(pod["spec"].get("nodeName", ""), []).append(pod)
    return {
        name: "; ".join(map(_why, on_node.get(name, []))) or _no_pod(by_name.get(name))
        for name in sorted({*expected, *working})
        if not any(map(is_ready, on_node.get(name, [])))
    }


def _no_pod(node: Json | None) -> str:
    if node is None:
        return "there is no such Node any more"
    labels = node["metadata"].get("labels") or {}
    if labels.get("eks.amazonaws.com/compute-type") == "fargate":
        return "is a Fargate node, where no DaemonSet runs (EKS guide, Fargate considerations)"
    if labels.get("kubernetes.io/os") != "linux":
        return f"runs {labels.get('kubernetes.io/os')}, where CoreDNS does not"
    return f"DaemonSet {DAEMON_SET} has no pod there yet"


def _why(pod: Json) -> str:
    name, status = pod["metadata"]["name"], pod.get("status", {})
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    waiting = [told for container in containers if (told := _waits(container))]
    return f"pod {name} is not ready{': ' if waiting else ''}{', '.join(waiting)}"


def _waits(container: Mapping[str, Any]) -> str:
    waiting = container.get("state", {}).get("waiting")
    if not waiting:
        return ""
    message = f" ({waiting['message']})" if waiting.get("message") else ""
    return f"{container['name']} waits: {waiting.get('reason', 'no reason')}{message}"
