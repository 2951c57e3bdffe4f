"""EKS's public image parameters beside moto's."""

import pytest

from tests.simulator.edge_account import IMAGE, EdgeAccount, Refusal

NAME = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id"


@pytest.fixture(scope="module")
def account() -> EdgeAccount:
    return EdgeAccount()


def test_an_image_id_that_describe_images_knows(account: EdgeAccount) -> None:
    value = account.ssm.get_parameter(Name=NAME)["Parameter"]["Value"]
    assert value == IMAGE
    assert account.ec2.describe_images(ImageIds=[value])["Images"][0]["Architecture"] == "x86_64"


@pytest.mark.parametrize("version", ["1.34", "1.35", "1.36"])
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_every_version_in_standard_support(account: EdgeAccount, version: str, architecture: str) -> None:
    name = NAME.replace("1.35", version).replace("x86_64", architecture)
    image_id = account.ssm.get_parameter(Name=name)["Parameter"]["Value"]
    (image,) = account.ec2.describe_images(ImageIds=[image_id])["Images"]
    assert image["Architecture"] == architecture
    assert f"-{version}-" in image["Name"]


def test_unknown_names_are_listed(account: EdgeAccount) -> None:
    missing = NAME.replace("1.35", "1.20")
    account.ssm.put_parameter(Name="/own/parameter", Value="x", Type="String")
    answer = account.ssm.get_parameters(Names=[NAME, missing, "/own/parameter", "/own/missing"])
    assert [parameter["Name"] for parameter in answer["Parameters"]] == [NAME, "/own/parameter"]
    assert answer["InvalidParameters"] == [missing, "/own/missing"]


def test_an_unknown_name(account: EdgeAccount) -> None:
    with Refusal("ParameterNotFound"):
        account.ssm.get_parameter(Name=NAME.replace("1.35", "1.20"))


def test_ten_names_at_most(account: EdgeAccount) -> None:
    with Refusal("ValidationException", "less than or equal to 10"):
        account.ssm.get_parameters(Names=[f"{NAME}{number}" for number in range(11)])


def test_paths_of_public_parameters_are_not_modelled(account: EdgeAccount) -> None:
    with Refusal("NotModelledBySimulator"):
        account.ssm.get_parameters_by_path(Path="/aws/service/eks/optimized-ami", Recursive=True)
