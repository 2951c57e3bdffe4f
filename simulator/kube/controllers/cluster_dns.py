"""Whether a query to the cluster's DNS address gets an answer from a node.

kube-proxy picks any ready endpoint of Service kube-dns, or one of the node itself (Kubernetes documentation, "Virtual
IPs and Service Proxies", internalTrafficPolicy); a pod on another server is never reached (facts.md, ten facts, row 1).
"""

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from simulator.kube.controllers.workloads import is_ready
from simulator.kube.resources import PODS, SERVICES

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers
    from simulator.kube.controllers.nodes import Member

type Json = dict[str, Any]

_NAMESPACE = "kube-system"


def address(loop: "Controllers") -> str | None:
    """The cluster's DNS address, which kubelet gives to pods; None without the Service."""
    service = loop.store.get(SERVICES, _NAMESPACE, "kube-dns")
    return service["spec"].get("clusterIP") if service else None


def answers(loop: "Controllers", member: "Member", attempt: int) -> bool:
    """attempt: its number, because kube-proxy may pick another endpoint each time."""
    service = loop.store.get(SERVICES, _NAMESPACE, "kube-dns")
    if service is None or not service["spec"].get("selector"):
        return False
    wanted = service["spec"]["selector"].items()
    nodes = sorted(
        pod["spec"]["nodeName"]
        for pod in loop.store.all(PODS, _NAMESPACE)
        if is_ready(pod) and wanted <= pod["metadata"].get("labels", {}).items()
    )
    if service["spec"]["internalTrafficPolicy"] == "Local":
        return member.name in nodes
    if not nodes:
        return False
    pick = int.from_bytes(sha256(f"{member.name}/{attempt}".encode()).digest()[:4]) % len(nodes)
    others = {other.name: other for other in loop.joined.values()}
    return nodes[pick] in others and same_server(member, others[nodes[pick]])


def same_server(one: "Member", other: "Member") -> bool:
    """Whether two nodes reach each other by their VPC addresses."""
    return bool(one.instance.get("OutpostArn") == other.instance.get("OutpostArn"))
