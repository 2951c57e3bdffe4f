"""Who may reach the Kubernetes API: the request's field, and which blocks are refused. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Network, collapse_addresses
from typing import Any, Final

EVERYONE: Final = "0.0.0.0/0"

ENDPOINT_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "an object with private, and for a public endpoint either publicCidrs or prefixListId",
    "default": {"private": True, "publicCidrs": [], "prefixListId": None},
    "additionalProperties": False,
    "examples": [{"publicCidrs": ["203.0.113.0/24"]}, {"prefixListId": "pl-0a1b2c3d4e5f60001"}],
    "properties": {
        "private": {
            "type": "boolean",
            "default": True,
            "description": "true or false: whether the Kubernetes API answers inside the VPC",
            "examples": [True],
        },
        "publicCidrs": {
            "type": "array",
            # EKS user guide, "Service quotas": public endpoint access CIDR ranges per cluster.
            "maxItems": 40,
            "uniqueItems": True,
            "default": [],
            "description": "a list of at most 40 different IPv4 network addresses that reach the Kubernetes API "
            "from the internet; empty for none; everyone only by writing 0.0.0.0/0",
            "examples": [["203.0.113.0/24"]],
            "items": {
                "type": "string",
                "pattern": r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$",
                "description": "an IPv4 network address with its mask",
                "examples": ["203.0.113.0/24"],
            },
        },
        "prefixListId": {
            "type": ["string", "null"],
            "pattern": "^pl-([0-9a-f]{8}|[0-9a-f]{17})$",
            "default": None,
            "description": "the id of an IPv4 prefix list of the Region, whose entries then stand for publicCidrs: "
            "pl- and 8 or 17 hexadecimal digits; null for none",
            "examples": ["pl-0a1b2c3d4e5f60001"],
        },
    },
}


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
