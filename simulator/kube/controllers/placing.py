"""Where a pod may run. Source: Kubernetes documentation, "Assigning Pods to Nodes", "Taints and Tolerations"."""

from typing import Any

from simulator.kube import selectors
from simulator.kube.controllers.nodes import is_ready
from simulator.kube.status import not_modelled

type Json = dict[str, Any]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"


def fits(spec: Json, node: Json) -> bool:
    """Whether a pod may be scheduled to a node that is Ready."""
    return is_ready(node) and not node["spec"].get("unschedulable") and _suits(spec, node)


def daemon_fits(template: Json, node: Json) -> bool:
    """Whether a DaemonSet wants a pod there."""
    return _suits(daemon_spec(template["spec"]), node)


def daemon_spec(spec: Json) -> Json:
    """A DaemonSet's pod spec with the tolerations that its controller adds (documentation, "DaemonSet", "Taints and
    tolerations"): its pods stay on a node that is not ready, for ever."""
    added = [{"key": key, "operator": "Exists", "effect": "NoExecute"} for key in (NOT_READY, UNREACHABLE)]
    pressures = ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"]
    pressures += ["network-unavailable"] if spec.get("hostNetwork") else []
    added += [
        {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoSchedule"}
        for key in pressures
    ]
    own = spec.get("tolerations", [])
    return {**spec, "tolerations": [*own, *(one for one in added if one not in own)]}


def _suits(spec: Json, node: Json) -> bool:
    if spec.get("nodeName") not in (None, node["metadata"]["name"]):
        return False
    labels = node["metadata"].get("labels", {})
    if any(labels.get(key) != value for key, value in spec.get("nodeSelector", {}).items()):
        return False
    affinity = spec.get("affinity", {})
    if "podAffinity" in affinity or _REQUIRED in affinity.get("podAntiAffinity", {}):
        raise not_modelled("podAffinity, and podAntiAffinity that is required, of pods")
    needed = affinity.get("nodeAffinity", {}).get(_REQUIRED)
    if needed and not any(selectors.node_matches(term, node) for term in needed["nodeSelectorTerms"]):
        return False
    return all(
        any(tolerates(toleration, taint) for toleration in spec.get("tolerations", ()))
        for taint in node["spec"].get("taints", ())
        if taint["effect"] in {"NoSchedule", "NoExecute"}
    )


def shunned(spec: Json, pod: Json) -> bool:
    """Whether a pod to be placed would rather not be beside this one: preferred podAntiAffinity by host name."""
    terms = spec.get("affinity", {}).get("podAntiAffinity", {}).get(_PREFERRED, ())
    labels = pod["metadata"].get("labels", {})
    return any(selectors.matches(term["podAffinityTerm"]["labelSelector"], labels) for term in terms)


def tolerates(toleration: Json, taint: Json) -> bool:
    """Whether a toleration is for the taint."""
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
