"""DescribeSubnets, read from moto's objects: moto itself looks through all tags and interfaces for every subnet
that it describes, and knows neither pages nor most filters."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from simulator.call import Answer, AwsError, Call, only
from simulator.ec2 import moto_state
from simulator.ec2.filters import chosen
from simulator.ec2.moto_state import outpost_arn
from simulator.ec2.pages import page
from simulator.ram import shared_with

# EC2 API Reference, DescribeSubnets: the filters, those of IPv6 and customer-owned addresses left out.
_READERS: dict[str, Callable[[Any], Any]] = {
    "availability-zone": lambda subnet: subnet.availability_zone,
    "availability-zone-id": lambda subnet: subnet.availability_zone_id,
    "cidr-block": lambda subnet: subnet.cidr_block,
    "default-for-az": lambda subnet: _is_true(subnet.default_for_az),
    "enable-lni-at-device-index": lambda subnet: getattr(subnet, "enable_lni_at_device_index", None),
    "map-public-ip-on-launch": lambda subnet: _is_true(subnet.map_public_ip_on_launch),
    "outpost-arn": outpost_arn,
    "owner-id": lambda subnet: subnet.owner_id,
    "state": lambda subnet: subnet.state,
    "subnet-arn": lambda subnet: subnet.arn,
    "subnet-id": lambda subnet: subnet.id,
    "vpc-id": lambda subnet: subnet.vpc_id,
}
# "You can also use ... as the filter name."
_OTHER_NAMES = {
    "availabilityZone": "availability-zone",
    "availabilityZoneId": "availability-zone-id",
    "cidr": "cidr-block",
    "cidrBlock": "cidr-block",
    "defaultForAz": "default-for-az",
}
_ALL_READERS = _READERS | {other: _READERS[name] for other, name in _OTHER_NAMES.items()}


def describe_subnets(call: Call) -> Answer:
    """The account's own subnets and those shared with it."""
    only(call, "SubnetIds", "Filters", "MaxResults", "NextToken")
    found = moto_state.subnets(call) + shared_subnets(call)
    wanted = call.params.get("SubnetIds")
    if wanted:
        known = {subnet.id: subnet for subnet in found}
        for subnet_id in wanted:
            if subnet_id not in known:
                raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
        found = [known[subnet_id] for subnet_id in dict.fromkeys(wanted)]
    passed = chosen(call, found, _ALL_READERS, lambda subnet: _tags(call, subnet))
    part, more = page(call, passed, lambda subnet: str(subnet.id))
    used = _addresses_in_use(part)
    return {"Subnets": [_described(call, subnet, used[subnet.id]) for subnet in part], **more}


def shared_subnets(call: Call) -> list[Any]:
    """moto's subnets of other accounts that RAM shares with the account."""
    arns = {arn for arn in shared_with(call) if arn.startswith("arn:aws:ec2:")}
    return [
        subnet
        for backend in (moto_state.backends(call.region) if arns else ())
        for zone in backend.subnets.values()
        for subnet in zone.values()
        if subnet.arn in arns
    ]


def _tags(call: Call, subnet: Any) -> dict[str, str]:
    """VPC guide, "Share your VPC subnets": tags are not shared with the participants."""
    return moto_state.tags(call, subnet.id) if subnet.owner_id == call.account else {}


def _addresses_in_use(subnets: list[Any]) -> Counter[str]:
    used: Counter[str] = Counter()
    for backend in {id(subnet.ec2_backend): subnet.ec2_backend for subnet in subnets}.values():
        for interface in list(backend.enis.values()):
            used[interface.subnet.id] += len(interface.private_ip_addresses)
    return used


def _described(call: Call, subnet: Any, used: int) -> Answer:
    described: Answer = {
        "SubnetId": subnet.id,
        "SubnetArn": subnet.arn,
        "OwnerId": subnet.owner_id,
        "State": subnet.state,
        "VpcId": subnet.vpc_id,
        "CidrBlock": subnet.cidr_block,
        "AvailableIpAddressCount": subnet._available_ip_addresses - used,
        "AvailabilityZone": subnet.availability_zone,
        "AvailabilityZoneId": subnet.availability_zone_id,
        "DefaultForAz": _is_true(subnet.default_for_az),
        "MapPublicIpOnLaunch": _is_true(subnet.map_public_ip_on_launch),
        "AssignIpv6AddressOnCreation": _is_true(subnet.assign_ipv6_address_on_creation),
        "Ipv6Native": subnet.ipv6_native,
        "Ipv6CidrBlockAssociationSet": _ipv6(subnet),
        "PrivateDnsNameOptionsOnLaunch": subnet.private_dns_name_options_on_launch,
        "OutpostArn": outpost_arn(subnet),
        "EnableLniAtDeviceIndex": getattr(subnet, "enable_lni_at_device_index", None),
        "Tags": [{"Key": key, "Value": value} for key, value in _tags(call, subnet).items()],
    }
    return {name: value for name, value in described.items() if value is not None}


def _ipv6(subnet: Any) -> list[Answer]:
    return [
        {
            "AssociationId": association["associationId"],
            "Ipv6CidrBlock": association["ipv6CidrBlock"],
            "Ipv6CidrBlockState": association["ipv6CidrBlockState"],
        }
        for association in subnet.ipv6_cidr_block_associations.values()
        if association["ipv6CidrBlockState"]["State"] == "associated"
    ]


def _is_true(value: Any) -> bool:
    """moto keeps some switches as they stood in the request: ``true``."""
    return str(value).lower() == "true"
