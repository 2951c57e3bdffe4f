"""EnsureNodeGroup: one server's Auto Scaling group launches the template's version into the one subnet."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import aws
from extended_cluster.errors import NodeGroupConflict, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import Tags, as_dict, is_ours, server_tags
from extended_cluster.types import Nodes

type Settings = dict[str, Any]


@state
def handler(event: Event) -> Result:
    """{server, clusterName, subnetId, launchTemplateId, version, tags} -> {autoScalingGroupName, inService}.

    inService: whether as many instances as desired were in service before this step.
    """
    server, cluster = event["server"], event["clusterName"]
    wanted = settings(server["nodes"], event["subnetId"], event["launchTemplateId"], event["version"])
    tags = server_tags(cluster, server["outpostId"], event["tags"])
    found = ensure(aws.client("autoscaling"), server["name"], cluster, wanted, tags)
    serving = sum(each["LifecycleState"] == "InService" for each in found)
    return {"autoScalingGroupName": server["name"], "inService": serving >= server["nodes"]["desired"]}


def settings(nodes: Nodes, subnet_id: str, launch_template_id: str, version: int) -> Settings:
    """What Create and UpdateAutoScalingGroup both take. A fixed version: $Latest would change by itself."""
    return {
        "LaunchTemplate": {"LaunchTemplateId": launch_template_id, "Version": str(version)},
        "MinSize": nodes["min"],
        "MaxSize": nodes["max"],
        "DesiredCapacity": nodes["desired"],
        "VPCZoneIdentifier": subnet_id,
        "HealthCheckType": "EC2",
    }


def ensure(autoscaling: Any, name: str, cluster: str, wanted: Settings, tags: Tags) -> list[dict[str, Any]]:
    """Create the group, or change only what differs; the instances that it had.

    The API takes no client token: names are unique.
    """
    group = _find(autoscaling, name)
    if group is None:
        try:
            autoscaling.create_auto_scaling_group(AutoScalingGroupName=name, **wanted, Tags=_tags(name, tags))
            return []
        except ClientError as error:
            if error.response["Error"]["Code"] != "AlreadyExists":
                raise
            group = _find(autoscaling, name)
        if group is None:
            raise NotReadyYet(f"Auto Scaling group {name} was just made, and is not shown yet.")
    if not is_ours(as_dict(group["Tags"]), cluster):
        raise NodeGroupConflict(
            f"An Auto Scaling group named {name} exists and was not made for cluster {cluster}.",
            do="Delete that group or choose another clusterName.",
        )
    if "Status" in group:  # only set while the group is being deleted (Auto Scaling API, AutoScalingGroup)
        raise NotReadyYet(f"Auto Scaling group {name} is being deleted ({group['Status']}).")
    changes = {key: value for key, value in wanted.items() if not _agrees(value, group.get(key))}
    if changes:
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, **changes)
    missing = dict(tags.items() - as_dict(group["Tags"]).items())
    if missing:
        autoscaling.create_or_update_tags(Tags=_tags(name, missing))
    instances: list[dict[str, Any]] = group["Instances"]
    return instances


def _find(autoscaling: Any, name: str) -> dict[str, Any] | None:
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return groups[0] if groups else None


def _agrees(wanted: Any, found: Any) -> bool:
    """A launch template is also told by name in the answer: only what was said is compared."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and wanted.items() <= found.items()
    return bool(wanted == found)


def _tags(name: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "ResourceId": name,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": True,
        }
        for key, value in sorted(tags.items())
    ]
