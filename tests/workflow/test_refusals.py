"""What cannot work is refused before anything is made, by name, with what to do."""

from typing import Any

import pytest

from tests.workflow import kubernetes_cluster
from tests.workflow.conftest import FULL, INACTIVE, RACK, SERVER_1U, SERVER_2U, Deployed


def _request(outpost: str, version: str | None = None, **fields: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"clusterName": "refused", "outposts": [{"outpostId": outpost, **fields}]}
    return request | ({"kubernetesVersion": version} if version else {})


def _image(deployed: Deployed, word: str) -> str:
    images = deployed.client("ec2").describe_images()["Images"]
    return next(str(image["ImageId"]) for image in images if word in image["Name"].lower())


def _check(deployed: Deployed, request: Any, error: str, *told: str) -> None:
    mark = deployed.mark()
    run = deployed.provision(request)
    assert run["status"] == "FAILED"
    assert run["error"] == error, run["cause"]
    for words in told:
        assert words in run["cause"]
    assert deployed.writes(mark) == []


@pytest.mark.parametrize(
    ("request_", "error", "told"),
    [
        (_request(RACK), "OutpostUnsupported", (RACK, "RACK")),
        (_request(INACTIVE), "OutpostUnsupported", (INACTIVE, "PROVISIONING")),
        (_request("op-0a1b2c3d4e5f6ffff"), "OutpostNotFound", ("op-0a1b2c3d4e5f6ffff",)),
        (_request(SERVER_2U, instanceType="m5.large"), "InstanceTypeUnsupported", ("m5.large", "c6id.")),
        (_request(FULL), "InsufficientCapacity", (FULL,)),
        (_request(SERVER_2U, version="1.29"), "KubernetesVersionUnsupported", ("1.29", "1.35")),
        (_request(SERVER_2U, subnetCidr="10.99.0.0/24"), "NetworkUnsupported", ("10.99.0.0/24",)),
        (
            _request(SERVER_2U, imageId="ami-0123456789abcdef0"),
            "ImageUnsupported",
            ("ami-0123456789abcdef0",),
        ),
    ],
    ids=["rack", "inactive", "unknown Outpost", "type", "full", "version", "CIDR", "unknown image"],
)
def test_preflight_refuses(deployed: Deployed, request_: Any, error: str, told: tuple[str, ...]) -> None:
    _check(deployed, request_, error, *told)


def test_preflight_refuses_an_image_of_two_snapshots(deployed: Deployed) -> None:
    image = _image(deployed, "bottlerocket")
    _check(deployed, _request(SERVER_2U, imageId=image), "ImageUnsupported", image, "2")


def test_preflight_refuses_an_image_of_the_wrong_architecture(deployed: Deployed) -> None:
    image = _image(deployed, "x86_64")
    _check(deployed, _request(SERVER_1U, imageId=image), "ImageUnsupported", image, "arm64", "x86_64")


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({**_request(SERVER_2U), "clusterNmae": "typo"}, ("clusterNmae",)),
        (_request(SERVER_2U, nodes={"min": "two"}), ("outposts[0].nodes.min", "two")),
        (_request(SERVER_2U, nodes={"min": 3, "desired": 1}), ("outposts[0].nodes", "3", "1")),
        ({"clusterName": "no-outposts"}, ("outposts",)),
        ({"outposts": [{"outpostId": SERVER_2U}]}, ("clusterName",)),
        (_request("op-123"), ("outposts[0].outpostId", "op-123")),
        (_request(SERVER_2U, controlPlaneSubnetIds=["subnet-1"]), ("outposts[0].controlPlaneSubnetIds",)),
        ([], ("request",)),
    ],
    ids=[
        "unknown field",
        "wrong type",
        "contradiction",
        "no Outposts",
        "no name",
        "bad id",
        "no way to give control plane subnets",
        "not an object",
    ],
)
def test_a_request_that_cannot_be_understood_names_field_and_value(
    deployed: Deployed, request_: Any, told: tuple[str, ...]
) -> None:
    _check(deployed, request_, "InvalidRequest", *told)


@pytest.mark.parametrize(
    ("outpost", "addresses", "said"),
    [
        (0, "192.168.11.200/32", "it is not inside lni.localCidr 192.168.10.0/24"),
        (1, "192.168.10.203/32", "it overlaps outposts[0].metallb.addresses[0]"),
    ],
    ids=["outside the LAN", "shared by two servers"],
)
def test_a_pool_that_cannot_be_meant_is_refused_before_anybody_is_asked(
    deployed: Deployed, outpost: int, addresses: str, said: str
) -> None:
    request = kubernetes_cluster.request("arn:aws:iam::123456789012:role/admin")
    request["outposts"][outpost]["metallb"]["addresses"] = [addresses]
    mark = deployed.mark()
    run = deployed.provision(request)
    assert (run["status"], run["error"]) == ("FAILED", "InvalidRequest"), run.get("cause")
    assert f"`outposts[{outpost}].metallb.addresses[0]`" in run["cause"]
    assert said in run["cause"]
    assert deployed.calls_of_functions(mark) == []
