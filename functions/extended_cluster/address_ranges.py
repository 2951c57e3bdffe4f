"""IPv4 ranges as MetalLB takes them: ``192.168.10.200-192.168.10.210`` or ``192.168.10.240/28``. Pure."""

from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple


class Range(NamedTuple):
    """Both ends belong to it."""

    first: IPv4Address
    last: IPv4Address

    def overlaps(self, other: "Range") -> bool:
        """Whether an address lies in both."""
        return self.first <= other.last and other.first <= self.last

    def __contains__(self, address: object) -> bool:
        return isinstance(address, IPv4Address) and self.first <= address <= self.last


def parse(text: str, *, strict: bool = True) -> Range:
    """The range; ValueError for another form, IPv6, or a range that ends before it begins.

    strict: host bits in a block are refused, as Kubernetes 1.36 does. MetalLB itself takes them (internal/config,
    ParseCIDR), so a pool of others may have them.
    """
    first, hyphen, last = text.partition("-")
    if hyphen:
        found = Range(IPv4Address(first.strip()), IPv4Address(last.strip()))
        if found.last < found.first:
            raise ValueError(f"it ends with {found.last}, which is before {found.first}")
        return found
    if "/" not in text:
        raise ValueError("it is neither a block with its mask nor a range")
    block = IPv4Network(text, strict=strict)
    return Range(block[0], block[-1])
