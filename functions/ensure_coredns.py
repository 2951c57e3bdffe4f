"""EnsureCoreDns: with nodes there, CoreDNS can run; then every add-on must be ACTIVE."""

from typing import Any

from extended_cluster import addons, aws
from extended_cluster.errors import AddonFailed, NodesNotJoined, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.join_checks import CHECKS


@state
def handler(event: Event) -> Result:
    """{name, version, tags, localCidrs, look, lastLook} -> {addons: [Addon]}.

    look: how often this state has been retried; lastLook: how often it will be. Unless all add-ons are ACTIVE,
    NotReadyYet, and at the last look NodesNotJoined or AddonFailed.
    """
    eks, cluster = aws.client("eks"), event["name"]
    names = addons.BEFORE_NODES + addons.AFTER_NODES
    found = addons.ensure(eks, cluster, event["version"], names, event["tags"], event["localCidrs"])
    waiting = [addon for addon in found if addon["status"] != "ACTIVE"]
    if waiting:
        raise _not_active(cluster, waiting, last=event["look"] >= event["lastLook"])
    return {"addons": addons.summary(found)}


def _not_active(cluster: str, waiting: list[dict[str, Any]], *, last: bool) -> Exception:
    what = f"Add-ons of cluster {cluster} are not ACTIVE: {'; '.join(map(_state, waiting))}."
    no_node = any(addon["addonName"] in addons.AFTER_NODES for addon in waiting)
    if no_node:
        what += f" CoreDNS needs a node. If none joins, check of an instance {'; '.join(CHECKS)}."
    if not last:
        return NotReadyYet(what)
    if no_node:
        return NodesNotJoined(what, do="Correct the cause and start the same request again.")
    return AddonFailed(what, do="Look at the add-on's health in EKS and start the same request again.")


def _state(addon: dict[str, Any]) -> str:
    # DEGRADED may pass by itself: CoreDNS is degraded until its pods are scheduled (facts: EKS).
    why = f" ({addons.issues(addon)})" if addon["status"] == "DEGRADED" else ""
    return f"{addon['addonName']} is {addon['status']}{why}"
