"""FindAnnouncer: which node announces a server's address, for the drill to end; one look."""

from extended_cluster.errors import FailoverFailed, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.verification import announcer


@state
def handler(event: Event) -> Result:
    """{cluster, outpostId, look, lastLook} -> {outpostId, address, node, instanceId, otherNodes}.

    otherNodes: how many more could take over at once; 0 means that the address waits for the replacement.
    NotReadyYet until exactly one Ready node announces, and at the last look FailoverFailed.
    """
    last = event["look"] >= event["lastLook"]
    return find(connect(event["cluster"]), event["outpostId"], last=last)


def find(kubernetes: Kubernetes, outpost_id: str, *, last: bool) -> Result:
    """Who it is."""
    seen = announcer.look(kubernetes, outpost_id)
    if seen.announcer is None:
        what = f"The drill cannot tell whom to end on {outpost_id}: {seen.why}."
        if not last:
            raise NotReadyYet(what)
        raise FailoverFailed(
            what, do="Look at MetalLB's speakers on that server, and start the same request again."
        )
    return {
        "outpostId": outpost_id,
        "address": seen.announcer.address,
        "node": seen.announcer.node,
        "instanceId": seen.announcer.instance_id,
        "otherNodes": seen.nodes - 1,
    }
