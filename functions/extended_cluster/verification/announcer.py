"""Who announces a server's address, for the drill. Reads only."""

from typing import NamedTuple

from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.names import LNI_READY, LNI_READY_LABEL
from extended_cluster.node_readiness import instance_of, is_ready
from extended_cluster.user_data import OUTPOST_LABEL
from extended_cluster.verification.objects import NAMESPACE, service_name
from extended_cluster.verification.observed import address_of, announcements


class Announcer(NamedTuple):
    """address: of the server's Service; node: a Ready node that says so since then (ISO 8601, API server's clock)."""

    address: str
    node: str
    instance_id: str
    since: str


class Seen(NamedTuple):
    """announcer: None while nobody, or more than one node, announces; why: the reason; nodes: Ready and labelled."""

    announcer: Announcer | None
    why: str
    nodes: int


def look(kubernetes: Kubernetes, outpost_id: str) -> Seen:
    """One look at one server's address."""
    labels = f"{OUTPOST_LABEL}={outpost_id},{LNI_READY_LABEL}={LNI_READY}"
    nodes = {
        node["metadata"]["name"]: instance_of(node)
        for node in kubernetes.list("v1", "Node", labels=labels)
        if is_ready(node)
    }
    name = service_name(outpost_id)
    address = address_of(kubernetes.get("v1", "Service", name, NAMESPACE))
    if address is None:
        return Seen(None, f"Service {name} has no address", len(nodes))
    told = {one["node"]: one["since"] for one in announcements(kubernetes).get(name, ())}
    if len(told) != 1:
        return Seen(None, f"{address} is announced by {', '.join(sorted(told)) or 'no node'}", len(nodes))
    ((node, since),) = told.items()
    instance_id = nodes.get(node)
    if instance_id is None:
        return Seen(
            None, f"{address} is announced by {node}, which is no Ready node of {outpost_id}", len(nodes)
        )
    return Seen(Announcer(address, node, instance_id, since), "", len(nodes))
