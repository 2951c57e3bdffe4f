"""CheckImages: EKS's own images or the request's, and what a server can launch."""

from types import SimpleNamespace
from typing import Any

import check_images
import pytest
from botocore.exceptions import ClientError

from extended_cluster.errors import ImageUnsupported
from extended_cluster.request import complete
from extended_cluster.types import Spec
from tests.unit.fake_aws import FakeClient, refusal

OUTPOST = "op-0a1b2c3d4e5f60001"
X86, ARM, OWN = "ami-0a1b2c3d4e5f60001", "ami-0a1b2c3d4e5f60002", "ami-0a1b2c3d4e5f60003"
PARAMETER = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/{}/standard/recommended/image_id"
ROOT = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": "snap-1", "VolumeSize": 20}}


def spec(image_id: str | None = None, user_data: str | None = "nodeadm") -> Spec:
    return complete(
        {
            "clusterName": "edge-1",
            "outposts": [{"outpostId": OUTPOST, "imageId": image_id, "userData": user_data}],
        }
    )


def image(image_id: str, architecture: str = "x86_64", **changes: Any) -> dict[str, Any]:
    return {
        "ImageId": image_id,
        "Architecture": architecture,
        "Name": f"node-{architecture}",
        "State": "available",
        "RootDeviceType": "ebs",
        "BlockDeviceMappings": [ROOT, {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}],
        **changes,
    }


def ssm() -> FakeClient:
    published = {"x86_64": X86, "arm64": ARM}
    parameters = [{"Name": PARAMETER.format(name), "Value": value} for name, value in published.items()]
    return FakeClient("ssm", get_parameters={"Parameters": parameters})


def ec2(*images: dict[str, Any]) -> FakeClient:
    return FakeClient("ec2", describe_images={"Images": list(images)})


def test_without_an_image_asked_for_eks_own_of_both_architectures() -> None:
    parameters, images = ssm(), ec2(image(X86), image(ARM, "arm64"))
    assert check_images.check(spec(), "1.35", parameters, images) == [
        {
            "outpostId": OUTPOST,
            "source": "ssm",
            "byArchitecture": {
                architecture: {
                    "imageId": image_id,
                    "architecture": architecture,
                    "name": f"node-{architecture}",
                    "rootDeviceType": "ebs",
                    "snapshots": 1,
                }
                for architecture, image_id in (("x86_64", X86), ("arm64", ARM))
            },
        }
    ]
    names = [PARAMETER.format("x86_64"), PARAMETER.format("arm64")]
    assert parameters.calls == [("get_parameters", {"Names": names})]
    assert images.calls == [("describe_images", {"ImageIds": [X86, ARM]})]


def test_the_image_asked_for_without_asking_ssm() -> None:
    facts = check_images.check(spec(OWN), "1.35", FakeClient("ssm"), ec2(image(OWN, "arm64")))
    assert facts[0]["source"] == "request"
    assert {name: each["imageId"] for name, each in facts[0]["byArchitecture"].items()} == {"arm64": OWN}


def test_a_version_without_images() -> None:
    missing = PARAMETER.format("arm64")
    none = FakeClient("ssm", get_parameters={"Parameters": [], "InvalidParameters": [missing]})
    with pytest.raises(ImageUnsupported, match=f"no Amazon Linux 2023 image for Kubernetes 1.35 .*{missing}"):
        check_images.check(spec(), "1.35", none, FakeClient("ec2"))


@pytest.mark.parametrize(
    "aws",
    [
        FakeClient("ec2", describe_images=refusal("InvalidAMIID.NotFound", "DescribeImages")),
        FakeClient("ec2", describe_images=refusal("InvalidAMIID.Unavailable", "DescribeImages")),
        ec2(),
    ],
)
def test_an_image_that_does_not_exist(aws: FakeClient) -> None:
    with pytest.raises(ImageUnsupported, match=f"does not exist .*{OWN}"):
        check_images.check(spec(OWN), "1.35", FakeClient("ssm"), aws)


def test_any_other_answer_passes_through() -> None:
    aws = FakeClient("ec2", describe_images=refusal("UnauthorizedOperation", "DescribeImages"))
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        check_images.check(spec(OWN), "1.35", FakeClient("ssm"), aws)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        # Bottlerocket has two.
        ({"BlockDeviceMappings": [ROOT, {**ROOT, "DeviceName": "/dev/xvdb"}]}, "2 EBS volume.*, 2 of them"),
        ({"BlockDeviceMappings": [ROOT, {"Ebs": {"VolumeSize": 8}}]}, "2 EBS volume.*, 1 of them"),
        ({"BlockDeviceMappings": [{"Ebs": {"VolumeSize": 8}}]}, "1 EBS volume.*, 0 of them"),
        ({"BlockDeviceMappings": []}, "0 EBS volume.*, 0 of them"),
        ({"RootDeviceType": "instance-store"}, "root device type instance-store"),
        ({"Architecture": "arm64_mac"}, "architecture arm64_mac"),
        ({"State": "pending"}, "state pending"),
    ],
)
def test_an_image_that_a_server_cannot_launch(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ImageUnsupported, match=rf"Image {OWN} \(node-x86_64\) .*{said}"):
        check_images.check(spec(OWN), "1.35", FakeClient("ssm"), ec2(image(OWN, **changes)))


def test_the_handler_takes_the_version_from_the_cluster_s_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = {"ssm": ssm(), "ec2": ec2(image(X86), image(ARM, "arm64"))}
    monkeypatch.setattr(check_images, "client", clients.__getitem__)
    event = {"executionId": "execution-1", "spec": spec(), "cluster": {"version": "1.35"}}
    result = check_images.handler(event, SimpleNamespace(aws_request_id="request-1"))
    assert set(result["images"][0]["byArchitecture"]) == {"x86_64", "arm64"}


def test_an_own_image_must_look_like_eks_al2023_or_be_asserted_to_take_its_user_data() -> None:
    with pytest.raises(ImageUnsupported, match=r'node-x86_64\) is not named .* userData "nodeadm"'):
        check_images.check(spec(OWN, None), "1.35", FakeClient("ssm"), ec2(image(OWN)))
    named = ec2(image(OWN, Name="amazon-eks-node-al2023-x86_64-standard-1.35-hardened"))
    assert check_images.check(spec(OWN, None), "1.35", FakeClient("ssm"), named)[0]["source"] == "request"
