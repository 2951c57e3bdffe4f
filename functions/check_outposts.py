"""CheckOutposts: each Outposts server, what it can launch and how much of that is free. Reads only."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster.aws import client
from extended_cluster.capacity import Capacity, choose, require_configured
from extended_cluster.errors import OutpostNotFound, OutpostUnsupported
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import CLUSTER_TAG, OUTPOST_TAG
from extended_cluster.types import OutpostFacts, OutpostSpec

# An asset in one of these states takes no new instance (Outposts API reference, ComputeAttributes).
_OUT_OF_SERVICE = frozenset({"ISOLATED", "RETIRING", "INSTALLING"})


@state
def handler(event: Event) -> Result:
    """{spec} -> {outposts: [OutpostFacts]}.

    Raises OutpostNotFound, OutpostUnsupported, InstanceTypeUnsupported, InsufficientCapacity, in that order.
    """
    spec = event["spec"]
    outposts, ec2 = client("outposts"), client("ec2")
    return {"outposts": [check(wanted, spec["clusterName"], outposts, ec2) for wanted in spec["outposts"]]}


def check(wanted: OutpostSpec, cluster: str, outposts: Any, ec2: Any) -> OutpostFacts:
    """One server's facts, with the instance type chosen for it."""
    outpost_id = wanted["outpostId"]
    outpost = _find(outposts, outpost_id)
    _require_active_server(outpost)
    launchable = [
        item["InstanceType"]
        for item in _all(outposts, "get_outpost_instance_types", "InstanceTypes", OutpostId=outpost_id)
    ]
    require_configured(outpost_id, wanted["instanceType"], launchable)
    total = _configured(_all(outposts, "list_assets", "Assets", OutpostIdentifier=outpost_id))
    instances = _all(outposts, "list_asset_instances", "AssetInstances", OutpostIdentifier=outpost_id)
    used = Counter(instance["InstanceType"] for instance in instances)
    ours = Counter(instance["InstanceType"] for instance in _our_instances(ec2, cluster, outpost_id))
    chosen = choose(
        wanted,
        [
            Capacity(
                instance_type=described["InstanceType"],
                vcpus=described["VCpuInfo"]["DefaultVCpus"],
                architectures=tuple(described["ProcessorInfo"]["SupportedArchitectures"]),
                total=total[described["InstanceType"]],
                used=used[described["InstanceType"]],
                ours=ours[described["InstanceType"]],
            )
            for described in ec2.describe_instance_types(InstanceTypes=sorted(launchable))["InstanceTypes"]
        ],
    )
    return OutpostFacts(
        outpostId=outpost_id,
        outpostArn=outpost["OutpostArn"],
        ownerId=outpost["OwnerId"],
        name=outpost["Name"],
        availabilityZone=outpost["AvailabilityZone"],
        hardwareType=outpost["SupportedHardwareType"],
        instanceType=chosen.instance_type,
        vcpus=chosen.vcpus,
        architecture=chosen.architecture,
        slots=chosen.slots,
    )


def _all(aws: Any, operation: str, member: str, **parameters: Any) -> list[dict[str, Any]]:
    return [item for page in aws.get_paginator(operation).paginate(**parameters) for item in page[member]]


def _find(outposts: Any, outpost_id: str) -> dict[str, Any]:
    try:
        outpost: dict[str, Any] = outposts.get_outpost(OutpostId=outpost_id)["Outpost"]
    except ClientError as failure:
        if failure.response["Error"]["Code"] != "NotFoundException":
            raise
        raise OutpostNotFound(
            f"No Outpost {outpost_id} is owned by this account or shared with it in "
            f"{outposts.meta.region_name}.",
            do="Check the id and the Region, or have its owner share it with this account by AWS RAM.",
        ) from failure
    return outpost


def _require_active_server(outpost: Mapping[str, Any]) -> None:
    outpost_id, hardware = outpost["OutpostId"], outpost.get("SupportedHardwareType")
    if hardware != "SERVER":
        # EKS user guide, "Amazon EKS on AWS Outposts": racks have their own ways. LNI is for servers only.
        raise OutpostUnsupported(
            f"Outpost {outpost_id} is hardware of type {hardware}, and only SERVER is provisioned here.",
            do="Name an Outposts server (GetOutpost answers SupportedHardwareType SERVER for it).",
        )
    if outpost["LifeCycleStatus"] != "ACTIVE":
        raise OutpostUnsupported(
            f"Outposts server {outpost_id} has life cycle status {outpost['LifeCycleStatus']}, not ACTIVE.",
            do="Finish its installation, then start the same request again.",
        )


def _configured(assets: list[dict[str, Any]]) -> Counter[str]:
    """Instances of each type that the server's compute assets are configured for (slotting)."""
    count: Counter[str] = Counter()
    for asset in assets:
        compute = asset.get("ComputeAttributes", {})
        if compute.get("State") not in _OUT_OF_SERVICE:
            for capacity in compute.get("InstanceTypeCapacities", []):
                count[capacity["InstanceType"]] += capacity["Count"]
    return count


def _our_instances(ec2: Any, cluster: str, outpost_id: str) -> list[dict[str, Any]]:
    filters = {f"tag:{CLUSTER_TAG}": cluster, f"tag:{OUTPOST_TAG}": outpost_id}
    reservations = _all(
        ec2,
        "describe_instances",
        "Reservations",
        Filters=[
            *({"Name": name, "Values": [value]} for name, value in filters.items()),
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ],
    )
    return [instance for reservation in reservations for instance in reservation["Instances"]]
