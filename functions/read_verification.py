"""ReadVerification: whether the cluster does what it should, as it shows from inside; one look."""

from collections.abc import Sequence
from typing import Any

from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.types import ClusterNode, ServerPlan
from extended_cluster.verification import findings, objects, observed


@state
def handler(event: Event) -> Result:
    """{cluster, nodes: [ClusterNode], servers: [ServerPlan], look, lastLook} -> {findings: [Finding], addresses}.

    nodes: AwaitNodes's answer. addresses: [{outpostId, address, node}], node being who announces it. The named error
    of the first required finding that failed; NotReadyYet while one is pending, which at the last look is a failure.
    """
    last, cluster = event["look"] >= event["lastLook"], event["cluster"]
    run = objects.run_id(event["executionId"])
    return read(connect(cluster), cluster["name"], run, event["nodes"], event["servers"], last=last)


def read(
    kubernetes: Kubernetes,
    cluster: str,
    run: str,
    nodes: Sequence[ClusterNode],
    servers: Sequence[ServerPlan],
    *,
    last: bool,
) -> Result:
    """cluster: its name."""
    seen = observed.look(kubernetes, run, nodes, servers)
    found = findings.judge(seen)
    findings.require(found, cluster, last=last)
    return {"findings": found, "addresses": _addresses(seen)}


def _addresses(seen: observed.Observed) -> list[dict[str, Any]]:
    return [
        {"outpostId": server.outpost_id, "address": server.address, "node": server.announcements[0]["node"]}
        for server in seen.servers
        if server.address and server.announcements
    ]
