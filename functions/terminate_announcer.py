"""TerminateAnnouncer: the drill ends one node of ours, as a fault would; its Auto Scaling group replaces it."""

from typing import Any

from extended_cluster import aws
from extended_cluster.errors import NodeGroupConflict
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import as_dict, is_ours


@state
def handler(event: Event) -> Result:
    """{clusterName, autoScalingGroupName, instanceId, now} -> {instanceId, endedAt, ended}.

    now: when this state was entered, which is what endedAt says; ended: false when it was ended before.
    NodeGroupConflict when the group is not there or not ours.
    """
    name, instance_id = event["autoScalingGroupName"], event["instanceId"]
    ended = terminate(aws.client("autoscaling"), event["clusterName"], name, instance_id)
    return {"instanceId": instance_id, "endedAt": event["now"], "ended": ended}


def terminate(autoscaling: Any, cluster: str, name: str, instance_id: str) -> bool:
    """Only an instance that serves in this very group; the desired capacity stays."""
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if not groups or not is_ours(as_dict(groups[0]["Tags"]), cluster):
        raise NodeGroupConflict(
            f"There is no Auto Scaling group {name} of cluster {cluster}, so {instance_id} is not ours to end.",
            do="Find out who deleted the group or took its tags, and start the same request again.",
        )
    states = {one["InstanceId"]: one["LifecycleState"] for one in groups[0]["Instances"]}
    if states.get(instance_id, "Terminated").startswith("Terminat"):
        return False
    autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=instance_id, ShouldDecrementDesiredCapacity=False
    )
    return True
