"""Which instances of a run are nodes that work, and what is wrong with the others. Pure.

Nodes, leases: as the Kubernetes API lists them. Times are told by the leases themselves: a node is judged against
the control plane, never against the clock of the function that looks.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from extended_cluster.types import ClusterNode, Server
from extended_cluster.user_data import OUTPOST_LABEL

type Json = Mapping[str, Any]

# The leases by which the control plane's own components elect their leaders: renewed every 2 s (flag
# --leader-elect-retry-period), in kube-system (documentation, "Leases").
CONTROL_PLANE_LEASES: Final = ("kube-controller-manager", "kube-scheduler")
# kubelet "may be up to three minor versions older" (Kubernetes, "Version Skew Policy"), and never newer.
_SKEW: Final = 3
# kubelet's providerID on EKS: aws:///<zone>/<instance id> (cloud-provider-aws, pkg/providers/v1/instances.go).
_PROVIDER_ID: Final = re.compile(r"aws:///[^/]*/(i-[0-9a-f]+)")


class Trouble(NamedTuple):
    """Why an instance is no node as it must be. passes: time may cure it; joined: there is a Node at all."""

    instance_id: str
    outpost_id: str
    why: str
    passes: bool
    joined: bool


class Readiness(NamedTuple):
    """ready: in the order of the servers; others: nodes with our label that are none of the expected instances."""

    ready: list[ClusterNode]
    troubles: list[Trouble]
    others: list[str]


def control_plane_time(leases: Iterable[Json | None]) -> datetime | None:
    """The newest moment at which a component of the control plane renewed its lease; None: there is no lease."""
    moments = [moment for lease in leases if lease and (moment := _renewed(lease))]
    return max(moments, default=None)


def judge(
    servers: Sequence[Server], nodes: Sequence[Json], leases: Sequence[Json], now: datetime, version: str
) -> Readiness:
    """now: the control plane's time; version: its Kubernetes version, e.g. ``1.35``."""
    by_instance = {instance_of(node): node for node in nodes}
    by_node = {lease["metadata"]["name"]: lease for lease in leases}
    expected = {node["instanceId"]: server["outpostId"] for server in servers for node in server["instances"]}
    ready: list[ClusterNode] = []
    troubles: list[Trouble] = []
    for instance_id, outpost_id in expected.items():
        node = by_instance.get(instance_id)
        if node is None:
            troubles.append(
                Trouble(instance_id, outpost_id, "there is no Node of it", passes=True, joined=False)
            )
            continue
        name = node["metadata"]["name"]
        lasting = _label_fault(node, outpost_id) or _version_fault(node, version)
        why = lasting or _not_ready(node) or _stale(by_node.get(name), now)
        if why:
            told = f"Node {name} {why}"
            troubles.append(Trouble(instance_id, outpost_id, told, passes=not lasting, joined=True))
        else:
            ready.append({"name": name, "instanceId": instance_id, "outpostId": outpost_id})
    servers_ids = {server["outpostId"] for server in servers}
    others = [
        node["metadata"]["name"]
        for node in nodes
        if _label(node) in servers_ids and instance_of(node) not in expected
    ]
    return Readiness(ready, troubles, sorted(others))


def instance_of(node: Json) -> str | None:
    """The id of the node's instance; None for a node that tells none."""
    found = _PROVIDER_ID.fullmatch(node["spec"].get("providerID", ""))
    return found and found[1]


def ready_condition(obj: Json) -> Json:
    """The condition Ready of a Node or Pod; empty while there is none."""
    conditions = obj.get("status", {}).get("conditions") or ()
    return next((condition for condition in conditions if condition["type"] == "Ready"), {})


def is_ready(obj: Json) -> bool:
    """Whether the Ready condition of a Node or Pod is True."""
    return ready_condition(obj).get("status") == "True"


def _label(node: Json) -> str | None:
    return (node["metadata"].get("labels") or {}).get(OUTPOST_LABEL)


def _label_fault(node: Json, outpost_id: str) -> str:
    label = _label(node)
    return "" if label == outpost_id else f"has the label {OUTPOST_LABEL}={label} instead of {outpost_id}"


def _version_fault(node: Json, version: str) -> str:
    # kubelet tells it when it registers the node, as it does the label.
    kubelet: str = node["status"]["nodeInfo"]["kubeletVersion"]
    major, minor = _minor(version)
    if (major, minor - _SKEW) <= _minor(kubelet) <= (major, minor):
        return ""
    return (
        f"runs kubelet {kubelet}, which the control plane's {version} does not support:"
        f" at most {_SKEW} minor versions older, and never newer"
    )


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.removeprefix("v").split(".")[:2]
    return int(major), int(minor)


def _not_ready(node: Json) -> str:
    condition = ready_condition(node)
    if not condition:
        return "has told no condition Ready yet"
    if condition["status"] == "True":
        return ""
    return f"is not ready: {condition.get('reason', 'no reason')}: {condition.get('message', '')}"


def _stale(lease: Json | None, now: datetime) -> str:
    renewed = _renewed(lease) if lease else None
    if lease is None or renewed is None:
        return "has no lease in kube-node-lease"
    age = now - renewed
    if age <= timedelta(seconds=lease["spec"]["leaseDurationSeconds"]):
        return ""
    return (
        f"renewed its lease {age.total_seconds():.0f} s before the control plane's last:"
        " kubelet or the service link has stopped, or the node's clock is wrong"
    )


def _renewed(lease: Json) -> datetime | None:
    moment = lease["spec"].get("renewTime")
    return datetime.fromisoformat(moment) if moment else None
