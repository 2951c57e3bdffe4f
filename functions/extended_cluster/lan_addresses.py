"""The addresses that a request gives away on servers' LANs, and what contradicts itself in them. Pure."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, NamedTuple

from extended_cluster import metallb_request, pod_network_request
from extended_cluster.address_ranges import Range, parse
from extended_cluster.lni_request import LNI_SCHEMA
from extended_cluster.types import LniSpec, OutpostSpec

type Schema = dict[str, Any]


class Contradiction(NamedTuple):
    """field: of ``outposts``; reason: follows the field and its value in a sentence; schema: of the field."""

    field: str
    value: object
    reason: str
    schema: Schema


def contradiction(outposts: Sequence[OutpostSpec]) -> Contradiction | None:
    """The first thing in the schema-valid ``metallb`` and ``podNetwork`` of all servers that cannot be meant."""
    taken: dict[str, Range] = {}
    for place, outpost in enumerate(outposts):
        for user, field, text, schema in _asked(outpost):
            at = f"outposts[{place}]."
            if outpost["lni"]["localCidr"] is None:
                reason = f"{at}{user} needs it, because its addresses lie on the LAN"
                lan_schema = LNI_SCHEMA["properties"]["localCidr"]
                return Contradiction(f"{at}lni.localCidr", None, reason, lan_schema)
            lan = IPv4Network(outpost["lni"]["localCidr"])
            try:
                asked = parse(text)
            except ValueError as reason:  # AddressValueError and NetmaskValueError are ValueErrors
                return Contradiction(at + field, text, str(reason), schema)
            if wrong := _outside(asked, outpost["lni"], lan) or _overlap(asked, taken):
                return Contradiction(at + field, text, wrong, schema)
            taken[at + field] = asked
    return None


def _asked(outpost: OutpostSpec) -> Iterator[tuple[str, str, str, Schema]]:
    """Who asks, the field, its text, the field's schema."""
    if outpost["metallb"] is not None:
        for number, text in enumerate(outpost["metallb"]["addresses"]):
            yield "metallb", f"metallb.addresses[{number}]", text, metallb_request.ADDRESS_SCHEMA
    if outpost["podNetwork"] is not None:
        text = outpost["podNetwork"]["addresses"]
        yield "podNetwork", "podNetwork.addresses", text, pod_network_request.ADDRESSES_SCHEMA


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
    # Two servers may be on one LAN, and do not hear each other over the VPC, so both would use one address (facts.md
    # section 5). Where their LANs are two with one block, the addresses must still differ: MetalLB takes no two pools
    # that overlap, and whereabouts gives no address twice in a cluster (OverlappingRangeIPReservation).
    return next((f"it overlaps {field}" for field, other in taken.items() if asked.overlaps(other)), None)
