"""What EC2 checks before it launches on an Outposts server."""

from typing import TYPE_CHECKING, Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from simulator.call import AwsError, Call
from simulator.ec2 import moto_state
from simulator.ec2.images import existing
from simulator.ec2.moto_state import outpost_arn
from simulator.outposts.world import Image, Outpost

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def check(cloud: "Cloud", outpost: Outpost, request: Call, interfaces: list[dict[str, Any]]) -> Image:
    """The image to launch; else EC2's refusal. request: see ``launch_request``."""
    image = existing(cloud.world, request.params["ImageId"])
    instance_type = request.params["InstanceType"]
    _type_fits(outpost, image, instance_type)
    _boots_from_one_snapshot(image, request.params.get("BlockDeviceMappings", []))
    _interfaces_fit(request, outpost, instance_type, interfaces)
    _profile_exists(cloud, request)
    return image


def _type_fits(outpost: Outpost, image: Image, instance_type: str) -> None:
    if instance_type not in INSTANCE_TYPES:
        raise AwsError("InvalidParameterValue", f"Invalid value '{instance_type}' for InstanceType.")
    architectures = INSTANCE_TYPES[instance_type]["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in architectures:
        raise AwsError(
            "InvalidParameterValue",
            f"The architecture '{','.join(architectures)}' of the specified instance type does not match the "
            f"architecture '{image.architecture}' of the specified AMI. Specify an instance type and an AMI that "
            "have matching architectures, and try again. You can use 'describe-instance-types' or "
            "'describe-images' to discover the architecture of the instance type or AMI.",
        )
    if instance_type not in outpost.configured:
        # Only what the Outpost is configured for can be launched (API model, GetOutpostInstanceTypes).
        raise _unsupported(f"{instance_type} is not configured on {outpost.arn}")


def _boots_from_one_snapshot(image: Image, mappings: list[dict[str, Any]]) -> None:
    """Outposts servers user guide, "Launch instances": an AMI with a single snapshot, no EBS volumes."""
    if len(image.snapshots) != 1:
        raise _unsupported(
            f"{image.id} has {len(image.snapshots)} snapshots, an Outposts server boots from one"
        )
    for mapping in mappings:
        if mapping.get("DeviceName") != image.root_device or set(mapping.get("Ebs", {})) - {
            "DeleteOnTermination"
        }:
            raise _unsupported(f"no EBS volumes on an Outposts server: {mapping}")


def _interfaces_fit(
    request: Call, outpost: Outpost, instance_type: str, interfaces: list[dict[str, Any]]
) -> None:
    most = INSTANCE_TYPES[instance_type]["NetworkInfo"]["MaximumNetworkInterfaces"]
    if len(interfaces) > most:
        message = f"Interface count {len(interfaces)} exceeds the limit for {instance_type}"
        raise AwsError("AttachmentLimitExceeded", message)
    groups = moto_state.backend(request).get_security_group_from_id
    for interface in interfaces:
        subnet_id = interface["SubnetId"]
        subnet = moto_state.subnet(request, subnet_id)
        if subnet is None:
            raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
        if outpost_arn(subnet) != outpost.arn:
            # One instance is in one place; code and wording assumed.
            message = f"The subnet '{subnet_id}' is not on the Outpost {outpost.arn} of the other interfaces"
            raise AwsError("InvalidParameterCombination", message)
        for group_id in interface.get("Groups", []):
            if groups(group_id) is None:
                raise AwsError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
            if groups(group_id).vpc_id != subnet.vpc_id:
                message = f"You have specified two resources that belong to different networks: {group_id}, {subnet_id}"
                raise AwsError("InvalidParameter", message)


def _profile_exists(cloud: "Cloud", request: Call) -> None:
    profile = request.params.get("IamInstanceProfile")
    if profile is None:
        return
    arn = profile.get("Arn", "")
    name = profile.get("Name") or arn.rpartition("/")[2]
    try:
        asked = request.asking("iam", "GetInstanceProfile", InstanceProfileName=name)
        found = cloud.moto(asked)["InstanceProfile"]
    except AwsError as missing:
        if missing.code != "NoSuchEntity":
            raise
        found = {"Arn": None}
    if arn and found["Arn"] != arn:
        message = (
            f"Value ({arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"
        )
        raise AwsError("InvalidParameterValue", message)
    if found["Arn"] is None:
        message = f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
        raise AwsError("InvalidParameterValue", message)


def _unsupported(reason: str) -> AwsError:
    """EC2's words for a configuration that does not exist (API error codes, Unsupported); the reason is ours."""
    message = (
        "The requested configuration is currently not supported. Please check the documentation for supported"
    )
    return AwsError("Unsupported", f"{message} configurations. ({reason})")
