"""Nodes that are not ready bear taints, and pods leave them when their tolerations end.

Source: Kubernetes documentation, "Taints and Tolerations", "Taint based Evictions".
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.kube.controllers.nodes import is_ready
from simulator.kube.controllers.placing import NOT_READY, UNREACHABLE, tolerates
from simulator.kube.objects import How
from simulator.kube.resources import NODES, PODS

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers

type Json = dict[str, Any]

_HOW = How("kube-controller-manager")
_OURS = {NOT_READY, UNREACHABLE}


def taint(loop: "Controllers") -> None:
    """not-ready or unreachable, for scheduling and for execution, from the moment the condition turned."""
    for node in loop.store.all(NODES):
        condition: Json = next(
            (c for c in node.get("status", {}).get("conditions", ()) if c["type"] == "Ready"), {}
        )
        wanted = []
        if condition and not is_ready(node):
            key = UNREACHABLE if condition["status"] == "Unknown" else NOT_READY
            since = condition["lastTransitionTime"]
            wanted = [{"key": key, "effect": e, "timeAdded": since} for e in ("NoSchedule", "NoExecute")]
        before = node["spec"].get("taints", [])
        after = [one for one in before if one["key"] not in _OURS] + wanted
        if before != after:
            spec = {**node["spec"], "taints": after}
            name = node["metadata"]["name"]
            loop.objects.update(NODES, "", name, {**node, "spec": spec}, _HOW)


def evict(loop: "Controllers") -> None:
    """Delete the pods whose tolerations are over; one without any for the taint goes at once."""
    taints = {
        node["metadata"]["name"]: [t for t in node["spec"].get("taints", ()) if t["effect"] == "NoExecute"]
        for node in loop.store.all(NODES)
    }
    for pod in loop.store.all(PODS):
        meta = pod["metadata"]
        due = f"evict/{meta['uid']}"
        loop.forget(due)
        if "deletionTimestamp" in meta:
            continue
        for one in taints.get(pod["spec"].get("nodeName", ""), ()):
            stays = _seconds(pod["spec"], one)
            since = datetime.fromisoformat(one["timeAdded"]).timestamp()
            if stays is not None and loop.at(due, since + stays):
                loop.objects.delete(PODS, meta["namespace"], meta["name"], _HOW, "Background")
                break


def _seconds(spec: Json, one: Json) -> float | None:
    """How long a pod stays with the taint; None for ever. The shortest of its tolerations counts."""
    fitting = [t for t in spec.get("tolerations", ()) if tolerates(t, one)]
    if not fitting:
        return 0.0
    limits = [float(t["tolerationSeconds"]) for t in fitting if t.get("tolerationSeconds") is not None]
    return min(limits, default=None)
