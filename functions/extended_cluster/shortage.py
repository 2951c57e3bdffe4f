"""A server without enough room, in sentences: the numbers, what would fit, who holds the slots. Pure."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from extended_cluster.capacity import Room
from extended_cluster.slots import Holder, Node, Occupancy
from extended_cluster.types import Nodes

# Twenty servers must fit into one cause of 32,768 characters (Step Functions API reference, TaskFailedEventDetails).
_MOST_FITTING: Final = 3
_MOST_HOLDERS: Final = 4
# What to do next, the least costly first.
DO: Final = (
    "Ask for what would fit, or have the instances ended by their owners; `capacityWaitMinutes` waits for that. The "
    "last resort is a capacity task (aws outposts start-capacity-task): the slots that it changes must be empty."
)


def tell(
    nodes: Nodes,
    asked: Sequence[str],
    server: Occupancy,
    rooms: Sequence[Room],
    known: Iterable[Node],
    cluster: str,
) -> str:
    """Asked and free by type; what would fit, as the request would say it; who else holds slots of the types asked for.

    asked: the types that the nodes might get; rooms: of every type of the server; known: every cluster's nodes.
    """
    which = asked[0] if len(asked) == 1 else "any one type"
    counts = "; ".join(map(_counted, rooms))
    fits = " or ".join(f"`{json.dumps(fields)[1:-1]}`" for fields in fitting(nodes, asked, rooms))
    told = [
        f"Outposts server {server.outpost_id} has no room for {nodes['desired']} node(s) of {which} ({counts}).",
        f"Would fit: {fits}." if fits else "Nothing would fit as it is.",
    ]
    cluster_of = {node.instance_id: node.cluster for node in known}
    # The nodes of this cluster are not in the way: they are part of what is asked for.
    others = [
        _named(holder, cluster_of.get(holder.instance_id))
        for holder in server.held
        if holder.instance_type in asked and cluster_of.get(holder.instance_id) != cluster
    ]
    if others:
        more = f" and {len(others) - _MOST_HOLDERS} more" if len(others) > _MOST_HOLDERS else ""
        told.append(f"Slots are held by {', '.join(others[:_MOST_HOLDERS])}{more}.")
    return " ".join(told)


def fitting(nodes: Nodes, asked: Sequence[str], rooms: Sequence[Room]) -> list[dict[str, Any]]:
    """Fields for the server's entry in the request for which it has room; those with the most nodes come first.

    An image given by id is not looked at: a server's types are all of one architecture (facts: launching).
    """
    found: list[tuple[int, dict[str, Any]]] = []
    for room in rooms:
        can = min(nodes["desired"], room.reachable)
        fields: dict[str, Any] = {}
        if [room.instance_type] != list(asked):
            fields["instanceType"] = room.instance_type
        if can < nodes["desired"]:
            fields["nodes"] = Nodes(min=min(nodes["min"], can), desired=can, max=nodes["max"])
        if can and fields:
            found.append((can, fields))
    most_first = sorted(found, key=lambda each: -each[0])
    return [fields for _, fields in most_first[:_MOST_FITTING]]


def _counted(room: Room) -> str:
    ours = f", {room.ours} of ours running" if room.ours else ""
    return f"{room.instance_type}: {room.free} of {room.total} slots free{ours}"


def _named(holder: Holder, cluster: str | None) -> str:
    account = f"account {holder.account}" if holder.account else "an account that is not told"
    owner = f"node of cluster {cluster}" if cluster else account
    service = f", {holder.service}" if holder.service not in (None, "EC2") else ""
    return f"{holder.instance_id} ({holder.instance_type}, {owner}{service})"
