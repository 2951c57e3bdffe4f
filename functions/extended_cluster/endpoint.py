"""Who may reach the Kubernetes API from outside the VPC. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Network, collapse_addresses
from typing import Final

EVERYONE: Final = "0.0.0.0/0"


def as_block(cidr: str) -> IPv4Network:
    """The block; ValueError when it is no IPv4 network address."""
    return IPv4Network(cidr)


def refusal_of(cidrs: Sequence[str], *, by_name: bool) -> str | None:
    """Why these blocks may not be opened, or None.

    by_name: whether the request wrote them itself. The whole internet is let in only by writing 0.0.0.0/0, not
    by a prefix list that holds it today or tomorrow, nor by blocks that add up to it.
    """
    if by_name and EVERYONE in cidrs:
        return None
    if EVERYONE in map(str, collapse_addresses(map(as_block, cidrs))):
        return f"together they are {EVERYONE}, everyone; that must be written as {EVERYONE} in publicCidrs"
    return None
