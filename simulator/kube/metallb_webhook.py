"""What MetalLB's validating webhook objects to. Source: metallb internal/k8s/webhooks, internal/config (v0.16)."""

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from simulator.kube.resources import Resource

if TYPE_CHECKING:
    from simulator.kube.objects import Objects

type Json = dict[str, Any]
type Range = tuple[IPv4Address, IPv4Address]


def ranges_of(pool: Json) -> list[Range]:
    """The first and last address of each of a pool's ranges; ValueError for one that MetalLB refuses."""
    return [_range(text) for text in pool["spec"]["addresses"]]


def _range(text: str) -> Range:
    if "-" in text:
        first, last = (IPv4Address(part.strip()) for part in text.split("-"))
        if last < first:
            raise ValueError(f'invalid IP range "{text}": start IP {first} is after the end IP {last}')
        return first, last
    if "/" not in text:
        raise ValueError(f'invalid CIDR "{text}"')
    network = IPv4Network(text, strict=False)
    return network[0], network[-1]


def objection(
    objects: "Objects", resource: Resource, operation: str, obj: Json | None, _: Json | None
) -> str | None:
    """Why MetalLB denies it, in its words as far as they are known (assumed in part); None if it does not."""
    if obj is None or resource.kind != "IPAddressPool":
        return None
    name = obj["metadata"]["name"]
    if operation == "CREATE" and obj["metadata"]["namespace"] != "metallb-system":
        return "resource must be created in metallb-system namespace"
    try:
        own = ranges_of(obj)
    except ValueError as wrong:
        return f'parsing address pool "{name}": {wrong}'
    for other in objects.store.all(resource):
        if other["metadata"]["name"] != name:
            for first, last in ranges_of(other):
                if any(a <= last and first <= b for a, b in own):
                    taken = other["metadata"]["name"]
                    return f'CIDR "{first}-{last}" in pool "{name}" overlaps with already defined CIDR in "{taken}"'
    return None
