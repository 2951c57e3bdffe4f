"""CheckOutposts: each Outposts server, what it can launch, how much of that is free, what is ours. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster.aws import client
from extended_cluster.capacity import Capacity, choose, require_configured
from extended_cluster.errors import OutpostNotFound, OutpostUnsupported
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import CLUSTER_TAG, OUTPOST_TAG, as_dict, is_ours, server_name
from extended_cluster.types import Nodes, OutpostFacts, OutpostSpec, Spec

# An asset in one of these states takes no new instance (Outposts API reference, ComputeAttributes).
_OUT_OF_SERVICE = frozenset({"ISOLATED", "RETIRING", "INSTALLING"})


@state
def handler(event: Event) -> Result:
    """{spec} -> {outposts: [OutpostFacts]}.

    Raises OutpostNotFound, OutpostUnsupported, InstanceTypeUnsupported, InsufficientCapacity, in that order.
    """
    return {"outposts": check(event["spec"], client("outposts"), client("ec2"), client("autoscaling"))}


def check(spec: Spec, outposts: Any, ec2: Any, autoscaling: Any) -> list[OutpostFacts]:
    """Every server's facts. The Outposts API is asked server by server, EC2 and Auto Scaling once for all."""
    servers = [_look(wanted, outposts) for wanted in spec["outposts"]]
    cluster, ids = spec["clusterName"], [wanted["outpostId"] for wanted in spec["outposts"]]
    launchable = {instance_type for server in servers for instance_type in server.launchable}
    types = ec2.describe_instance_types(InstanceTypes=sorted(launchable))["InstanceTypes"]
    ours = _our_instances(ec2, cluster, ids)
    templates = _our_launch_templates(ec2, cluster, ids)
    groups = _our_groups(autoscaling, cluster, ids)
    return [
        _facts(wanted, server, types, ours, templates, groups)
        for wanted, server in zip(spec["outposts"], servers, strict=True)
    ]


@dataclass(frozen=True)
class _Seen:
    """A server as the Outposts API tells it: instances configured and running by type."""

    outpost: Mapping[str, Any]
    launchable: Sequence[str]
    total: Counter[str]
    used: Counter[str]


def _look(wanted: OutpostSpec, outposts: Any) -> _Seen:
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
    return _Seen(outpost, launchable, total, Counter(instance["InstanceType"] for instance in instances))


def _facts(
    wanted: OutpostSpec,
    server: _Seen,
    types: Sequence[Mapping[str, Any]],
    ours: Counter[tuple[str, str]],
    templates: set[str],
    groups: Mapping[str, Nodes],
) -> OutpostFacts:
    outpost_id, outpost = wanted["outpostId"], server.outpost
    capacities = [
        Capacity(
            instance_type=described["InstanceType"],
            vcpus=described["VCpuInfo"]["DefaultVCpus"],
            architectures=tuple(described["ProcessorInfo"]["SupportedArchitectures"]),
            total=server.total[described["InstanceType"]],
            used=server.used[described["InstanceType"]],
            ours=ours[outpost_id, described["InstanceType"]],
        )
        for described in types
        if described["InstanceType"] in server.launchable
    ]
    chosen = choose(wanted, capacities)
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
        freeSlots={capacity.instance_type: capacity.free for capacity in capacities},
        launchTemplate=outpost_id in templates,
        nodeGroup=groups.get(outpost_id),
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


def _our_instances(ec2: Any, cluster: str, ids: Sequence[str]) -> Counter[tuple[str, str]]:
    """How many of ours hold a slot, by (Outpost id, instance type)."""
    filters = {f"tag:{CLUSTER_TAG}": [cluster], f"tag:{OUTPOST_TAG}": list(ids)}
    reservations = _all(
        ec2,
        "describe_instances",
        "Reservations",
        Filters=[
            *({"Name": name, "Values": values} for name, values in filters.items()),
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ],
    )
    return Counter(
        (as_dict(instance["Tags"])[OUTPOST_TAG], instance["InstanceType"])
        for reservation in reservations
        for instance in reservation["Instances"]
    )


def _our_launch_templates(ec2: Any, cluster: str, ids: Sequence[str]) -> set[str]:
    """The servers with a launch template of ours. One of others by that name is EnsureLaunchTemplate's to refuse."""
    names = {server_name(cluster, outpost_id): outpost_id for outpost_id in ids}
    filters = [{"Name": "launch-template-name", "Values": list(names)}]
    found = _all(ec2, "describe_launch_templates", "LaunchTemplates", Filters=filters)
    return {
        names[each["LaunchTemplateName"]] for each in found if is_ours(as_dict(each.get("Tags")), cluster)
    }


def _our_groups(autoscaling: Any, cluster: str, ids: Sequence[str]) -> dict[str, Nodes]:
    names = {server_name(cluster, outpost_id): outpost_id for outpost_id in ids}
    found = _all(
        autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=list(names)
    )
    return {
        names[group["AutoScalingGroupName"]]: Nodes(
            min=group["MinSize"], desired=group["DesiredCapacity"], max=group["MaxSize"]
        )
        for group in found
        if is_ours(as_dict(group["Tags"]), cluster)
    }
