"""The request's ``podNetwork``: its JSON Schema, and what only the owner of the LAN knows. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from extended_cluster.types import OutpostSpec

ADDRESSES_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "description": "IPv4 addresses of hosts inside lni.localCidr, none of them the gateway's, the node's own or "
    "MetalLB's: one range, or a network address with its mask",
    "examples": ["192.168.10.220-192.168.10.230"],
}
POD_NETWORK_SCHEMA: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "description": "an object with the addresses that pods on this server may have on the LAN, with Multus and "
    "whereabouts in the cluster; null for none",
    "default": None,
    "additionalProperties": False,
    "required": ["addresses"],
    "examples": [{"addresses": "192.168.10.220-192.168.10.230"}],
    "properties": {"addresses": ADDRESSES_SCHEMA},
}


def warnings(outposts: Sequence[OutpostSpec]) -> list[str]:
    """One for each server with addresses, and one for what nobody has seen yet."""
    wanted = [
        (outpost["outpostId"], outpost["podNetwork"]["addresses"])
        for outpost in outposts
        if outpost["podNetwork"] is not None
    ]
    told = [
        f"{addresses} for pods on {outpost_id} must lie outside the range that the LAN's DHCP server gives out, and no "
        "other host may use them: nothing here can see that."
        for outpost_id, addresses in wanted
    ]
    unproven = (
        "podNetwork puts Multus before the VPC CNI on every node with a verified local network interface, and the "
        "verification does not prove pods' addresses on the LAN."
    )
    return [*told, unproven] if told else []
