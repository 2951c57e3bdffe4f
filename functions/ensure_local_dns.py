"""EnsureLocalDns: CoreDNS answers on each node by itself, whatever becomes of the way to the others; one look."""

from collections.abc import Sequence

from extended_cluster import local_dns
from extended_cluster.errors import LocalDnsNotReady, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.types import ClusterNode


@state
def handler(event: Event) -> Result:
    """{cluster: Cluster, nodes: [ClusterNode], look, lastLook} -> {nodes: how many have CoreDNS of their own}.

    nodes: AwaitNodes's answer; look, lastLook: as there. Until each of them has a ready pod, NotReadyYet, and at the
    last look LocalDnsNotReady. FieldConflict if another manager holds what is applied.
    """
    last = event["look"] >= event["lastLook"]
    return ensure(connect(event["cluster"]), event["nodes"], last=last)


def ensure(kubernetes: Kubernetes, nodes: Sequence[ClusterNode], *, last: bool) -> Result:
    """The Service turns to local pods only when each node has one: a node without would lose its DNS."""
    deployment = kubernetes.get("apps/v1", "Deployment", local_dns.DEPLOYMENT, local_dns.NAMESPACE)
    service = kubernetes.get("v1", "Service", local_dns.SERVICE, local_dns.NAMESPACE)
    if deployment is None or service is None:
        absent = (
            f"Deployment {local_dns.DEPLOYMENT}" if deployment is None else f"Service {local_dns.SERVICE}"
        )
        raise _not_yet(f"The CoreDNS add-on has no {absent} in {local_dns.NAMESPACE}.", last=last)
    kubernetes.apply(local_dns.daemon_set(deployment))
    lacking = local_dns.lacking(
        [node["name"] for node in nodes],
        kubernetes.list("v1", "Node"),
        kubernetes.list("v1", "Pod", local_dns.NAMESPACE, local_dns.OWN_PODS),
    )
    if lacking:
        told = "; ".join(f"{name}: {why}" for name, why in lacking.items())
        raise _not_yet(f"CoreDNS does not answer on {len(lacking)} node(s) by itself. {told}.", last=last)
    if service["spec"].get("internalTrafficPolicy") != local_dns.LOCAL:
        kubernetes.apply(local_dns.local_service())
    return {"nodes": len(nodes)}


def _not_yet(what: str, *, last: bool) -> Exception:
    if not last:
        return NotReadyYet(what)
    return LocalDnsNotReady(what, do="Correct the cause and start the same request again.")
