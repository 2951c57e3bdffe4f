"""The RunInstances call that a group makes of its launch template."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from simulator.autoscaling.group import Group
from simulator.call import Answer, AwsError, Call, NotModelled, aws_service

if TYPE_CHECKING:
    from simulator.cloud import Cloud

AUTO_SCALING = aws_service("autoscaling.amazonaws.com")


def template_version(cloud: "Cloud", specification: Answer) -> Answer:
    """The launch template version that a specification means now; else EC2's refusal."""
    # A group tells both id and name, EC2 takes one of them.
    key = "LaunchTemplateId" if "LaunchTemplateId" in specification else "LaunchTemplateName"
    named = {key: specification[key]}
    wanted = [specification.get("Version", "$Default")]
    found = cloud.moto(Call("ec2", "DescribeLaunchTemplateVersions", {**named, "Versions": wanted}))
    version: Answer = found["LaunchTemplateVersions"][0]
    return version


def named_in_full(cloud: "Cloud", specification: Answer) -> Answer:
    """The specification with both the template's id and its name, as DescribeAutoScalingGroups tells it."""
    if len({"LaunchTemplateId", "LaunchTemplateName"} & set(specification)) != 1:
        raise AwsError(
            "ValidationError", "Valid requests must contain either launchTemplateId or LaunchTemplateName"
        )
    try:
        version = template_version(cloud, specification)
    except AwsError as refused:
        raise _not_well_formed(refused) from refused
    return {name: version[name] for name in ("LaunchTemplateId", "LaunchTemplateName")} | specification


def subnet_for(group: Group) -> str:
    """The group's emptiest subnet, so that its zones stay balanced (Auto Scaling guide, "Zone distribution")."""
    used = Counter(member.subnet_id for member in group.live())
    return min(group.subnets, key=lambda subnet_id: used[subnet_id])


def request(cloud: "Cloud", group: Group, subnet_id: str) -> dict[str, Any]:
    """RunInstances' parameters for one instance of the group."""
    version = template_version(cloud, group.template)
    tags = [{"Key": t["Key"], "Value": t["Value"]} for t in group.tags.values() if t["PropagateAtLaunch"]]
    tags.append({"Key": "aws:autoscaling:groupName", "Value": group.name})
    return {
        "LaunchTemplate": {
            "LaunchTemplateId": version["LaunchTemplateId"],
            "Version": str(version["VersionNumber"]),
        },
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
        **_placement(version["LaunchTemplateData"], subnet_id),
    }


def rehearse(cloud: "Cloud", group: Group) -> None:
    """Try the launch without launching, as Auto Scaling does when a group is made or changed.

    Whether the caller may launch is for the iam layer to say. Wording as in published reports.
    """
    try:
        params = request(cloud, group, subnet_for(group))
        cloud.call("ec2", "RunInstances", caller=AUTO_SCALING, DryRun=True, **params)
    except NotModelled:
        raise
    except AwsError as refused:
        if refused.code != "DryRunOperation":
            raise _not_well_formed(refused) from refused


def _not_well_formed(refused: AwsError) -> AwsError:
    return AwsError(
        "ValidationError", f"You must use a valid fully-formed launch template. {refused.message}"
    )


def _placement(data: Answer, subnet_id: str) -> dict[str, Any]:
    interfaces = data.get("NetworkInterfaces")
    if not interfaces:
        return {"SubnetId": subnet_id}
    if any("SubnetId" in interface for interface in interfaces):
        # facts.md section 3: public reports disagree.
        raise NotModelled(
            "a launch template whose interfaces name a subnet, beside the group's VPCZoneIdentifier"
        )
    # RunInstances takes no SubnetId beside interfaces, so the group's subnet must go into each of them.
    return {"NetworkInterfaces": [interface | {"SubnetId": subnet_id} for interface in interfaces]}
