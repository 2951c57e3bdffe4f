"""What authorization needs to know of resources that exist: their tags, and what a launch template holds."""

from typing import TYPE_CHECKING, Any

from simulator.call import AwsError, Call, aws_service
from simulator.ec2 import moto_state
from simulator.iam.role_policies import backend

if TYPE_CHECKING:
    from simulator.cloud import Cloud

type Tags = dict[str, str]

_LOOKING = aws_service("iam.amazonaws.com")


class Live:
    """Read-only questions about a call's account and Region. What does not exist has no tags: the operation
    itself will say so."""

    def __init__(self, cloud: "Cloud", call: Call) -> None:
        self._cloud = cloud
        self._call = call

    def ec2_tags(self, resource_id: str) -> Tags:
        """The tags of an EC2 resource by its id."""
        return moto_state.tags(self._call, resource_id)

    def cluster_tags(self, name: str) -> Tags:
        """The tags of an EKS cluster."""
        try:
            answer = self._cloud.call("eks", "DescribeCluster", _LOOKING, name=name)
        except AwsError as refused:
            if refused.code == "ResourceNotFoundException":
                return {}
            raise
        return dict(answer["cluster"].get("tags", {}))

    def addon_tags(self, cluster: str, name: str) -> Tags:
        """The tags of an EKS add-on."""
        try:
            answer = self._cloud.call("eks", "DescribeAddon", _LOOKING, clusterName=cluster, addonName=name)
        except AwsError as refused:
            if refused.code == "ResourceNotFoundException":
                return {}
            raise
        return dict(answer["addon"].get("tags", {}))

    def access_entry_tags(self, cluster: str, principal: str) -> Tags:
        """The tags of an EKS access entry."""
        wanted = {"clusterName": cluster, "principalArn": principal}
        try:
            answer = self._cloud.call("eks", "DescribeAccessEntry", _LOOKING, **wanted)
        except AwsError as refused:
            if refused.code == "ResourceNotFoundException":
                return {}
            raise
        return dict(answer["accessEntry"].get("tags", {}))

    def group_of(self, instance_id: str) -> str:
        """The name of an instance's Auto Scaling group; ``*`` when it is in none."""
        groups = self._cloud.call("autoscaling", "DescribeAutoScalingGroups", _LOOKING)["AutoScalingGroups"]
        found = [g for g in groups for each in g["Instances"] if each["InstanceId"] == instance_id]
        return str(found[0]["AutoScalingGroupName"]) if found else "*"

    def group_tags(self, name: str) -> Tags:
        """The tags of an Auto Scaling group."""
        answer = self._cloud.call(
            "autoscaling", "DescribeAutoScalingGroups", _LOOKING, AutoScalingGroupNames=[name]
        )
        return {t["Key"]: t["Value"] for group in answer["AutoScalingGroups"] for t in group.get("Tags", ())}

    def launch_template(self, **wanted: Any) -> tuple[str, dict[str, Any]] | None:
        """Id and data of a launch template's version; None if there is none such.

        wanted: as in an Auto Scaling group: LaunchTemplateId or LaunchTemplateName, and Version.
        """
        # Auto Scaling API Reference, LaunchTemplateSpecification: without a version it is $Default.
        version = wanted.pop("Version", "$Default")
        params = {**wanted, "Versions": [version]}
        try:
            answer = self._cloud.moto(self._call.asking("ec2", "DescribeLaunchTemplateVersions", **params))
        except AwsError as refused:
            if refused.code.startswith("InvalidLaunchTemplate"):
                return None
            raise
        found = answer["LaunchTemplateVersions"]
        return (found[0]["LaunchTemplateId"], found[0]["LaunchTemplateData"]) if found else None

    def role_in_profile(self, profile: dict[str, str]) -> str | None:
        """The role in an instance profile named as a launch template names it (Arn or Name)."""
        for found in backend(self._call.account).get_instance_profiles():
            if profile.get("Arn") == found.arn or profile.get("Name") == found.name:
                return found.roles[0].arn if found.roles else None
        return None

    def has_service_role(self, service: str) -> bool:
        """Whether the account has a service-linked role of the service."""
        path = f"/aws-service-role/{service}/"
        return any(role.path == path for role in backend(self._call.account).get_roles())
