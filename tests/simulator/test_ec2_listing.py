"""Filters and pages of DescribeSubnets and DescribeNetworkInterfaces, at size, and LNI under what is attached."""

import time
from typing import Any

import pytest
from werkzeug.test import Client

from simulator.bulk import Edge, make
from simulator.control import Control
from simulator.ec2.filters import matches
from tests.simulator.edge_account import EdgeAccount, Refusal


@pytest.fixture(scope="module")
def account() -> EdgeAccount:
    return EdgeAccount()


def paged(account: EdgeAccount, size: int, **filters: list[str]) -> list[list[str]]:
    given = [{"Name": name.replace("_", "-"), "Values": values} for name, values in filters.items()]
    pages = account.ec2.get_paginator("describe_subnets").paginate(
        Filters=given, PaginationConfig={"PageSize": size}
    )
    return [[subnet["SubnetId"] for subnet in page["Subnets"]] for page in pages]


def test_wildcards() -> None:
    assert matches("arn:op-1", ["x", "*:op-?"])
    assert not matches("arn:op-12", ["*:op-?"])
    assert not matches("arn:op-1", ["arn:op-[1]"])
    assert (matches("a*", [r"a\*"]), matches("ab", [r"a\*"])) == (True, False)
    assert matches(["b", "a"], ["a"])
    assert not matches(None, ["*"])


def test_a_large_edge_is_listed_in_pages_in_seconds(account: EdgeAccount) -> None:
    made = make(account.cloud, Edge(100, 2000, enabled=3))
    began = time.monotonic()
    pages = paged(account, 900, outpost_arn=["*"])
    assert [len(page) for page in pages] == [900, 900, 200]
    assert {subnet for page in pages for subnet in page} == set(made["subnets"])
    assert paged(account, 5, enable_lni_at_device_index=["1"]) == [sorted(made["subnets"][:3])]
    assert paged(account, 1000, owner_id=["9*"], outpost_arn=["*"]) == [[]]
    assert {o["OutpostArn"] for o in account.outposts.list_outposts()["Outposts"]} > set(made["outposts"])
    # Well below one second on a free machine; what is quadratic takes many minutes.
    assert time.monotonic() - began < 60


def test_tags_filter(account: EdgeAccount) -> None:
    one, two = account.region_subnet(), account.region_subnet()
    account.ec2.create_tags(Resources=[one], Tags=[{"Key": "kind", "Value": "node-1"}])
    account.ec2.create_tags(Resources=[two], Tags=[{"Key": "kind", "Value": "other"}])
    found = account.ec2.describe_subnets(Filters=[{"Name": "tag:kind", "Values": ["node*"]}])["Subnets"]
    assert [(s["SubnetId"], s["Tags"]) for s in found] == [(one, [{"Key": "kind", "Value": "node-1"}])]
    both = account.ec2.describe_subnets(Filters=[{"Name": "tag-key", "Values": ["kind"]}])["Subnets"]
    assert {s["SubnetId"] for s in both} == {one, two}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"NextToken": "never given"}, "InvalidPaginationToken"),
        ({"Filters": [{"Name": "ipv6-native", "Values": ["true"]}]}, "NotModelledBySimulator"),
        ({"Filters": [{"Name": "vpc-id", "Values": ["v"] * 201}]}, "FilterLimitExceeded"),
        ({"MaxResults": 1001}, "InvalidParameterValue"),
    ],
)
def test_what_a_listing_refuses(account: EdgeAccount, params: dict[str, Any], code: str) -> None:
    with Refusal(code):
        account.ec2.describe_subnets(**params)


def test_pages_of_interfaces(account: EdgeAccount) -> None:
    subnet = account.subnet()
    made = [
        account.ec2.create_network_interface(SubnetId=subnet, Groups=[account.group])["NetworkInterface"]
        for _ in range(7)
    ]
    ids = {interface["NetworkInterfaceId"] for interface in made}
    filters = [{"Name": "subnet-id", "Values": [subnet]}, {"Name": "status", "Values": ["avail*"]}]
    pages = account.ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=filters, PaginationConfig={"PageSize": 5}
    )
    listed = [[i["NetworkInterfaceId"] for i in page["NetworkInterfaces"]] for page in pages]
    assert ([len(page) for page in listed], {i for page in listed for i in page}) == ([5, 2], ids)
    with Refusal("InvalidParameterCombination"):
        account.ec2.describe_network_interfaces(NetworkInterfaceIds=sorted(ids), MaxResults=5)


def truth(account: EdgeAccount, instance: dict[str, Any], index: int) -> dict[str, bool]:
    attached = {
        i["Attachment"]["DeviceIndex"]: i["NetworkInterfaceId"] for i in instance["NetworkInterfaces"]
    }
    answer = Client(Control(account.cloud)).get(f"/_simulator/interface?id={attached[index]}").json
    assert answer is not None
    return dict(answer)


@pytest.mark.parametrize(
    "change", [{"EnableLniAtDeviceIndex": 2}, {"DisableLniAtDeviceIndex": {"Value": True}}]
)
def test_moving_the_index_disturbs_what_is_attached_there(
    account: EdgeAccount, change: dict[str, Any]
) -> None:
    subnet = account.subnet(lni=1)
    instance = account.run(subnet)
    assert truth(account, instance, 1) == {"lni": True, "disturbed": False}
    account.ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=1)  # no change
    assert truth(account, instance, 1) == {"lni": True, "disturbed": False}
    account.ec2.modify_subnet_attribute(SubnetId=subnet, **change)
    assert truth(account, instance, 1) == {"lni": True, "disturbed": True}
    assert truth(account, instance, 0) == {"lni": False, "disturbed": False}
    account.clear()


def test_enabling_under_an_attached_interface_disturbs_it(account: EdgeAccount) -> None:
    subnet = account.subnet()
    instance = account.run(subnet)
    account.ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=1)
    assert truth(account, instance, 1) == {"lni": False, "disturbed": True}
    account.clear()
