"""A large edge at once, for benchmarks: servers, VPCs and node subnets, without a call for each.

moto's own CreateSubnet compares each new subnet with all others of the account, which takes minutes for 10,000.
"""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from moto.ec2.models.subnets import Subnet
from moto.ec2.utils import random_subnet_id

from simulator.call import ACCOUNT, REGION, Place
from simulator.ec2 import moto_state
from simulator.outposts.world import Asset, Outpost

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# VPC guide, "Amazon VPC quotas": 200 subnets in one VPC by default.
_PER_VPC = 200


@dataclass(frozen=True, slots=True)
class Edge:
    """What to make. servers: Outposts servers that the account owns; subnets: node subnets, given to the servers in
    turn, 200 to a VPC; enabled: how many of the subnets have LNI at device index 1 already."""

    servers: int
    subnets: int
    enabled: int = 0
    account: str = ACCOUNT
    region: str = REGION


def make(cloud: "Cloud", edge: Edge) -> dict[str, list[str]]:
    """Add the edge to the cloud; the ARNs of its Outposts, and the ids of its subnets and VPCs."""
    if edge.subnets and not edge.servers:
        raise ValueError("subnets need servers")
    zones = moto_state.backend(edge).describe_availability_zones()
    first = len(cloud.world.outposts)
    outposts = [_server(first + number, edge, zones[number % len(zones)]) for number in range(edge.servers)]
    cloud.world = cloud.world.with_outposts(outposts)
    backend = moto_state.backend(edge)
    vpcs = [backend.create_vpc("10.0.0.0/16").id for _ in range(-(-edge.subnets // _PER_VPC))]
    blocks = [str(block) for block in ip_network("10.0.0.0/16").subnets(new_prefix=24)]
    subnets = [
        _subnet(edge, outposts[number % len(outposts)], vpcs[number // _PER_VPC], blocks[number % _PER_VPC])
        for number in range(edge.subnets)
    ]
    for subnet in subnets[: edge.enabled]:
        subnet.lni_index = subnet.enable_lni_at_device_index = 1
    return {
        "outposts": [outpost.arn for outpost in outposts],
        "subnets": [subnet.id for subnet in subnets],
        "vpcs": vpcs,
    }


def _server(number: int, place: Place, zone: Any) -> Outpost:
    return Outpost(
        id=f"op-{number:017x}",
        name=f"bulk-{number}",
        description="2U server of a large edge",
        hardware="SERVER",
        status="ACTIVE",
        zone=zone.name,
        zone_id=zone.zone_id,
        site=f"os-{number:017x}",
        supported=("c6id.8xlarge",),
        assets=(Asset(f"{number:010}", ("c6id",), 128, {"c6id.8xlarge": 4}),),
        owner=place.account,
        region=place.region,
    )


def _subnet(place: Place, outpost: Outpost, vpc_id: str, block: str) -> Any:
    """What moto's create_subnet makes after its checks."""
    backend = moto_state.backend(place)
    zone = next(zone for zone in backend.describe_availability_zones() if zone.name == outpost.zone)
    make_subnet: Any = Subnet  # mypy takes moto's class for an abstract one
    made = make_subnet(backend, random_subnet_id(), vpc_id, block, None, zone, False, False)
    made.outpost_arn = outpost.arn
    made.lni_index = made.enable_lni_at_device_index = None
    backend.associate_default_network_acl_with_subnet(made.id, vpc_id)
    backend.subnets[outpost.zone][made.id] = made
    return made
