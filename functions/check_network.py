"""CheckNetwork: the VPC, its subnets, its way out, and the blocks that are taken. Reads only."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import vpc
from extended_cluster.aws import client
from extended_cluster.cidr import is_within, overlapping
from extended_cluster.endpoint import as_block, refusal_of
from extended_cluster.errors import NetworkUnsupported, SubnetConflict
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import OUTPOST_TAG, as_dict, is_ours
from extended_cluster.types import NetworkFacts, NodeSubnet, Spec

type Subnet = Mapping[str, Any]

# EC2 API, "Error codes"; public reports show both spellings.
_NO_SUCH_PREFIX_LIST = frozenset({"InvalidPrefixListID.NotFound", "InvalidPrefixListId.NotFound"})
# EKS user guide, "Service quotas": public endpoint access CIDR ranges per cluster.
_MOST_PUBLIC_CIDRS = 40


@state
def handler(event: Event) -> Result:
    """{spec} -> NetworkFacts. Raises NetworkUnsupported, and SubnetConflict for our own subnet."""
    vpc_id, cluster_subnets = os.environ["VPC_ID"], os.environ["CLUSTER_SUBNET_IDS"].split(",")
    return {**check(event["spec"], vpc_id, cluster_subnets, os.environ["NODE_ROUTE_TABLE_ID"], client("ec2"))}


def check(
    spec: Spec, vpc_id: str, cluster_subnet_ids: Sequence[str], route_table_id: str, ec2: Any
) -> NetworkFacts:
    """The network's facts; refuses what the cluster or a node subnet could not be made in."""
    vpc_cidrs = _vpc_cidrs(vpc_id, ec2)
    vpc.require_names(vpc_id, ec2)
    default_route = vpc.default_route(vpc_id, route_table_id, ec2)
    pages = ec2.get_paginator("describe_subnets").paginate(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
    subnets = {subnet["SubnetId"]: subnet for page in pages for subnet in page["Subnets"]}
    _require_cluster_subnets(vpc_id, cluster_subnet_ids, subnets)
    node_subnets = _node_subnets(spec["clusterName"], list(subnets.values()))
    # IPv6-only subnets have no IPv4 block.
    taken = {subnet_id: subnet["CidrBlock"] for subnet_id, subnet in subnets.items() if "CidrBlock" in subnet}
    for place, outpost in enumerate(spec["outposts"]):
        if outpost["subnetCidr"] is not None:
            own = node_subnets.get(outpost["outpostId"])
            _require_free(
                f"outposts[{place}].subnetCidr", outpost["subnetCidr"], own, vpc_id, vpc_cidrs, taken
            )
    return NetworkFacts(
        vpcId=vpc_id,
        vpcCidrs=vpc_cidrs,
        clusterSubnetIds=list(cluster_subnet_ids),
        freeAddresses={each: subnets[each]["AvailableIpAddressCount"] for each in cluster_subnet_ids},
        routeTableId=route_table_id,
        defaultRoute=default_route,
        takenCidrs=sorted(taken.values()),
        nodeSubnets=node_subnets,
        publicCidrs=_public_cidrs(spec, ec2),
    )


def _public_cidrs(spec: Spec, ec2: Any) -> list[str]:
    """The request's blocks, or its prefix list's entries as they are now: EKS itself knows no prefix lists."""
    prefix_list = spec["endpointAccess"]["prefixListId"]
    if prefix_list is None:
        return sorted(spec["endpointAccess"]["publicCidrs"])
    what = f"`endpointAccess.prefixListId` {prefix_list}"
    try:
        pages = ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=prefix_list)
        cidrs = sorted(entry["Cidr"] for page in pages for entry in page["Entries"])
    except ClientError as failure:
        if failure.response["Error"]["Code"] not in _NO_SUCH_PREFIX_LIST:
            raise
        raise NetworkUnsupported(
            f"{what} does not exist in this Region.", do="Name one that exists, or give publicCidrs."
        ) from failure
    if not 1 <= len(cidrs) <= _MOST_PUBLIC_CIDRS:
        raise NetworkUnsupported(
            f"{what} has {len(cidrs)} entries; EKS takes 1 to {_MOST_PUBLIC_CIDRS} public blocks.",
            do="Name a prefix list with as many entries, or give publicCidrs.",
        )
    try:
        for cidr in cidrs:
            as_block(cidr)
        reason = refusal_of(cidrs, by_name=False)
    except ValueError as wrong:
        reason = f"{wrong} (IPv4 only)"
    if reason:
        raise NetworkUnsupported(f"{what}: {reason}.", do="Correct the list, or give publicCidrs.")
    return cidrs


def _vpc_cidrs(vpc_id: str, ec2: Any) -> list[str]:
    try:
        found = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]
    except ClientError as failure:
        if failure.response["Error"]["Code"] != "InvalidVpcID.NotFound":
            raise
        raise NetworkUnsupported(
            f"The stack's VPC {vpc_id} does not exist in this Region.",
            do="Deploy the stack again with a VPC that exists.",
        ) from failure
    blocks = found["CidrBlockAssociationSet"]
    return [block["CidrBlock"] for block in blocks if block["CidrBlockState"]["State"] == "associated"]


def _require_cluster_subnets(vpc_id: str, subnet_ids: Sequence[str], subnets: Mapping[str, Subnet]) -> None:
    missing = [subnet_id for subnet_id in subnet_ids if subnet_id not in subnets]
    if missing:
        raise NetworkUnsupported(
            f"VPC {vpc_id} has no subnet {', '.join(missing)}, which the stack names for the cluster.",
            do="Deploy the stack again with subnets of that VPC.",
        )
    # EKS user guide, "VPC and subnet requirements": two Availability Zones or more, none of it on an Outpost.
    on_outpost = [subnet_id for subnet_id in subnet_ids if subnets[subnet_id].get("OutpostArn")]
    if on_outpost:
        raise NetworkUnsupported(
            f"The stack names {', '.join(on_outpost)} for the cluster, which is on an Outpost; EKS takes "
            "only subnets in the Region for an extended cluster's control plane.",
            do="Deploy the stack again with private subnets in the Region.",
        )
    zones = sorted({subnets[subnet_id]["AvailabilityZone"] for subnet_id in subnet_ids})
    if len(zones) < 2:
        raise NetworkUnsupported(
            f"The cluster's subnets {', '.join(subnet_ids)} are all in {', '.join(zones)}; EKS needs two "
            "Availability Zones or more.",
            do="Deploy the stack again with subnets in two Availability Zones.",
        )


def _node_subnets(cluster: str, subnets: Sequence[Subnet]) -> dict[str, NodeSubnet]:
    found: dict[str, NodeSubnet] = {}
    for subnet in subnets:
        tags = as_dict(subnet.get("Tags"))
        outpost_id = tags.get(OUTPOST_TAG)
        if outpost_id is None or not is_ours(tags, cluster):
            continue
        if outpost_id in found:
            raise NetworkUnsupported(
                f"Both {found[outpost_id]['subnetId']} and {subnet['SubnetId']} are tagged as the node "
                f"subnet of cluster {cluster} on {outpost_id}; a server has one.",
                do=f"Delete one of them, or remove its tag {OUTPOST_TAG}.",
            )
        found[outpost_id] = NodeSubnet(
            subnetId=subnet["SubnetId"],
            cidr=subnet["CidrBlock"],
            availabilityZone=subnet["AvailabilityZone"],
            lniDeviceIndex=subnet.get("EnableLniAtDeviceIndex"),
        )
    return found


def _require_free(
    field: str,
    asked: str,
    own: NodeSubnet | None,
    vpc_id: str,
    vpc_cidrs: list[str],
    taken: Mapping[str, str],
) -> None:
    if own is not None:
        if own["cidr"] != asked:
            raise SubnetConflict(
                f"The node subnet {own['subnetId']} has {own['cidr']}, and `{field}` asks for {asked}.",
                do=f"Set it to {own['cidr']} or leave it out; a subnet's block cannot be changed.",
            )
        return
    if not is_within(asked, vpc_cidrs):
        raise NetworkUnsupported(
            f"`{field}` {asked} is not inside VPC {vpc_id} ({', '.join(vpc_cidrs)}).",
            do="Name a block of the VPC, or leave it out for the next free /24.",
        )
    clashes = set(overlapping(asked, taken.values()))
    if clashes:
        holders = ", ".join(f"{subnet_id} ({cidr})" for subnet_id, cidr in taken.items() if cidr in clashes)
        raise NetworkUnsupported(
            f"`{field}` {asked} overlaps {holders} in VPC {vpc_id}.",
            do="Name a free block of the VPC, or leave it out for the next free /24.",
        )
