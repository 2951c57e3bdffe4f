"""Subnets on Outposts and the device index of their local network interfaces."""

from typing import Any

import pytest

from tests.simulator.edge_account import ARRIVING, RACK, SERVER, EdgeAccount, Refusal, arn


@pytest.fixture(scope="module")
def account() -> EdgeAccount:
    return EdgeAccount()


def described(account: EdgeAccount, subnet_id: str) -> dict[str, Any]:
    found: dict[str, Any] = account.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]
    return found


def found(account: EdgeAccount, **filters: str) -> list[str]:
    given = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    return [subnet["SubnetId"] for subnet in account.ec2.describe_subnets(Filters=given)["Subnets"]]


def test_a_subnet_is_pending_first_and_available_later(account: EdgeAccount) -> None:
    created = account.new_subnet()
    assert (created["State"], created["OutpostArn"]) == ("pending", arn(SERVER))
    assert described(account, created["SubnetId"])["State"] == "pending"
    account.wait(60)
    subnet = described(account, created["SubnetId"])
    assert (subnet["State"], subnet["OutpostArn"]) == ("available", arn(SERVER))
    assert "EnableLniAtDeviceIndex" not in subnet
    assert subnet["DefaultForAz"] is False


def test_tags_at_creation(account: EdgeAccount) -> None:
    tags = [{"ResourceType": "subnet", "Tags": [{"Key": "Name", "Value": "edge"}]}]
    subnet_id = account.ec2.create_subnet(
        VpcId=account.vpc,
        CidrBlock=account.free_cidr(),
        AvailabilityZone="us-west-2a",
        OutpostArn=arn(SERVER),
        TagSpecifications=tags,
    )["Subnet"]["SubnetId"]
    assert described(account, subnet_id)["Tags"] == [{"Key": "Name", "Value": "edge"}]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"AvailabilityZone": "us-west-2b", "OutpostArn": arn(SERVER)}, "InvalidParameterValue"),
        ({"OutpostArn": arn(SERVER)}, "MissingParameter"),
        (
            {"AvailabilityZone": "us-west-2a", "OutpostArn": arn("op-0fffffffffffffff0")},
            "InvalidParameterValue",
        ),
        ({"AvailabilityZone": "us-west-2a", "OutpostArn": arn(ARRIVING)}, "NotModelledBySimulator"),
    ],
)
def test_refused_creations(account: EdgeAccount, params: dict[str, Any], code: str) -> None:
    with Refusal(code):
        account.ec2.create_subnet(VpcId=account.vpc, CidrBlock="10.0.250.0/24", **params)
    assert found(account, cidr_block="10.0.250.0/24") == []


def test_region_subnets_are_as_moto_makes_them(account: EdgeAccount) -> None:
    subnet = described(account, account.region_subnet())
    assert "OutpostArn" not in subnet
    assert "EnableLniAtDeviceIndex" not in subnet


def test_reads_of_the_lni_index_lag_behind_the_write(account: EdgeAccount) -> None:
    subnet_id = account.subnet()
    account.ec2.modify_subnet_attribute(SubnetId=subnet_id, EnableLniAtDeviceIndex=1)
    assert "EnableLniAtDeviceIndex" not in described(account, subnet_id)
    account.wait(30)
    assert described(account, subnet_id)["EnableLniAtDeviceIndex"] == 1


def test_the_last_write_wins(account: EdgeAccount) -> None:
    subnet_id = account.subnet()
    for index in (1, 2, 3, 4, 5):
        account.ec2.modify_subnet_attribute(SubnetId=subnet_id, EnableLniAtDeviceIndex=index)
    account.wait(60)
    assert described(account, subnet_id)["EnableLniAtDeviceIndex"] == 5


def test_disabling(account: EdgeAccount) -> None:
    subnet_id = account.subnet(lni=1)
    account.ec2.modify_subnet_attribute(SubnetId=subnet_id, DisableLniAtDeviceIndex={"Value": True})
    account.wait(30)
    assert "EnableLniAtDeviceIndex" not in described(account, subnet_id)


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"EnableLniAtDeviceIndex": 0}, "InvalidParameterValue"),
        ({"EnableLniAtDeviceIndex": -1}, "InvalidParameterValue"),
        ({"DisableLniAtDeviceIndex": {"Value": False}}, "InvalidParameterValue"),
        (
            {"EnableLniAtDeviceIndex": 1, "DisableLniAtDeviceIndex": {"Value": True}},
            "InvalidParameterCombination",
        ),
    ],
)
def test_refused_attributes(account: EdgeAccount, attributes: dict[str, Any], code: str) -> None:
    subnet_id = account.subnet()
    with Refusal(code):
        account.ec2.modify_subnet_attribute(SubnetId=subnet_id, **attributes)


def test_no_lni_in_the_region_and_on_racks(account: EdgeAccount) -> None:
    for subnet_id in (account.region_subnet(), account.subnet(outpost=RACK)):
        with Refusal("InvalidParameterValue", subnet_id):
            account.ec2.modify_subnet_attribute(SubnetId=subnet_id, EnableLniAtDeviceIndex=1)


def test_an_unknown_subnet(account: EdgeAccount) -> None:
    with Refusal("InvalidSubnetID.NotFound"):
        account.ec2.modify_subnet_attribute(SubnetId="subnet-0ffffffffffffffff", EnableLniAtDeviceIndex=1)


def test_other_attributes_are_motos(account: EdgeAccount) -> None:
    subnet_id = account.region_subnet()
    account.ec2.modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": True})
    assert described(account, subnet_id)["MapPublicIpOnLaunch"] is True


def test_filters(account: EdgeAccount) -> None:
    plain, region = account.subnet(), account.region_subnet()
    enabled = account.subnet("10.0.251.0/24", lni=7)
    on_outpost = found(account, outpost_arn=arn(SERVER))
    assert {plain, enabled} <= set(on_outpost)
    assert region not in on_outpost
    assert found(account, enable_lni_at_device_index="7") == [enabled]
    assert found(account, enable_lni_at_device_index="8") == []
    assert found(account, outpost_arn="*", cidr_block="10.0.251.0/24") == [enabled]
    assert region in found(account, vpc_id=account.vpc, state="available")
    pending = account.new_subnet()["SubnetId"]
    assert found(account, state="pending") == [pending]


def test_a_subnet_with_interfaces_is_not_deleted(account: EdgeAccount) -> None:
    subnet_id = account.subnet()
    account.ec2.create_network_interface(SubnetId=subnet_id, Groups=[account.group])
    with Refusal("DependencyViolation", subnet_id):
        account.ec2.delete_subnet(SubnetId=subnet_id)
    empty = account.subnet()
    account.ec2.delete_subnet(SubnetId=empty)
    assert found(account, subnet_id=empty) == []


def test_a_deleted_subnet_leaves_its_route_table_free(account: EdgeAccount) -> None:
    subnet = account.subnet()
    table = account.ec2.create_route_table(VpcId=account.vpc)["RouteTable"]["RouteTableId"]
    account.ec2.associate_route_table(SubnetId=subnet, RouteTableId=table)
    account.ec2.delete_subnet(SubnetId=subnet)
    (found,) = account.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert found["Associations"] == []
    account.ec2.delete_route_table(RouteTableId=table)
