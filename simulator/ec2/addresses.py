"""Free private addresses of a subnet, lowest first, so that the same run gives the same addresses."""

import ipaddress
from typing import Any

from simulator.call import AwsError, Place
from simulator.ec2 import moto_state

# The first four addresses and the last are AWS's (VPC guide, "Subnet CIDR blocks").
_RESERVED = 4


def assigned(place: Place, interfaces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The interfaces, each with an address of its own. An LNI takes one as well (facts.md section 2)."""
    taken = {a["PrivateIpAddress"] for i in moto_state.interfaces(place) for a in i.private_ip_addresses}
    given = []
    for interface in interfaces:
        address = _lowest(place, interface["SubnetId"], taken)
        taken.add(address)
        given.append(interface | {"PrivateIpAddress": address})
    return given


def _lowest(place: Place, subnet_id: str, taken: set[str]) -> str:
    subnet = moto_state.subnet(place, subnet_id)
    assert subnet is not None  # noqa: S101 - launch_rules has seen it
    network = ipaddress.ip_network(subnet.cidr_block)
    for number in range(_RESERVED, network.num_addresses - 1):
        address = str(network[number])
        # moto remembers an address that an instance has had until it is handed back.
        if address not in taken and address not in subnet._subnet_ips:
            return address
    message = f"There are not enough free addresses in subnet '{subnet_id}' to satisfy the requested number"
    raise AwsError("InsufficientFreeAddressesInSubnet", f"{message} of instances.")
