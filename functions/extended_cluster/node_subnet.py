"""A server's node subnet on its Outpost: found by its tags, or made."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster.errors import NotReadyYet, SubnetConflict
from extended_cluster.names import CLUSTER_TAG, LNI_INDEX_TAG, OUTPOST_TAG, as_list, server_tags
from extended_cluster.types import ServerPlan

type Subnet = dict[str, Any]


def find(ec2: Any, server: ServerPlan, cluster: str) -> Subnet | None:
    """Our subnet by its tags; SubnetConflict when there are several, or it is not as the plan needs it."""
    subnets = _subnets(ec2, {f"tag:{CLUSTER_TAG}": cluster, f"tag:{OUTPOST_TAG}": server["outpostId"]})
    if not subnets:
        return None
    wanted = {
        "CidrBlock": server["subnetCidr"],
        "OutpostArn": server["outpostArn"],
        "AvailabilityZone": server["availabilityZone"],
    }
    different = [
        f"{subnet['SubnetId']} has {key} {subnet.get(key)} instead of {value}"
        for subnet in subnets
        for key, value in wanted.items()
        if subnet.get(key) != value
    ]
    if different or len(subnets) > 1:
        names = ", ".join(subnet["SubnetId"] for subnet in subnets)
        raise SubnetConflict(
            f"Outpost {server['outpostId']} must have one node subnet of cluster {cluster}, and has {names}"
            f"{': ' if different else ''}{'; '.join(different)}.",
            do="Delete what does not belong there, or ask for the existing subnetCidr.",
        )
    return subnets[0]


def create(ec2: Any, server: ServerPlan, cluster: str, tags: Mapping[str, str], vpc_id: str) -> Subnet:
    """Create it. CreateSubnet takes no client token: a second one is refused for its overlapping block."""
    try:
        subnet: Subnet = ec2.create_subnet(
            VpcId=vpc_id,
            CidrBlock=server["subnetCidr"],
            OutpostArn=server["outpostArn"],
            AvailabilityZone=server["availabilityZone"],
            TagSpecifications=[{"ResourceType": "subnet", "Tags": as_list(_tags(server, cluster, tags))}],
        )["Subnet"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidSubnet.Conflict":
            raise
        if raced := find(ec2, server, cluster):
            return raced
        _refuse_foreign(ec2, server, vpc_id)
        raise NotReadyYet(
            f"A subnet with {server['subnetCidr']} was just made, and EC2 does not show it yet."
        ) from error
    return subnet


def _tags(server: ServerPlan, cluster: str, tags: Mapping[str, str]) -> Mapping[str, str]:
    # With the request's device index, so that the LNI guard wants the same as EnableLni.
    index = str(server["lni"]["deviceIndex"])
    return {**server_tags(cluster, server["outpostId"], tags), LNI_INDEX_TAG: index}


def _refuse_foreign(ec2: Any, server: ServerPlan, vpc_id: str) -> None:
    wanted = ipaddress.ip_network(server["subnetCidr"])
    for subnet in _subnets(ec2, {"vpc-id": vpc_id}):
        if ipaddress.ip_network(subnet["CidrBlock"]).overlaps(wanted):
            raise SubnetConflict(
                f"{subnet['SubnetId']} with {subnet['CidrBlock']} took the block {wanted} meant for "
                f"{server['outpostId']}.",
                do="Start the same request again: the plan will choose a free block.",
            )


def _subnets(ec2: Any, filters: Mapping[str, str]) -> list[Subnet]:
    pages = ec2.get_paginator("describe_subnets").paginate(
        Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()]
    )
    return [subnet for page in pages for subnet in page["Subnets"]]
