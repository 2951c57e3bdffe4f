"""AwaitInstances: as many instances as desired are in service; one look."""

from datetime import datetime
from typing import Any

from extended_cluster import aws
from extended_cluster.errors import InsufficientCapacity, NodesFailed, NotReadyYet
from extended_cluster.handler import Event, Result, state

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
    """{autoScalingGroupName, desired, outpostId, since: ISO 8601} -> {instanceIds}.

    InsufficientCapacity, NodesFailed or NotReadyYet while there are fewer than desired.
    """
    since = datetime.fromisoformat(event["since"])
    return look(
        aws.client("autoscaling"), event["autoScalingGroupName"], event["desired"], event["outpostId"], since
    )


def look(autoscaling: Any, name: str, desired: int, outpost_id: str, since: datetime) -> Result:
    """The instances in service, or why there are too few.

    since: what failed before this run began is no verdict on it: the group tries again by itself.
    """
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    in_service = sorted(
        instance["InstanceId"]
        for group in groups
        for instance in group["Instances"]
        if instance["LifecycleState"] == "InService" and instance["HealthStatus"] == "Healthy"
    )
    if len(in_service) >= desired:
        return {"instanceIds": in_service}
    so_far = f"{len(in_service)} of {desired} in service in Auto Scaling group {name}"
    # Those in progress come first, then the newest (DescribeScalingActivities); only the first one counts:
    # the group tries again by itself after a failure.
    newest = autoscaling.describe_scaling_activities(AutoScalingGroupName=name, MaxRecords=1)["Activities"]
    if newest and newest[0]["StatusCode"] in ("Failed", "Cancelled") and newest[0]["StartTime"] >= since:
        message = newest[0].get("StatusMessage", newest[0]["StatusCode"])
        if any(sign in message for sign in _FULL):
            raise InsufficientCapacity(
                f"{so_far}: Outpost {outpost_id} has no free slot: {message}",
                do="Free a slot on the server or lower nodes.desired, and start the same request again.",
            )
        raise NodesFailed(
            f"{so_far}: {newest[0]['Description']}: {message}",
            do="Correct the cause and start the same request again.",
        )
    raise NotReadyYet(f"{so_far}.")
