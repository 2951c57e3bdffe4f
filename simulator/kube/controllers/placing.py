"""Where a pod may run. Source: Kubernetes documentation, "Assigning Pods to Nodes", "Taints and Tolerations"."""

from typing import Any

from simulator.kube import selectors
from simulator.kube.controllers.nodes import is_ready
from simulator.kube.status import not_modelled

type Json = dict[str, Any]


def fits(spec: Json, node: Json) -> bool:
    """Whether a pod may be scheduled to a node that is Ready."""
    return is_ready(node) and not node["spec"].get("unschedulable") and _suits(spec, node)


def daemon_fits(template: Json, node: Json) -> bool:
    """Whether a DaemonSet wants a pod there; its pods tolerate nodes that are not ready ("DaemonSet")."""
    return _suits(template["spec"], node)


def _suits(spec: Json, node: Json) -> bool:
    if spec.get("nodeName") not in (None, node["metadata"]["name"]):
        return False
    labels = node["metadata"].get("labels", {})
    if any(labels.get(key) != value for key, value in spec.get("nodeSelector", {}).items()):
        return False
    affinity = spec.get("affinity", {})
    if unknown := set(affinity) - {"nodeAffinity"}:
        raise not_modelled(f"{', '.join(sorted(unknown))} of pods")
    needed = affinity.get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    if needed and not any(selectors.node_matches(term, node) for term in needed["nodeSelectorTerms"]):
        return False
    return all(
        any(_tolerates(toleration, taint) for toleration in spec.get("tolerations", ()))
        for taint in node["spec"].get("taints", ())
        if taint["effect"] in {"NoSchedule", "NoExecute"}
    )


def _tolerates(toleration: Json, taint: Json) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if not toleration.get("key"):
        return toleration.get("operator") == "Exists"
    if toleration["key"] != taint["key"]:
        return False
    return bool(
        toleration.get("operator", "Equal") == "Exists"
        or toleration.get("value", "") == taint.get("value", "")
    )
