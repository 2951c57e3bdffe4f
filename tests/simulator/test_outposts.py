"""The Outposts API: what it lists, finds and refuses."""

from typing import Any

import pytest

from tests.simulator.edge_account import (
    ARRIVING,
    FULL,
    RACK,
    SERVER,
    SMALL_SERVER,
    THIRD,
    EdgeAccount,
    Refusal,
    arn,
)


@pytest.fixture(scope="module")
def account() -> EdgeAccount:
    return EdgeAccount()


def test_an_outpost_is_found_by_id_and_by_arn(account: EdgeAccount) -> None:
    by_id, by_arn = (account.outposts.get_outpost(OutpostId=key)["Outpost"] for key in (SERVER, arn(SERVER)))
    assert by_id == by_arn
    assert by_id["OwnerId"] == "123456789012"
    assert by_id["SupportedHardwareType"] == "SERVER"
    assert by_id["LifeCycleStatus"] == "ACTIVE"
    assert by_id["AvailabilityZone"] == "us-west-2a"
    assert "Generation" not in by_id


def test_only_a_rack_has_a_generation(account: EdgeAccount) -> None:
    outpost = account.outposts.get_outpost(OutpostId=RACK)["Outpost"]
    assert (outpost["SupportedHardwareType"], outpost["Generation"]) == ("RACK", "GENERATION_2")


def test_an_unknown_outpost(account: EdgeAccount) -> None:
    with Refusal("NotFoundException", "op-0fffffffffffffff0"):
        account.outposts.get_outpost(OutpostId="op-0fffffffffffffff0")


def test_a_malformed_id(account: EdgeAccount) -> None:
    with Refusal("ValidationException"):
        account.outposts.get_outpost(OutpostId="op-1")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [SERVER, SMALL_SERVER, RACK, ARRIVING, FULL, THIRD]),
        ({"LifeCycleStatusFilter": ["PROVISIONING"]}, [ARRIVING]),
        ({"AvailabilityZoneFilter": ["us-west-2b"]}, [SMALL_SERVER]),
        ({"AvailabilityZoneIdFilter": ["usw2-az1"]}, [SMALL_SERVER]),
    ],
)
def test_listing_outposts(account: EdgeAccount, filters: dict[str, Any], expected: list[str]) -> None:
    assert [o["OutpostId"] for o in account.outposts.list_outposts(**filters)["Outposts"]] == expected


def test_pages(account: EdgeAccount) -> None:
    pages = list(account.outposts.get_paginator("list_outposts").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Outposts"]) for page in pages] == [2, 2, 2]
    with Refusal("ValidationException"):
        account.outposts.list_outposts(NextToken="2##ListAssets")


def test_zone_ids_are_the_ones_that_subnets_have(account: EdgeAccount) -> None:
    for outpost_id, zone in ((SERVER, "us-west-2a"), (SMALL_SERVER, "us-west-2b"), (THIRD, "us-west-2a")):
        outpost = account.outposts.get_outpost(OutpostId=outpost_id)["Outpost"]
        assert (
            account.new_subnet(outpost=outpost_id, zone=zone)["AvailabilityZoneId"]
            == outpost["AvailabilityZoneId"]
        )


def test_configured_types_and_their_vcpus(account: EdgeAccount) -> None:
    answer = account.outposts.get_outpost_instance_types(OutpostId=SERVER)
    assert answer["InstanceTypes"] == [
        {"InstanceType": "c6id.4xlarge", "VCPUs": 16},
        {"InstanceType": "c6id.8xlarge", "VCPUs": 32},
    ]
    assert answer["OutpostArn"] == arn(SERVER)


def test_more_types_are_supported_than_configured(account: EdgeAccount) -> None:
    configured = account.outposts.get_outpost_instance_types(OutpostId=SERVER)["InstanceTypes"]
    supported = account.outposts.get_outpost_supported_instance_types(OutpostIdentifier=SERVER)[
        "InstanceTypes"
    ]
    assert {t["InstanceType"] for t in configured} < {t["InstanceType"] for t in supported}


def test_assets_have_finite_capacities(account: EdgeAccount) -> None:
    (asset,) = account.outposts.list_assets(OutpostIdentifier=SERVER)["Assets"]
    assert asset["ComputeAttributes"]["InstanceTypeCapacities"] == [
        {"InstanceType": "c6id.8xlarge", "Count": 2},
        {"InstanceType": "c6id.4xlarge", "Count": 2},
    ]
    assert asset["ComputeAttributes"]["State"] == "ACTIVE"


def test_assets_by_state(account: EdgeAccount) -> None:
    assert account.outposts.list_assets(OutpostIdentifier=ARRIVING, StatusFilter=["ACTIVE"])["Assets"] == []
    installing = account.outposts.list_assets(OutpostIdentifier=ARRIVING, StatusFilter=["INSTALLING"])[
        "Assets"
    ]
    assert len(installing) == 1


def test_other_workloads_occupy_a_full_server(account: EdgeAccount) -> None:
    found = account.outposts.list_asset_instances(OutpostIdentifier=FULL)["AssetInstances"]
    assert sorted(i["InstanceType"] for i in found) == ["c6id.4xlarge"] * 2 + ["c6id.8xlarge"] * 2
    large = account.outposts.list_asset_instances(OutpostIdentifier=FULL, InstanceTypeFilter=["c6id.8xlarge"])
    assert len(large["AssetInstances"]) == 2


def test_own_instances_are_listed_until_they_are_terminated(account: EdgeAccount) -> None:
    instance_id = account.run(account.subnet())["InstanceId"]

    def listed() -> list[str]:
        found = account.outposts.list_asset_instances(OutpostIdentifier=SERVER)["AssetInstances"]
        return [instance["InstanceId"] for instance in found]

    assert listed() == [instance_id]
    account.ec2.terminate_instances(InstanceIds=[instance_id])
    assert listed() == [instance_id]
    account.wait(600)
    assert listed() == []


def test_the_rest_of_the_service_is_refused(account: EdgeAccount) -> None:
    with Refusal("NotModelledBySimulator", "outposts.ListSites"):
        account.outposts.list_sites()
