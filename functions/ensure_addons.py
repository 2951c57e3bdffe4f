"""EnsureAddons: the add-ons that nodes need from their first minute exist; none is waited for."""

from extended_cluster import addons, aws
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{name, version, tags, localCidrs} -> {addons: [Addon]}. AddonFailed with the health issues."""
    found = addons.ensure(
        aws.client("eks"),
        event["name"],
        event["version"],
        addons.BEFORE_NODES,
        event["tags"],
        event["localCidrs"],
    )
    return {"addons": addons.summary(found)}
