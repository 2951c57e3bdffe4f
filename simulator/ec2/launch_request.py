"""What a RunInstances call asks for: its launch template's data under its own parameters."""

from base64 import b64decode
from itertools import chain
from typing import Any

from simulator.call import Answer, AwsError, Call, NotModelled, Proceed, only

_LAUNCH = (
    "ImageId",
    "InstanceType",
    "SubnetId",
    "SecurityGroupIds",
    "NetworkInterfaces",
    "UserData",
    "IamInstanceProfile",
    "TagSpecifications",
    "MetadataOptions",
    "BlockDeviceMappings",
)
_INTERFACE = {
    "AssociatePublicIpAddress",
    "DeleteOnTermination",
    "Description",
    "DeviceIndex",
    "Groups",
    "InterfaceType",
    "NetworkCardIndex",
    "SubnetId",
}


def merged(call: Call, ask: Proceed) -> tuple[Call, dict[str, str]]:
    """The call with its launch template's data filled in, and the tags that tell of the template.

    "Any parameters that you specify in the request override the same parameters in the launch template"
    (EC2 guide, "Launch instances from a launch template"). Tags of both are taken together, the request's
    winning (assumed; the Auto Scaling guide describes it for a group's tags).
    """
    given = call.params.get("LaunchTemplate")
    if given is None:
        return call, {}
    named = {name: value for name, value in given.items() if name != "Version"}
    asked = {**named, "Versions": [given.get("Version", "$Default")]}
    versions = ask(call.asking("ec2", "DescribeLaunchTemplateVersions", **asked))
    version = versions["LaunchTemplateVersions"][0]
    data = version["LaunchTemplateData"]
    tags = _tags(data.get("TagSpecifications", []), call.params.get("TagSpecifications", []))
    params = {**data, **call.params, "TagSpecifications": tags or None, "LaunchTemplate": None}
    origin = {
        "aws:ec2launchtemplate:id": version["LaunchTemplateId"],
        "aws:ec2launchtemplate:version": str(version["VersionNumber"]),
    }
    return call.with_params(**params), origin


def modelled(request: Call) -> None:
    """Refuse what launches on Outposts do not model (no spot there, and no EBS options: facts.md section 3)."""
    only(request, *_LAUNCH, "MinCount", "MaxCount", "ClientToken", "DryRun")
    for name in ("ImageId", "InstanceType"):
        if name not in request.params:
            raise AwsError("MissingParameter", f"The request must contain the parameter {name}")


def interfaces(request: Call) -> list[dict[str, Any]]:
    """The interfaces asked for, at least the primary one, each with its subnet, in the order of their index."""
    params = request.params
    if "NetworkInterfaces" not in params:
        # The interface that EC2 makes by itself goes with its instance (EC2 guide, "Network interfaces").
        primary = {"DeviceIndex": 0, "SubnetId": params.get("SubnetId"), "DeleteOnTermination": True}
        return [primary | {"Groups": params.get("SecurityGroupIds", [])}]
    # Both refusals in EC2's own words.
    if "SubnetId" in params:
        message = (
            "Network interfaces and an instance-level subnet ID may not be specified on the same request"
        )
        raise AwsError("InvalidParameterCombination", message)
    if "SecurityGroupIds" in params:
        message = "Network interfaces and an instance-level security groups may not be specified on the same request"
        raise AwsError("InvalidParameterCombination", message)
    asked = sorted(params["NetworkInterfaces"], key=lambda interface: interface.get("DeviceIndex", -1))
    for interface in asked:
        _check(interface)
    indexes = [interface["DeviceIndex"] for interface in asked]
    if len(set(indexes)) < len(indexes):
        raise AwsError("InvalidParameterValue", "Each network interface requires a unique device index.")
    if indexes[0] != 0:
        raise AwsError(
            "InvalidParameterValue", "The primary network interface has device index 0."
        )  # assumed
    return asked


def subnet_id(request: Call) -> str | None:
    """Where the primary interface goes."""
    inside = [interface.get("SubnetId") for interface in request.params.get("NetworkInterfaces", [])]
    found: str | None = request.params.get("SubnetId") or next(filter(None, inside), None)
    return found


def tags_for(request: Call, resource_type: str) -> dict[str, str]:
    """The tags that the request has for one type of resource."""
    specifications = request.params.get("TagSpecifications", [])
    return {
        tag["Key"]: tag.get("Value", "")
        for specification in specifications
        if specification["ResourceType"] == resource_type
        for tag in specification["Tags"]
    }


def with_raw_user_data(call: Call) -> Call:
    """boto3, through which moto is asked, encodes user data once more."""
    if "UserData" not in call.params:
        return call
    return call.with_params(UserData=b64decode(call.params["UserData"]))


def _check(interface: Answer) -> None:
    unknown = sorted(set(interface) - _INTERFACE)
    if unknown or interface.get("InterfaceType", "interface") != "interface":
        raise NotModelled(f"a launch with {unknown or interface['InterfaceType']} of NetworkInterfaces")
    if interface.get("AssociatePublicIpAddress"):
        raise NotModelled("public addresses on Outposts servers")
    if "DeviceIndex" not in interface:
        raise AwsError("InvalidParameterValue", "Each network interface requires a device index.")
    if "SubnetId" not in interface:
        raise NotModelled("a launch on an Outpost with an interface outside its subnets")


def _tags(*specifications: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_type: dict[str, dict[str, str]] = {}
    for specification in chain(*specifications):
        tags = by_type.setdefault(specification["ResourceType"], {})
        tags.update({tag["Key"]: tag.get("Value", "") for tag in specification["Tags"]})
    return [
        {"ResourceType": name, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        for name, tags in by_type.items()
    ]
