"""AwaitNodes: every instance of the run is a node that works, on the server that it should be on; one look."""

from collections.abc import Sequence

from extended_cluster import node_readiness
from extended_cluster.errors import NodesNotReady, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.join_checks import CHECKS
from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.node_readiness import Trouble
from extended_cluster.types import Cluster, Server


@state
def handler(event: Event) -> Result:
    """{cluster: Cluster, servers: [Server], look, lastLook} -> {nodes: [ClusterNode], others: [Node name]}.

    look: how often this state has been retried; lastLook: how often it will be. Unless every instance of the servers
    is a node as it must be, NotReadyYet, and NodesNotReady at the last look or when time cures nothing.
    """
    last = event["look"] >= event["lastLook"]
    return await_nodes(connect(event["cluster"]), event["cluster"], event["servers"], last=last)


def await_nodes(kubernetes: Kubernetes, cluster: Cluster, servers: Sequence[Server], *, last: bool) -> Result:
    """others: nodes labelled with one of these servers that are no instance of this run.

    They are no failure: the cloud controller manager removes the Node of an instance that is gone (Kubernetes,
    "Cloud Controller Manager", node controller), and an Auto Scaling group may just be replacing one.
    """
    names, lease = node_readiness.CONTROL_PLANE_LEASES, "coordination.k8s.io/v1"
    now = node_readiness.control_plane_time(kubernetes.get(lease, "Lease", n, "kube-system") for n in names)
    if now is None:
        what = f"Cluster {cluster['name']} has no lease {' or '.join(names)} in kube-system yet."
        raise _give_up(what) if last else NotReadyYet(what)
    found = node_readiness.judge(
        servers,
        kubernetes.list("v1", "Node"),
        kubernetes.list(lease, "Lease", "kube-node-lease"),
        now,
        cluster["version"],
    )
    if found.troubles:
        what = _tell(cluster, found.troubles, len(found.ready))
        raise _give_up(what) if last or not all(t.passes for t in found.troubles) else NotReadyYet(what)
    return {"nodes": found.ready, "others": found.others}


def _tell(cluster: Cluster, troubles: Sequence[Trouble], ready: int) -> str:
    each = "; ".join(f"{t.instance_id} on {t.outpost_id}: {t.why}" for t in troubles)
    what = f"{ready} of {ready + len(troubles)} node(s) of cluster {cluster['name']} are ready. {each}."
    if not all(trouble.joined for trouble in troubles):
        what += f" Of an instance without a Node check {'; '.join(CHECKS)}."
    return what


def _give_up(what: str) -> NodesNotReady:
    return NodesNotReady(
        what, do="Correct the cause and start the same request again: it carries on from what is there."
    )
