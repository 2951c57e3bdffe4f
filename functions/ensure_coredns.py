"""EnsureCoreDns: with nodes there, CoreDNS can run; then every add-on must be ACTIVE."""

from collections.abc import Mapping
from typing import Any

from extended_cluster import addons, aws
from extended_cluster.errors import NotReadyYet
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{name, version, tags} -> {addons: [{name, version, status}]}. NotReadyYet, AddonFailed unless ACTIVE."""
    return ensure(aws.client("eks"), event["name"], event["version"], event["tags"])


def ensure(eks: Any, cluster: str, version: str, tags: Mapping[str, str]) -> Result:
    """Create CoreDNS (and whatever else is missing); all four ACTIVE, or the reason why not yet."""
    found = addons.ensure(eks, cluster, version, addons.BEFORE_NODES + addons.AFTER_NODES, tags)
    waiting = [_state(addon) for addon in found if addon["status"] != "ACTIVE"]
    if waiting:
        raise NotReadyYet(f"Add-ons of cluster {cluster} are not ACTIVE: {'; '.join(waiting)}.")
    return {"addons": addons.summary(found)}


def _state(addon: dict[str, Any]) -> str:
    # DEGRADED may pass by itself: CoreDNS is degraded until its pods are scheduled (facts: EKS).
    why = f" ({addons.issues(addon)})" if addon["status"] == "DEGRADED" else ""
    return f"{addon['addonName']} is {addon['status']}{why}"
