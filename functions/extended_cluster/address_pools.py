"""One server's addresses in MetalLB's terms: an IPAddressPool and an L2Advertisement, and who uses them. Pure.

Every server has its own: MetalLB's speakers agree by memberlist over the nodes' VPC addresses, which do not reach from
server to server, so in a pool of two servers two nodes would announce one address (facts.md section 5).
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address
from typing import Any, Final

from extended_cluster import lni_guest
from extended_cluster.address_ranges import Range, parse
from extended_cluster.names import (
    LNI_READY,
    LNI_READY_LABEL,
    LOAD_BALANCER_CLASS,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    METALLB_NAMESPACE,
)
from extended_cluster.types import MetalLbSpec, ServerPlan
from extended_cluster.user_data import OUTPOST_LABEL

type Json = dict[str, Any]

API_VERSION: Final = "metallb.io/v1beta1"


def pool(outpost_id: str, metallb: MetalLbSpec) -> Json:
    """The pool, named by the Outpost's id.

    Not assigned by itself: a Service without the annotation ``metallb.io/address-pool`` would get any server's
    address, and traffic that arrives at one server does not reach pods on another (facts.md, ten facts, row 1).
    """
    return _object(
        "IPAddressPool", outpost_id, {"addresses": list(metallb["addresses"]), "autoAssign": False}
    )


def advertisement(server: ServerPlan) -> Json:
    """Announced by the server's nodes with a verified LNI, on the LNI alone.

    ``interfaces`` has no say in which node is elected (MetalLB, L2Advertisement API), hence the selector.
    """
    outpost_id = server["outpostId"]
    return _object(
        "L2Advertisement",
        outpost_id,
        {
            "ipAddressPools": [outpost_id],
            "nodeSelectors": [{"matchLabels": {OUTPOST_LABEL: outpost_id, LNI_READY_LABEL: LNI_READY}}],
            "interfaces": [lni_guest.name(server["lni"])],
        },
    )


def announces(advertisement: Json, names: Iterable[str]) -> bool:
    """Whether it announces one of these pools by name, or all there are because it names none.

    Selectors are not followed: they would have to name our own labels.
    """
    spec = advertisement.get("spec") or {}
    by_name, by_label = spec.get("ipAddressPools") or [], spec.get("ipAddressPoolSelectors") or []
    return bool(set(by_name) & set(names)) or not (by_name or by_label)


def ranges(addresses: Iterable[str]) -> list[Range]:
    """Those that are IPv4; a pool of others may have IPv6 as well, and host bits in a block."""
    found = []
    for text in addresses:
        if ":" not in text:
            found.append(parse(text, strict=False))
    return found


def overlaps(wanted: Json, others: Iterable[Json]) -> list[str]:
    """Names of the other pools that share an address with it: MetalLB refuses it then."""
    own, name = ranges(wanted["spec"]["addresses"]), wanted["metadata"]["name"]
    return [
        other["metadata"]["name"]
        for other in others
        if other["metadata"]["name"] != name
        and any(a.overlaps(b) for a in own for b in ranges(other["spec"]["addresses"]))
    ]


def losers(before: Sequence[Range], after: Sequence[Range], services: Iterable[Json]) -> list[str]:
    """The Services of our class with an address that would be in the pool no more, each with that address.

    MetalLB takes such an address away at once (internal/allocator, SetPools).
    """
    return [
        f"{service['metadata']['namespace']}/{service['metadata']['name']} ({entry['ip']})"
        for service in services
        if service["spec"].get("loadBalancerClass") == LOAD_BALANCER_CLASS
        for entry in service.get("status", {}).get("loadBalancer", {}).get("ingress", ())
        if "ip" in entry and ":" not in entry["ip"]
        if _in(entry["ip"], before) and not _in(entry["ip"], after)
    ]


def _in(address: str, among: Iterable[Range]) -> bool:
    return any(IPv4Address(address) in one for one in among)


def _object(kind: str, name: str, spec: Json) -> Json:
    labels = {MANAGED_BY_LABEL: MANAGED_BY, OUTPOST_LABEL: name}
    meta = {"name": name, "namespace": METALLB_NAMESPACE, "labels": labels}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "spec": spec}
