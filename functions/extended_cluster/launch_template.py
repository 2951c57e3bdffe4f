"""What a server's launch template holds, and whether a stored version holds the same. Pure."""

import json
from typing import Any

from extended_cluster import user_data
from extended_cluster.names import NO_MANAGE_TAG, Tags, as_list
from extended_cluster.types import Cluster, ServerPlan

type Template = dict[str, Any]

# What EC2 may answer without having been told: members of LaunchTemplateInstanceMetadataOptions that say how
# the options are applied, or repeat a default (EC2 API).
_ECHOES = {
    "State": ("applied", "pending"),
    "HttpProtocolIpv6": ("disabled",),
    "InstanceMetadataTags": ("disabled",),
}


def build(
    server: ServerPlan, cluster: Cluster, tags: Tags, device_index: int, instance_profile_arn: str
) -> Template:
    """The LaunchTemplateData. tags: those of the instances and of their interfaces.

    Two interfaces, the second at device_index: with LNI enabled on the subnet, that one is the local network
    interface. No subnet: the Auto Scaling group names it. Security groups stand inside each interface, as
    several interfaces demand; on the LNI it is required by syntax and not applied (facts: LNI; launching).
    No block device mappings: instances on a server have no EBS volumes.
    """
    interface = {"DeleteOnTermination": True, "Groups": [cluster["securityGroupId"]]}
    # The VPC CNI must leave the LNI alone; the primary interface it never leaves alone (ten facts, row 3).
    interface_tags = {**tags, NO_MANAGE_TAG: "true"}
    # EKS guide "Launch self-managed nodes": the tag by which Kubernetes knows the cluster's own instances.
    instance_tags = {**tags, f"kubernetes.io/cluster/{cluster['name']}": "owned"}
    return {
        "ImageId": server["imageId"],
        "InstanceType": server["instanceType"],
        "IamInstanceProfile": {"Arn": instance_profile_arn},
        "UserData": user_data.build(
            cluster,
            server["outpostId"],
            {**server["lni"], "deviceIndex": device_index},
            session_manager_on=server["sessionManager"],
            log_group=server["logGroup"],
        ),
        "NetworkInterfaces": [{"DeviceIndex": 0, **interface}, {"DeviceIndex": device_index, **interface}],
        # EKS best practices "Identity and Access Management": IMDSv2 only. Two hops, so that pods in the pod
        # network still reach it (the EKS AMI's own default).
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 2,
        },
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": as_list(instance_tags)},
            {"ResourceType": "network-interface", "Tags": as_list(interface_tags)},
        ],
    }


def same(wanted: Template, stored: Template) -> bool:
    """Whether a version as DescribeLaunchTemplateVersions answers it holds what ``build`` made."""
    return bool(_normal(wanted) == _normal(stored))


def _normal(value: Any) -> Any:
    """Without members that say nothing, and in an order of our own: EC2 lists tags and groups as it likes."""
    if isinstance(value, dict):
        members = {
            key: _normal(member) for key, member in value.items() if member not in _ECHOES.get(key, ())
        }
        return {key: member for key, member in sorted(members.items()) if not _says_nothing(member)}
    if isinstance(value, list):
        return sorted((_normal(item) for item in value), key=json.dumps)
    return value


def _says_nothing(member: Any) -> bool:
    return member is None or member is False or member in ("", [], {})
