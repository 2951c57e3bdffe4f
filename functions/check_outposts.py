"""CheckOutposts: each Outposts server, what it can launch, how much of that is free, what is ours. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import shortage, slots
from extended_cluster.aws import client
from extended_cluster.capacity import Capacity, by_size, candidates, choose, require_configured, waits_on
from extended_cluster.errors import InsufficientCapacity, NotReadyYet, OutpostNotFound, OutpostUnsupported
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import as_dict, is_ours, server_name
from extended_cluster.slots import Node, Occupancy
from extended_cluster.types import Nodes, OutpostFacts, OutpostSpec, Spec


@state
def handler(event: Event) -> Result:
    """{spec, look, intervalSeconds} -> {outposts: [OutpostFacts]}.

    Raises OutpostNotFound, OutpostUnsupported, InstanceTypeUnsupported, InsufficientCapacity, in that order; in place
    of the last NotReadyYet as long as the request waits for room. look: how often this state has been retried.
    """
    spec = event["spec"]
    waits = waits_on(spec["capacityWaitMinutes"], event["look"], event["intervalSeconds"])
    # A plan is asked for to be read now.
    waits = waits and spec["mode"] == "apply"
    found = check(spec, client("outposts"), client("ec2"), client("autoscaling"), waits=waits)
    return {"outposts": found}


def check(
    spec: Spec, outposts: Any, ec2: Any, autoscaling: Any, *, waits: bool = False
) -> list[OutpostFacts]:
    """Every server's facts. The Outposts API is asked server by server, EC2 and Auto Scaling once for all."""
    servers = [_look(wanted, outposts) for wanted in spec["outposts"]]
    cluster, ids = spec["clusterName"], [wanted["outpostId"] for wanted in spec["outposts"]]
    launchable = {instance_type for server in servers for instance_type in server.launchable}
    types = ec2.describe_instance_types(InstanceTypes=sorted(launchable))["InstanceTypes"]
    nodes = slots.nodes(ec2, ids)
    capacities = [_capacities(server, types, nodes, cluster) for server in servers]
    chosen = _choices(spec, servers, capacities, nodes, waits=waits)
    templates = _our_launch_templates(ec2, cluster, ids)
    groups = _our_groups(autoscaling, cluster, ids)
    return [
        _facts(server, found, choice, templates, groups)
        for server, found, choice in zip(servers, capacities, chosen, strict=True)
    ]


@dataclass(frozen=True)
class _Seen:
    """A server as the Outposts API tells it."""

    outpost: Mapping[str, Any]
    launchable: Sequence[str]
    occupancy: Occupancy


def _look(wanted: OutpostSpec, outposts: Any) -> _Seen:
    outpost_id = wanted["outpostId"]
    outpost = _find(outposts, outpost_id)
    _require_active_server(outpost)
    launchable = [
        item["InstanceType"]
        for item in slots.pages(outposts, "get_outpost_instance_types", "InstanceTypes", OutpostId=outpost_id)
    ]
    require_configured(outpost_id, wanted["instanceType"], launchable)
    return _Seen(outpost, launchable, slots.occupancy(outposts, outpost_id))


def _capacities(
    server: _Seen, types: Sequence[Mapping[str, Any]], nodes: Sequence[Node], cluster: str
) -> list[Capacity]:
    described = {each["InstanceType"]: each for each in types}
    return by_size(
        Capacity(
            **vars(room),
            vcpus=described[room.instance_type]["VCpuInfo"]["DefaultVCpus"],
            architectures=tuple(described[room.instance_type]["ProcessorInfo"]["SupportedArchitectures"]),
        )
        for room in server.occupancy.rooms(server.launchable, nodes, cluster)
    )


def _choices(
    spec: Spec,
    servers: Sequence[_Seen],
    capacities: Sequence[Sequence[Capacity]],
    nodes: Sequence[Node],
    *,
    waits: bool,
) -> list[Capacity]:
    """Every server's type. All servers without room are told at once: to free slots may take days."""
    chosen, lacking = [], []
    for wanted, server, found in zip(spec["outposts"], servers, capacities, strict=True):
        choice = choose(wanted, found)
        if choice:
            chosen.append(choice)
        else:
            asked = [each.instance_type for each in candidates(wanted, found)]
            lacking.append(
                shortage.tell(wanted["nodes"], asked, server.occupancy, found, nodes, spec["clusterName"])
            )
    if lacking and waits:
        raise NotReadyYet(" ".join(lacking))
    if lacking:
        raise InsufficientCapacity(" ".join(lacking), do=shortage.DO)
    return chosen


def _facts(
    server: _Seen,
    capacities: Sequence[Capacity],
    chosen: Capacity,
    templates: set[str],
    groups: Mapping[str, Nodes],
) -> OutpostFacts:
    outpost, outpost_id = server.outpost, server.occupancy.outpost_id
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
    if hardware is None:
        raise OutpostUnsupported(
            f"GetOutpost does not say of Outpost {outpost_id} what hardware it is; only SERVER is provisioned here.",
            do="If it is a server, ask AWS Support why SupportedHardwareType is missing; or name another Outpost.",
        )
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


def _our_launch_templates(ec2: Any, cluster: str, ids: Sequence[str]) -> set[str]:
    """The servers with a launch template of ours. One of others by that name is EnsureLaunchTemplate's to refuse."""
    names = {server_name(cluster, outpost_id): outpost_id for outpost_id in ids}
    filters = [{"Name": "launch-template-name", "Values": list(names)}]
    found = slots.pages(ec2, "describe_launch_templates", "LaunchTemplates", Filters=filters)
    return {
        names[each["LaunchTemplateName"]] for each in found if is_ours(as_dict(each.get("Tags")), cluster)
    }


def _our_groups(autoscaling: Any, cluster: str, ids: Sequence[str]) -> dict[str, Nodes]:
    names = {server_name(cluster, outpost_id): outpost_id for outpost_id in ids}
    found = slots.pages(
        autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=list(names)
    )
    return {
        names[group["AutoScalingGroupName"]]: Nodes(
            min=group["MinSize"], desired=group["DesiredCapacity"], max=group["MaxSize"]
        )
        for group in found
        if is_ours(as_dict(group["Tags"]), cluster)
    }
