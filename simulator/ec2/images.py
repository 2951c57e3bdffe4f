"""Images: those of ``data/world.yaml``, and no other. moto's own list has none of EKS's and is hidden."""

import re
from typing import TYPE_CHECKING, Any

from simulator.call import ACCOUNT, Answer, AwsError, Call, NotModelled, Operation, Proceed, only
from simulator.ec2.filters import matches
from simulator.outposts.world import Image, World

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_FILTERS = {
    "architecture": "Architecture",
    "description": "Description",
    "image-id": "ImageId",
    "name": "Name",
    "owner-alias": "ImageOwnerAlias",
    "owner-id": "OwnerId",
    "root-device-type": "RootDeviceType",
    "state": "State",
    "virtualization-type": "VirtualizationType",
}


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """The image operations; see the module."""

    def describe(call: Call, _: Proceed) -> Answer:
        only(call, "ImageIds", "Owners", "Filters", "MaxResults", "IncludeDeprecated")
        chosen = _named(cloud.world, call.params.get("ImageIds", []))
        # An image without an alias is the application's account's own, and not shared.
        chosen = [image for image in chosen if image.alias or call.account == ACCOUNT]
        owners = call.params.get("Owners")
        if owners:
            chosen = [image for image in chosen if (image.alias or "self") in owners or ACCOUNT in owners]
        described = [_described(image) for image in chosen]
        for entry in call.params.get("Filters", []):
            if entry["Name"] not in _FILTERS:
                raise NotModelled(f"the filter {entry['Name']} of {call.name}")
            member = _FILTERS[entry["Name"]]
            described = [image for image in described if matches(image.get(member), entry["Values"])]
        return {"Images": described}

    return {"ec2.DescribeImages": describe}


def existing(world: World, image_id: str) -> Image:
    """The image, or EC2's refusal."""
    return _named(world, [image_id])[0]


def _named(world: World, image_ids: list[str]) -> list[Image]:
    for image_id in image_ids:
        if not re.fullmatch(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", image_id):
            raise AwsError("InvalidAMIID.Malformed", f'Invalid id: "{image_id}"')
    missing = [image_id for image_id in image_ids if world.image(image_id) is None]
    if missing:
        verb = "does" if len(missing) == 1 else "do"
        noun = "image id" if len(missing) == 1 else "image ids"
        raise AwsError("InvalidAMIID.NotFound", f"The {noun} '[{', '.join(missing)}]' {verb} not exist")
    return [image for image in world.images if not image_ids or image.id in image_ids]


def _described(image: Image) -> dict[str, Any]:
    described = {
        "ImageId": image.id,
        "Name": image.name,
        "Description": image.description,
        "Architecture": image.architecture,
        "CreationDate": image.created,
        "ImageLocation": f"{image.alias or ACCOUNT}/{image.name}",
        "ImageType": "machine",
        "Public": image.alias is not None,
        "OwnerId": ACCOUNT,
        "ImageOwnerAlias": image.alias,
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "State": "available",
        "BlockDeviceMappings": [
            {
                "DeviceName": snapshot.device,
                "Ebs": {
                    "DeleteOnTermination": True,
                    "SnapshotId": snapshot.id,
                    "VolumeSize": snapshot.size,
                    "VolumeType": "gp3",
                    "Encrypted": False,
                },
            }
            for snapshot in image.snapshots
        ],
        "EnaSupport": True,
        "Hypervisor": "xen",
        "RootDeviceName": image.root_device,
        "RootDeviceType": "ebs",
        "SriovNetSupport": "simple",
        "VirtualizationType": "hvm",
        "BootMode": "uefi-preferred" if image.architecture == "x86_64" else "uefi",
    }
    return {name: value for name, value in described.items() if value is not None}
