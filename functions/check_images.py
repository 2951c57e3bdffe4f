"""CheckImages: the images that the nodes may boot from, and whether a server can launch them. Reads only."""

from collections.abc import Iterable
from typing import Any, cast

from botocore.exceptions import ClientError

from extended_cluster.aws import client
from extended_cluster.errors import ImageUnsupported
from extended_cluster.handler import Event, Result, state
from extended_cluster.types import Architecture, Image, ImageFacts, OutpostSpec, Spec

_EKS_AL2023 = "amazon-eks-node-al2023-"
_ARCHITECTURES: tuple[Architecture, ...] = ("x86_64", "arm64")
# EC2 API reference, "Error codes": one bad id among several fails the whole DescribeImages call.
_NO_SUCH_IMAGE = frozenset({"InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable"})


@state
def handler(event: Event) -> Result:
    """{spec, cluster: ClusterFacts} -> {images: [ImageFacts]}. Raises ImageUnsupported."""
    return {"images": check(event["spec"], event["cluster"]["version"], client("ssm"), client("ec2"))}


def check(spec: Spec, version: str, ssm: Any, ec2: Any) -> list[ImageFacts]:
    """Each server's images: the request's one, or EKS's own Amazon Linux 2023 of both architectures."""
    asked = {outpost["outpostId"]: outpost["imageId"] for outpost in spec["outposts"]}
    defaults = _recommended(version, ssm) if None in asked.values() else []
    images = _describe({*defaults, *filter(None, asked.values())}, ec2)
    for outpost in spec["outposts"]:
        if outpost["imageId"]:
            _require_nodeadm(images[outpost["imageId"]], outpost)
    return [
        ImageFacts(
            outpostId=outpost_id,
            source="request" if image_id else "ssm",
            byArchitecture={
                images[each]["architecture"]: images[each] for each in ([image_id] if image_id else defaults)
            },
        )
        for outpost_id, image_id in asked.items()
    ]


def _require_nodeadm(image: Image, outpost: OutpostSpec) -> None:
    """Own images must take the user data that we write; nothing but their name or their owner can tell.

    EKS user guide, "Amazon EKS optimized AMI": images built from its sources keep the prefix.
    """
    if outpost["userData"] != "nodeadm" and not image["name"].startswith(_EKS_AL2023):
        raise ImageUnsupported(
            f"Image {image['imageId']} ({image['name']}) is not named {_EKS_AL2023}*, so it may not understand "
            "the user data for EKS AL2023 (nodeadm), and its node would never join.",
            do='If it does, say so with userData "nodeadm"; else name another imageId, or leave it out.',
        )


def _recommended(version: str, ssm: Any) -> list[str]:
    # EKS user guide, "Retrieve recommended Amazon Linux AMI IDs".
    names = [
        f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{architecture}/standard/recommended/image_id"
        for architecture in _ARCHITECTURES
    ]
    image_ids = {each["Name"]: each["Value"] for each in ssm.get_parameters(Names=names)["Parameters"]}
    missing = [name for name in names if name not in image_ids]
    if missing:
        raise ImageUnsupported(
            f"EKS publishes no Amazon Linux 2023 image for Kubernetes {version} here: SSM has no parameter "
            f"{', '.join(missing)}.",
            do="Name another kubernetesVersion, or an imageId of your own.",
        )
    return [image_ids[name] for name in names]


def _describe(image_ids: set[str], ec2: Any) -> dict[str, Image]:
    wanted = sorted(image_ids)
    try:
        found = ec2.describe_images(ImageIds=wanted)["Images"]
    except ClientError as failure:
        error = failure.response["Error"]
        if error["Code"] not in _NO_SUCH_IMAGE:
            raise
        raise _missing(wanted, f" ({error['Code']}: {error['Message']})") from failure
    missing = sorted(image_ids - {image["ImageId"] for image in found})
    if missing:
        raise _missing(missing, "")
    return {image["ImageId"]: _bootable(image) for image in found}


def _missing(image_ids: Iterable[str], said: str) -> ImageUnsupported:
    return ImageUnsupported(
        "An image does not exist in this Region or is not shared with this account: "
        f"{', '.join(image_ids)}{said}.",
        do="Check the imageId and the Region, or have the image's owner share it.",
    )


def _bootable(image: dict[str, Any]) -> Image:
    """The image, if an Outposts server can launch it.

    Outposts server user guide, "Launch an instance": EBS-backed images with one EBS snapshot only, and a
    server has no EBS, so a second volume, even an empty one, has no place.
    """
    image_id, root, architecture = image["ImageId"], image["RootDeviceType"], image["Architecture"]
    volumes = [mapping["Ebs"] for mapping in image["BlockDeviceMappings"] if "Ebs" in mapping]
    snapshots = sum("SnapshotId" in volume for volume in volumes)
    called = f"Image {image_id} ({image['Name']})"
    if image["State"] != "available":
        raise ImageUnsupported(
            f"{called} has the state {image['State']}.",
            do="Wait until it is available, or name another imageId.",
        )
    if architecture not in _ARCHITECTURES:
        raise ImageUnsupported(
            f"{called} is of architecture {architecture}, and EKS nodes need {' or '.join(_ARCHITECTURES)}.",
            do="Name another imageId.",
        )
    if root != "ebs" or snapshots != 1 or len(volumes) != 1:
        raise ImageUnsupported(
            f"{called} has the root device type {root} and {len(volumes)} EBS volume(s), {snapshots} of them "
            "with a snapshot; an Outposts server launches EBS-backed images with exactly one EBS snapshot.",
            do="Name an image with a single snapshot, or leave imageId out for EKS's own.",
        )
    return Image(
        imageId=image_id,
        architecture=cast(Architecture, architecture),
        name=image["Name"],
        rootDeviceType=root,
        snapshots=snapshots,
    )
