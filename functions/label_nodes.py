"""LabelNodes: exactly the nodes whose local network interface VerifyLni has seen bear the label that says so."""

from collections.abc import Mapping, Sequence
from typing import Any

from extended_cluster.errors import FieldConflict, NodesNotReady
from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.names import LNI_READY, LNI_READY_LABEL
from extended_cluster.types import ClusterNode
from extended_cluster.user_data import OUTPOST_LABEL


@state
def handler(event: Event) -> Result:
    """{cluster: Cluster, nodes: [ClusterNode]} -> {labelled: [Node name], unlabelled: [Node name]}.

    nodes: AwaitNodes's answer. Other nodes of their servers lose the label; nodes of other servers are not looked at.
    NodesNotReady if one has gone since; FieldConflict if somebody else holds the label where it must not be.
    """
    return label(connect(event["cluster"]), event["nodes"])


def label(kubernetes: Kubernetes, nodes: Sequence[ClusterNode]) -> Result:
    """Writes nothing where the label is right already; tells which nodes it wrote."""
    there = {node["metadata"]["name"]: node for node in kubernetes.list("v1", "Node", labels=OUTPOST_LABEL)}
    verified = {node["name"] for node in nodes}
    servers = {node["outpostId"] for node in nodes}
    if gone := sorted(verified - there.keys()):
        raise NodesNotReady(
            f"Nodes that were ready are there no more: {', '.join(gone)}.", do="Start the same request again."
        )
    wrong = sorted(name for name in verified if _labels(there[name]).get(LNI_READY_LABEL) != LNI_READY)
    unverified = sorted(
        name
        for name, node in there.items()
        if name not in verified
        and _labels(node)[OUTPOST_LABEL] in servers
        and LNI_READY_LABEL in _labels(node)
    )
    for name in unverified:  # first, so that nothing is announced by a node that nobody has verified
        _refuse_if_kept(kubernetes.apply(_metadata(there[name], {})))
    for name in wrong:
        # By force: the key is ours, whatever somebody wrote there.
        kubernetes.apply(_metadata(there[name], {LNI_READY_LABEL: LNI_READY}), force=True)
    return {"labelled": wrong, "unlabelled": unverified}


def _metadata(node: Json, labels: Mapping[str, str]) -> Json:
    """All that we ever apply of a Node; a label that we applied and leave out goes (server-side apply).

    The uid keeps apply from making a Node that has gone meanwhile.
    """
    metadata: Json = {"name": node["metadata"]["name"], "uid": node["metadata"]["uid"]}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata | ({"labels": dict(labels)} if labels else {}),
    }


def _labels(node: Json) -> dict[str, str]:
    return dict(node["metadata"].get("labels") or {})


def _refuse_if_kept(node: Json) -> None:
    if LNI_READY_LABEL not in _labels(node):
        return
    name = node["metadata"]["name"]
    raise FieldConflict(
        f"Node {name} has the label {LNI_READY_LABEL}, but VerifyLni has not verified its LNI in this run,"
        f" and the label is held by {', '.join(_holders(node)) or 'an unknown manager'}.",
        do=f"Remove it (kubectl label node {name} {LNI_READY_LABEL}-) and start the same request again.",
    )


def _holders(node: Json) -> list[str]:
    entries: Sequence[Mapping[str, Any]] = node["metadata"].get("managedFields") or ()
    key = f"f:{LNI_READY_LABEL}"
    return [
        entry["manager"]
        for entry in entries
        if key in entry.get("fieldsV1", {}).get("f:metadata", {}).get("f:labels", {})
    ]
