"""AwaitMove, AwaitAnnounced: another node announces the address of the one that the drill ended; one look."""

from datetime import datetime
from typing import Any

from extended_cluster.errors import FailoverFailed, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.verification import announcer
from extended_cluster.verification.announcer import Announcer


@state
def handler(event: Event) -> Result:
    """{cluster, announcer, endedAt, look, lastLook} -> {outpostId, address, from, to, instanceId, seconds}.

    announcer, endedAt: the answers of FindAnnouncer and TerminateAnnouncer. NotReadyYet until a Ready node of the
    server with another instance announces the same address, and at the last look FailoverFailed.
    """
    last = event["look"] >= event["lastLook"]
    return await_move(connect(event["cluster"]), event["announcer"], event["endedAt"], last=last)


def await_move(kubernetes: Kubernetes, ended: dict[str, Any], ended_at: str, *, last: bool) -> Result:
    """seconds: from the end of the old announcer to the new one's own word, which is when it answers ARP."""
    outpost_id = ended["outpostId"]
    seen = announcer.look(kubernetes, outpost_id)
    if seen.announcer is None or (why := _not_moved(ended, seen.announcer)):
        why = seen.why if seen.announcer is None else why
        what = f"{ended['node']} ({ended['instanceId']}) of {outpost_id} was ended at {ended_at}: {why}."
        if not last:
            raise NotReadyYet(what)
        raise FailoverFailed(
            what,
            do=f"{seen.nodes} node(s) of the server are Ready and labelled. Look at MetalLB's speakers on them, and at "
            "the Auto Scaling group's activities; the cluster itself is left as it is.",
        )
    found = seen.announcer
    took = datetime.fromisoformat(found.since) - datetime.fromisoformat(ended_at)
    return {
        "outpostId": outpost_id,
        "address": found.address,
        "from": ended["node"],
        "to": found.node,
        "instanceId": found.instance_id,
        # Kubernetes tells whole seconds, cut off: within the first one the move seems to come before its cause.
        "seconds": max(0, round(took.total_seconds())),
    }


def _not_moved(ended: dict[str, Any], found: Announcer) -> str:
    if found.instance_id == ended["instanceId"]:
        return f"{found.address} is still announced by {found.node}"
    if found.address != ended["address"]:
        return f"its Service has {found.address} instead of {ended['address']}"
    return ""
