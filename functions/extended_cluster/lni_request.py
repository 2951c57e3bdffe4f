"""The request's ``lni``: its JSON Schema, and what contradicts itself in it. Pure."""

import ipaddress
from typing import Any, Final, NamedTuple

from extended_cluster.types import LniSpec, Nodes

LNI_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "an object that describes the local network interface (LNI) of each node",
    # fastjsonschema fills in what a given object lacks, and not what its default lacks.
    "default": {
        "deviceIndex": 1,
        "addressing": "dhcp",
        "address": None,
        "localCidr": None,
        "gateway": None,
        "mtu": 1500,
        "vlan": None,
    },
    "additionalProperties": False,
    "examples": [{"deviceIndex": 1, "localCidr": "192.168.10.0/24"}],
    "properties": {
        # EC2 API reference, EnableLniAtDeviceIndex: at least 1, no published maximum.
        "deviceIndex": {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": "a whole number, 1 or more: the local network interface's device index",
            "examples": [1],
        },
        "addressing": {
            "enum": ["dhcp", "static"],
            "default": "dhcp",
            "description": "dhcp: the LAN's own server gives the address; static: the field address does",
            "examples": ["dhcp"],
        },
        "address": {
            "type": ["string", "null"],
            "default": None,
            "description": "only with static addressing: the node's IPv4 address on the LAN with localCidr's mask",
            "examples": ["192.168.10.21/24"],
        },
        "localCidr": {
            "type": ["string", "null"],
            "default": None,
            "description": "the LAN as an IPv4 network address with its mask; without it, pods cannot answer "
            "the LAN and addressing static is impossible",
            "examples": ["192.168.10.0/24"],
        },
        "gateway": {
            "type": ["string", "null"],
            "default": None,
            "description": "an IPv4 address inside localCidr: the default route for what the node sends from "
            "a LAN address; null gives the LNI no default route",
            "examples": ["192.168.10.1"],
        },
        # 1500 is what an LNI carries (facts: LNI); 1280 is IPv6's least, and no smaller one is of use.
        "mtu": {
            "type": "integer",
            "minimum": 1280,
            "maximum": 1500,
            "default": 1500,
            "description": "a whole number from 1280 to 1500: the LNI's MTU in bytes",
            "examples": [1500],
        },
        # IEEE 802.1Q: 0 and 4095 are reserved.
        "vlan": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 4094,
            "default": None,
            "description": "a VLAN id from 1 to 4094, tagged in the guest; null is untagged",
            "examples": [10],
        },
    },
}


class Contradiction(NamedTuple):
    """field: of ``lni``; reason: follows the field and its value in a sentence."""

    field: str
    reason: str


def whole_numbers(lni: LniSpec) -> LniSpec:
    """JSON Schema takes 2.0 for an integer and EC2 does not."""
    vlan = lni["vlan"]
    return {
        **lni,
        "deviceIndex": int(lni["deviceIndex"]),
        "mtu": int(lni["mtu"]),
        "vlan": None if vlan is None else int(vlan),
    }


def contradiction(lni: LniSpec, nodes: Nodes) -> Contradiction | None:
    """The first thing in a schema-valid ``lni`` that cannot be meant."""
    try:
        lan = None if lni["localCidr"] is None else ipaddress.IPv4Network(lni["localCidr"])
    except ValueError as reason:  # AddressValueError and NetmaskValueError are ValueErrors
        return Contradiction("localCidr", str(reason))
    if lan is not None and not 8 <= lan.prefixlen <= 30:
        return Contradiction("localCidr", "a LAN has a mask from /8 to /30")
    return _address(lni, nodes, lan) or _gateway(lni, lan)


def _address(lni: LniSpec, nodes: Nodes, lan: ipaddress.IPv4Network | None) -> Contradiction | None:
    address = lni["address"]
    if lni["addressing"] == "dhcp":
        return None if address is None else Contradiction("address", "addressing is dhcp")
    if lan is None:
        return Contradiction("localCidr", "addressing static needs it")
    if address is None:
        return Contradiction("address", "addressing static needs it")
    if nodes["max"] != 1:
        # A launch template is the same for every instance of its group.
        return Contradiction(
            "address", f"nodes.max is {nodes['max']}, and one static address serves one node"
        )
    try:
        interface = ipaddress.IPv4Interface(address)
    except ValueError as reason:
        return Contradiction("address", str(reason))
    if "/" not in address or interface.network != lan:
        return Contradiction("address", f"it is not an address of localCidr {lan} with its mask")
    if not _is_host(interface.ip, lan):
        return Contradiction("address", f"it is the network or broadcast address of localCidr {lan}")
    return None


def _gateway(lni: LniSpec, lan: ipaddress.IPv4Network | None) -> Contradiction | None:
    if lni["gateway"] is None:
        return None
    if lan is None:
        return Contradiction("gateway", "localCidr is missing, which a gateway must be inside")
    try:
        gateway = ipaddress.IPv4Address(lni["gateway"])
    except ValueError as reason:
        return Contradiction("gateway", str(reason))
    if not _is_host(gateway, lan):
        return Contradiction("gateway", f"it is no host's address inside localCidr {lan}")
    if lni["address"] is not None and ipaddress.IPv4Interface(lni["address"]).ip == gateway:
        return Contradiction("gateway", "it is the node's own address")
    return None


def _is_host(address: ipaddress.IPv4Address, lan: ipaddress.IPv4Network) -> bool:
    return address in lan and address not in (lan.network_address, lan.broadcast_address)
