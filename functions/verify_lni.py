"""VerifyLni: every node really has its local network interface, as it must be."""

from collections.abc import Sequence
from typing import Any

from extended_cluster import aws
from extended_cluster.errors import LniNotAttached
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import NO_MANAGE_TAG, as_dict

type Interface = dict[str, Any]


@state
def handler(event: Event) -> Result:
    """{instanceIds, subnetId, deviceIndex} -> {instances: [Node]}. LniNotAttached names what is wrong."""
    return verify(aws.client("ec2"), event["instanceIds"], event["subnetId"], event["deviceIndex"])


def verify(ec2: Any, instance_ids: Sequence[str], subnet_id: str, device_index: int) -> Result:
    """No API field calls an interface an LNI: it is one by sitting at the subnet's index (facts: LNI)."""
    (subnet,) = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
    if subnet.get("EnableLniAtDeviceIndex") != device_index:
        raise LniNotAttached(
            f"Subnet {subnet_id} does not have LNI enabled at device index {device_index} any more "
            f"(it has {subnet.get('EnableLniAtDeviceIndex')}), so {_list(instance_ids)} cannot have one.",
            do="Find out who changed the subnet, and start the same request again.",
        )
    at_index = _interfaces(ec2, instance_ids, device_index)
    faults = [
        f"{instance_id}: {fault}"
        for instance_id in instance_ids
        for fault in _faults(at_index.get(instance_id), subnet_id, device_index)
    ]
    if faults:
        raise LniNotAttached(
            "; ".join(faults) + ".",
            do="Terminate the instance; its Auto Scaling group launches another. Then start again.",
        )
    return {
        "instances": [
            {
                "instanceId": instance_id,
                "lni": {
                    "networkInterfaceId": at_index[instance_id]["NetworkInterfaceId"],
                    "macAddress": at_index[instance_id]["MacAddress"],
                    "privateIp": at_index[instance_id]["PrivateIpAddress"],
                },
            }
            for instance_id in instance_ids
        ]
    }


def _interfaces(ec2: Any, instance_ids: Sequence[str], device_index: int) -> dict[str, Interface]:
    if not instance_ids:  # a filter without values is an error
        return {}
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[
            {"Name": "attachment.instance-id", "Values": list(instance_ids)},
            {"Name": "attachment.device-index", "Values": [str(device_index)]},
        ]
    )
    return {found["Attachment"]["InstanceId"]: found for page in pages for found in page["NetworkInterfaces"]}


def _faults(found: Interface | None, subnet_id: str, device_index: int) -> list[str]:
    if found is None:
        return [f"no interface at device index {device_index}"]
    name, attachment = found["NetworkInterfaceId"], found["Attachment"]
    checks = {
        f"{name} is in {found['SubnetId']} instead of {subnet_id}": found["SubnetId"] == subnet_id,
        f"{name} is {attachment['Status']} instead of attached": attachment["Status"] == "attached",
        # Else it outlives its node: the original leaked LNIs (facts: LNI).
        f"{name} is not deleted on termination": attachment["DeleteOnTermination"],
        # Else the VPC CNI takes it (facts: ten facts, rows 2 and 3).
        f"{name} lacks the tag {NO_MANAGE_TAG}=true": as_dict(found["TagSet"]).get(NO_MANAGE_TAG) == "true",
    }
    return [fault for fault, right in checks.items() if not right]


def _list(instance_ids: Sequence[str]) -> str:
    return ", ".join(instance_ids) or "no instance"
