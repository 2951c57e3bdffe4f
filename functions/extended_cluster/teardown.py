"""Deleting what is ours: found by tag, never by name, each one tried, every refusal told."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from extended_cluster.errors import THROTTLING_CODES, NotReadyYet, TeardownIncomplete
from extended_cluster.find_cluster import find_cluster
from extended_cluster.names import CLUSTER_TAG, is_ours

type Filters = list[dict[str, Any]]

# Something that is going still hangs on it, or it is going itself (error codes of the three services' APIs).
PASSING: Final = THROTTLING_CODES | {
    "DependencyViolation",
    "ResourceInUse",
    "ResourceInUseException",
    "ScalingActivityInProgress",
}
# Instances that are no more keep answering for an hour (EC2 guide, "Terminate your instance").
LIVING: Final = ["pending", "running", "shutting-down", "stopping", "stopped"]


def by_tag(cluster: str) -> Filters:
    """EC2's and Auto Scaling's filter for what bears our mark."""
    return [{"Name": f"tag:{CLUSTER_TAG}", "Values": [cluster]}]


def sweep(what: str, found: Sequence[str], delete: Callable[[str], Any]) -> None:
    """Try to delete each one; TeardownIncomplete names those refused.

    NotReadyYet as long as there was anything to delete: only a look that finds nothing proves that it is gone.
    """
    refused = []
    for name in found:
        try:
            delete(name)
        except ClientError as error:
            code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code not in PASSING:
                refused.append(f"{what} {name}: {error.operation_name} answered {code}: {said}")
    if refused:
        raise TeardownIncomplete("; ".join(refused) + ".", do="Correct the cause and start teardown again.")
    if found:
        raise NotReadyYet(f"Being deleted: {what} {', '.join(found)}.")


def groups(autoscaling: Any, cluster: str) -> list[dict[str, Any]]:
    """Our Auto Scaling groups, those being deleted among them."""
    pages = autoscaling.get_paginator("describe_auto_scaling_groups").paginate(Filters=by_tag(cluster))
    return [group for page in pages for group in page["AutoScalingGroups"]]


def instances(ec2: Any, cluster: str) -> list[str]:
    """Our instances that are not terminated."""
    living = {"Name": "instance-state-name", "Values": LIVING}
    pages = ec2.get_paginator("describe_instances").paginate(Filters=[*by_tag(cluster), living])
    return [i["InstanceId"] for page in pages for each in page["Reservations"] for i in each["Instances"]]


def launch_templates(ec2: Any, cluster: str) -> list[str]:
    """Our launch templates."""
    pages = ec2.get_paginator("describe_launch_templates").paginate(Filters=by_tag(cluster))
    return [found["LaunchTemplateId"] for page in pages for found in page["LaunchTemplates"]]


def interfaces(ec2: Any, cluster: str) -> list[str]:
    """Our network interfaces that are attached to nothing: nodes take theirs along when they end."""
    free = {"Name": "status", "Values": ["available"]}
    pages = ec2.get_paginator("describe_network_interfaces").paginate(Filters=[*by_tag(cluster), free])
    return [found["NetworkInterfaceId"] for page in pages for found in page["NetworkInterfaces"]]


def subnets(ec2: Any, cluster: str) -> list[str]:
    """Our node subnets."""
    pages = ec2.get_paginator("describe_subnets").paginate(Filters=by_tag(cluster))
    return [found["SubnetId"] for page in pages for found in page["Subnets"]]


def our_cluster(eks: Any, cluster: str) -> dict[str, Any] | None:
    """The EKS cluster; None when there is none, or one of that name that is not ours."""
    found = find_cluster(eks, cluster)
    return found if found and is_ours(found.get("tags", {}), cluster) else None


def everything(autoscaling: Any, ec2: Any, eks: Any, cluster: str) -> dict[str, list[str]]:
    """All that bears our mark, by kind; a kind of which there is nothing is left out."""
    found = {
        "autoScalingGroups": [group["AutoScalingGroupName"] for group in groups(autoscaling, cluster)],
        "instances": instances(ec2, cluster),
        "launchTemplates": launch_templates(ec2, cluster),
        "networkInterfaces": interfaces(ec2, cluster),
        "clusters": [cluster] if our_cluster(eks, cluster) else [],
        "subnets": subnets(ec2, cluster),
    }
    return {kind: names for kind, names in found.items() if names}


def named(found: dict[str, list[str]]) -> Iterator[str]:
    """``kind: name, name`` for each kind."""
    yield from (f"{kind}: {', '.join(names)}" for kind, names in found.items())
