"""AwaitInstances: as many instances as desired are in service; one look."""

from datetime import datetime
from typing import Any

from extended_cluster import aws, shortage, slots
from extended_cluster.capacity import waits_on
from extended_cluster.errors import InsufficientCapacity, NodesFailed, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.types import Nodes

# A scaling activity tells its failure in words only (Auto Scaling API, Activity: no code member), so here,
# and only here, text decides: EC2's two codes for a full server (EC2 API error codes), and the sentence of
# the Auto Scaling guide, "Troubleshoot instance launch failures".
_FULL = (
    "InsufficientInstanceCapacity",
    "InsufficientCapacityOnOutpost",
    "We currently do not have sufficient",
    "not enough capacity on the Outpost",
)


@state
def handler(event: Event) -> Result:
    """{autoScalingGroupName, server: ServerPlan, clusterName, since: ISO 8601, capacityWaitMinutes, look,
    intervalSeconds} -> {instanceIds}.

    look: how often this state has been retried. NotReadyYet, NodesFailed or InsufficientCapacity while there are
    fewer than desired; the last one not before the request has had the group try for as long as it waits for room.
    """
    server, name = event["server"], event["autoScalingGroupName"]
    outpost_id, instance_type, nodes = server["outpostId"], server["instanceType"], server["nodes"]
    autoscaling = aws.client("autoscaling")
    found = in_service(autoscaling, name)
    if len(found) >= nodes["desired"]:
        return {"instanceIds": found}
    so_far = f"{len(found)} of {nodes['desired']} in service in Auto Scaling group {name}"
    if found:
        so_far += f" ({', '.join(found)})"
    failure = newest_failure(autoscaling, name, datetime.fromisoformat(event["since"]))
    if failure is None:
        raise NotReadyYet(f"{so_far}.")
    message = failure.get("StatusMessage", failure["StatusCode"])
    if not any(sign in message for sign in _FULL):
        raise NodesFailed(
            f"{so_far}: {failure['Description']}: {message}",
            do="Correct the cause and start the same request again.",
        )
    if waits_on(event["capacityWaitMinutes"], event["look"], event["intervalSeconds"]):
        raise NotReadyYet(f"{so_far}: no free slot for {instance_type} on Outpost {outpost_id}: {message}")
    outposts, ec2 = aws.client("outposts"), aws.client("ec2")
    numbers = _numbers(outposts, ec2, outpost_id, instance_type, nodes, event["clusterName"])
    raise InsufficientCapacity(
        f"{so_far}: {message} {numbers}",
        do=f"The group goes on trying by itself. {shortage.DO} Then start the same request again.",
    )


def in_service(autoscaling: Any, name: str) -> list[str]:
    """The ids of the group's instances that serve."""
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return sorted(
        instance["InstanceId"]
        for group in groups
        for instance in group["Instances"]
        if instance["LifecycleState"] == "InService" and instance["HealthStatus"] == "Healthy"
    )


def newest_failure(autoscaling: Any, name: str, since: datetime) -> dict[str, Any] | None:
    """The group's newest activity, if it has failed since then: what failed before this run is no verdict on it."""
    # Those in progress come first, then the newest (DescribeScalingActivities); only the first one counts:
    # the group tries again by itself after a failure.
    newest = autoscaling.describe_scaling_activities(AutoScalingGroupName=name, MaxRecords=1)["Activities"]
    failed = [
        activity
        for activity in newest[:1]
        if activity["StatusCode"] in ("Failed", "Cancelled") and activity["StartTime"] >= since
    ]
    return failed[0] if failed else None


def _numbers(outposts: Any, ec2: Any, outpost_id: str, instance_type: str, nodes: Nodes, cluster: str) -> str:
    server, known = slots.occupancy(outposts, outpost_id), slots.nodes(ec2, [outpost_id])
    rooms = server.rooms(sorted({*server.total, instance_type}), known, cluster)
    return shortage.tell(nodes, [instance_type], server, rooms, known, cluster)
