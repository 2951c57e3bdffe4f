"""IPv4 blocks as text: which overlap, which lie inside, which is the next free one."""

from collections.abc import Iterable
from ipaddress import IPv4Network


def overlapping(cidr: str, others: Iterable[str]) -> list[str]:
    """Those of the other blocks that share an address with this one."""
    block = IPv4Network(cidr)
    return [other for other in others if block.overlaps(IPv4Network(other))]


def is_within(cidr: str, blocks: Iterable[str]) -> bool:
    """Whether one of the blocks contains this one whole."""
    return any(IPv4Network(cidr).subnet_of(IPv4Network(block)) for block in blocks)


def next_free(blocks: Iterable[str], taken: Iterable[str], prefix: int) -> str | None:
    """The first network of that prefix length inside the blocks, in their order, that meets no taken one."""
    used = [IPv4Network(cidr) for cidr in taken]
    for block in map(IPv4Network, blocks):
        if block.prefixlen > prefix:
            continue
        for candidate in block.subnets(new_prefix=prefix):
            if not any(candidate.overlaps(other) for other in used):
                return str(candidate)
    return None
