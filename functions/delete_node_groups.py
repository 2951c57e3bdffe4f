"""DeleteNodeGroups: the Auto Scaling groups are gone, and their instances with them."""

from typing import Any

from extended_cluster import aws, teardown
from extended_cluster.errors import NotReadyYet
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName} -> {}. NotReadyYet while one is going; TeardownIncomplete names those refused."""
    delete(aws.client("autoscaling"), aws.client("ec2"), event["clusterName"])
    return {}


def delete(autoscaling: Any, ec2: Any, cluster: str) -> None:
    """ForceDelete ends the instances too. An instance keeps its interfaces and its slot until it is gone."""
    found = teardown.groups(autoscaling, cluster)
    going = {group["AutoScalingGroupName"] for group in found if "Status" in group}

    def delete_one(name: str) -> None:
        if name not in going:
            autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)

    teardown.sweep("Auto Scaling group", [group["AutoScalingGroupName"] for group in found], delete_one)
    if living := teardown.instances(ec2, cluster):
        raise NotReadyYet(f"Still there: {', '.join(living)}.")
