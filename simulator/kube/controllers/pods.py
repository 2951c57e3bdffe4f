"""Pods: the scheduler, and kubelet starting what was scheduled. No container runs."""

from collections import Counter
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from simulator.kube.controllers import placing
from simulator.kube.objects import How
from simulator.kube.resources import CONFIG_MAPS, NODES, PODS, SECRETS

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers
    from simulator.kube.controllers.nodes import Member

type Json = dict[str, Any]

_HOW = How("kube-scheduler")


def schedule(loop: "Controllers") -> None:
    """Give each pod one of the nodes that it fits: away from those it shuns, then where the fewest pods are."""
    for pod in loop.store.all(PODS):
        if pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
            continue
        able = [node["metadata"]["name"] for node in loop.store.all(NODES) if placing.fits(pod["spec"], node)]
        if not able:
            why = f"0/{len(loop.store.all(NODES))} nodes are available."
            condition = _condition("PodScheduled", ok=False, reason="Unschedulable", message=why)
            _tell(loop, pod, {"phase": "Pending", "conditions": [condition]})
            continue
        others = [p for p in loop.store.all(PODS) if "deletionTimestamp" not in p["metadata"]]
        counts = Counter(p["spec"].get("nodeName") for p in others)
        shunned = Counter(p["spec"].get("nodeName") for p in others if placing.shunned(pod["spec"], p))
        best = min((shunned[name], counts[name], name) for name in able)[-1]
        bound = {**pod, "spec": {**pod["spec"], "nodeName": best}}
        meta = pod["metadata"]
        loop.objects.update(PODS, meta["namespace"], meta["name"], bound, _HOW)


def start(loop: "Controllers") -> None:
    """Ready some time after its node is, once its image can be pulled and its volumes exist."""
    members = {member.name: member for member in loop.joined.values()}
    for pod in loop.store.all(PODS):
        node, meta = pod["spec"].get("nodeName"), pod["metadata"]
        if not node or "deletionTimestamp" in meta:
            continue
        member = members.get(node)
        if member is None:
            if loop.store.get(NODES, "", node) is None:  # podgc: "pods bound to non-existent nodes"
                loop.store.drop(PODS.key, pod)
                loop.changed = True
            # Else somebody made the Node, and no kubelet runs its pods.
        elif node not in loop.ready_nodes():
            _tell(loop, pod, {**pod.get("status", {}), "conditions": [_condition("Ready", ok=False)]})
        elif obstacle := _obstacle(loop, pod, member):
            loop.forget(f"pod/{meta['uid']}")
            _tell(loop, pod, _status(pod, member, obstacle))
        elif loop.due(f"pod/{meta['uid']}", "kube.pod.start", member.joined_at if _first(pod) else None):
            if not _waits_for_addon(loop, pod):
                _tell(loop, pod, _status(pod, member, None))
        else:
            _tell(loop, pod, _status(pod, member, "ContainerCreating"))


def _first(pod: Json) -> bool:
    """Whether the pod is one that a node starts when it joins: an add-on's DaemonSet."""
    return pod["metadata"]["namespace"] == "kube-system" and bool(pod["spec"].get("hostNetwork"))


def _waits_for_addon(loop: "Controllers", pod: Json) -> bool:
    """CoreDNS is ready when EKS says so: its health there follows its pods, here it is the other way round."""
    if pod["metadata"].get("labels", {}).get("k8s-app") != "kube-dns":
        return False
    addon = loop.cluster.addons.get("coredns")
    return addon is not None and addon.status in {"CREATING", "DEGRADED"}


def _obstacle(loop: "Controllers", pod: Json, member: "Member") -> str | None:
    """The reason in which a container waits. Ready pods stay so: their image is on the node."""
    if any(c.get("ready") for c in pod.get("status", {}).get("containerStatuses", ())):
        return None
    for volume in pod["spec"].get("volumes", ()):
        for kind, key, resource in (("secret", "secretName", SECRETS), ("configMap", "name", CONFIG_MAPS)):
            wanted = volume.get(kind)
            if not wanted or wanted.get("optional"):
                continue
            if loop.store.get(resource, pod["metadata"]["namespace"], wanted[key]) is None:
                return "ContainerCreating"
    # A host below .invalid never resolves (RFC 6761); any other registry is there, if there is a way out.
    images = (c["image"] for kind in ("initContainers", "containers") for c in pod["spec"].get(kind, ()))
    hosts = [image.partition("/")[0].partition(":")[0] for image in images]
    if any(host.endswith(".invalid") for host in hosts):
        return "ErrImagePull"
    if loop.cloud.guest.way_out_fault(member.instance["SubnetId"]):
        return "ErrImagePull"
    return None


def _status(pod: Json, member: "Member", waiting: str | None) -> Json:
    ok = waiting is None
    state: Json = {"running": {}} if ok else {"waiting": {"reason": waiting}}
    containers = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": ok,
            "started": ok,
            "restartCount": 0,
            "state": state,
        }
        for container in pod["spec"]["containers"]
    ]
    kinds = ("Initialized", "Ready", "ContainersReady")
    conditions = [_condition(kind, ok=ok or kind == "Initialized") for kind in kinds]
    status: Json = {
        "phase": "Running" if ok else "Pending",
        "hostIP": member.address,
        "conditions": [*conditions, _condition("PodScheduled", ok=True)],
        "containerStatuses": containers,
    }
    if ok:
        status["podIP"] = member.address if pod["spec"].get("hostNetwork") else _address(pod, member)
    return status


def _address(pod: Json, member: "Member") -> str:
    """One of the VPC, made up from the pod's uid near its node's: which prefix a node holds is not modelled."""
    offset = int(pod["metadata"]["uid"][:2], 16) % 96 + 128
    return str(IPv4Address(int(IPv4Address(member.address)) & 0xFFFFFF00 | offset))


def _condition(kind: str, *, ok: bool, reason: str = "", message: str = "") -> Json:
    told = {"type": kind, "status": "True" if ok else "False"}
    return {**told, **({"reason": reason, "message": message} if reason else {})}


def _tell(loop: "Controllers", pod: Json, status: Json) -> None:
    loop.objects.set_status(PODS, pod, status, "kubelet")
