"""The request's ``metallb``: its JSON Schema, and what only the owner of the LAN knows. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from extended_cluster.types import OutpostSpec

ADDRESS_SCHEMA: Final[dict[str, Any]] = {
    "type": "string",
    "description": "IPv4 addresses of hosts inside lni.localCidr, none of them the gateway's or the node's own: a "
    "range, or a network address with its mask",
    "examples": ["192.168.10.200-192.168.10.210", "192.168.10.240/28"],
}
METALLB_SCHEMA: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "description": "an object with the addresses that MetalLB may give to Services on this server; null for none",
    "default": None,
    "additionalProperties": False,
    "required": ["addresses"],
    "examples": [{"addresses": ["192.168.10.200-192.168.10.210"]}],
    "properties": {
        "addresses": {
            "type": "array",
            "minItems": 1,
            # They travel in the plan, once for every server (plan.py, MOST_BYTES).
            "maxItems": 16,
            "items": ADDRESS_SCHEMA,
            "description": "a list of 1 to 16 ranges or blocks of IPv4 addresses that nothing else on the LAN uses",
            "examples": [["192.168.10.200-192.168.10.210", "192.168.10.240/28"]],
        }
    },
}


def warnings(outposts: Sequence[OutpostSpec]) -> list[str]:
    """One for each server with addresses: what only the owner of the LAN knows."""
    return [
        f"{', '.join(outpost['metallb']['addresses'])} for Services on {outpost['outpostId']} must lie outside the "
        "range that the LAN's DHCP server gives out, and no other host may use them: nothing here can see that."
        for outpost in outposts
        if outpost["metallb"] is not None
    ]
