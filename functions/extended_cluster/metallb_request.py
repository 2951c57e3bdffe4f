"""The request's ``metallb``: its JSON Schema, and what contradicts itself in it. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, Final, NamedTuple

from extended_cluster.address_ranges import Range, parse
from extended_cluster.lni_request import LNI_SCHEMA
from extended_cluster.types import LniSpec, OutpostSpec

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


class Contradiction(NamedTuple):
    """field: of ``outposts``; reason: follows the field and its value in a sentence; schema: of the field."""

    field: str
    value: object
    reason: str
    schema: dict[str, Any]


def contradiction(outposts: Sequence[OutpostSpec]) -> Contradiction | None:
    """The first thing in the schema-valid ``metallb`` of all servers that cannot be meant."""
    taken: dict[str, Range] = {}
    for place, outpost in enumerate(outposts):
        if outpost["metallb"] is None:
            continue
        if outpost["lni"]["localCidr"] is None:
            reason = f"outposts[{place}].metallb needs it, because its addresses lie on the LAN"
            return Contradiction(
                f"outposts[{place}].lni.localCidr", None, reason, LNI_SCHEMA["properties"]["localCidr"]
            )
        lan = IPv4Network(outpost["lni"]["localCidr"])
        for number, text in enumerate(outpost["metallb"]["addresses"]):
            field = f"outposts[{place}].metallb.addresses[{number}]"
            try:
                asked = parse(text)
            except ValueError as reason:  # AddressValueError and NetmaskValueError are ValueErrors
                return Contradiction(field, text, str(reason), ADDRESS_SCHEMA)
            if wrong := _outside(asked, outpost["lni"], lan) or _overlap(asked, taken):
                return Contradiction(field, text, wrong, ADDRESS_SCHEMA)
            taken[field] = asked
    return None


def _outside(asked: Range, lni: LniSpec, lan: IPv4Network) -> str | None:
    if asked.first not in lan or asked.last not in lan:
        return f"it is not inside lni.localCidr {lan}"
    others = {"network": lan.network_address, "broadcast": lan.broadcast_address}
    if lni["gateway"] is not None:
        others["gateway's"] = IPv4Address(lni["gateway"])
    if lni["address"] is not None:
        others["node's own"] = IPv4Interface(lni["address"]).ip
    return next(
        (f"it contains the {whose} address {it}" for whose, it in others.items() if it in asked), None
    )


def _overlap(asked: Range, taken: dict[str, Range]) -> str | None:
    # Servers do not hear each other over the VPC, so two of them would announce one address (facts.md section 5);
    # and MetalLB takes no two pools that overlap, wherever they are announced.
    return next((f"it overlaps {field}" for field, other in taken.items() if asked.overlaps(other)), None)


def warnings(outposts: Sequence[OutpostSpec]) -> list[str]:
    """One for each server with addresses: what only the owner of the LAN knows."""
    return [
        f"{', '.join(outpost['metallb']['addresses'])} for Services on {outpost['outpostId']} must lie outside the "
        "range that the LAN's DHCP server gives out, and no other host may use them: nothing here can see that."
        for outpost in outposts
        if outpost["metallb"] is not None
    ]
