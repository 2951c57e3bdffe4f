"""What the plan warns of."""

from datetime import date

import pytest

from extended_cluster.types import DefaultRoute
from tests.unit.test_build_plan import NOT_SUPPORTED, OUTPOST, facts, finished, plan, several

# With a LAN given, nothing is said about the missing one.
LAN = {"localCidr": "192.168.10.0/24"}


def test_a_missing_lan_is_told() -> None:
    assert any("lni.localCidr" in warning for warning in plan(facts())["warnings"])
    assert not any("lni.localCidr" in warning for warning in plan(facts(), lni=LAN)["warnings"])


def test_the_plan_always_says_that_aws_does_not_support_this_and_what_hangs_on_one_zone() -> None:
    told = plan(facts(), lni=LAN)["warnings"]
    assert told[0] == NOT_SUPPORTED
    assert [each for each in told[1:] if "single Availability Zone us-west-2a" not in each] == []
    assert len(told) == 2


def test_a_drill_is_told_with_what_it_costs() -> None:
    request, seen = several(2)
    first, second = ({**each, "lni": LAN} for each in request["outposts"])
    first["metallb"] = {"addresses": ["192.168.10.200/31"]}
    asked = {**request, "outposts": [first, second], "drill": "failover"}
    made = plan(seen, request=asked)
    told = [warning for warning in made["warnings"] if "drill" in warning]
    assert told == [
        "The drill ends 2 nodes of each server with metallb, one after the other, with what runs on them.",
        f"{first['outpostId']} has one node: in the drill its address is away until the replacement is up.",
    ]
    usual = plan(seen, request={**asked, "drill": None})
    assert not any("drill" in warning for warning in usual["warnings"])
    assert made["expectedMinutes"] == usual["expectedMinutes"] + 8
    two = {**first, "nodes": {"desired": 2}}
    assert (
        len([w for w in plan(seen, request={**asked, "outposts": [two, second]})["warnings"] if "drill" in w])
        == 1
    )


def test_servers_in_two_zones_are_no_single_zone() -> None:
    request, seen = several(2)
    seen["outposts"][1]["availabilityZone"] = "us-west-2b"
    request["outposts"] = [{**each, "lni": LAN} for each in request["outposts"]]
    assert plan(seen, request=request)["warnings"] == [NOT_SUPPORTED]


@pytest.mark.parametrize(("today", "warned"), [(date(2026, 12, 26), False), (date(2026, 12, 27), True)])
def test_standard_support_that_ends_within_90_days_is_warned_of(today: date, warned: bool) -> None:
    told = plan(facts(), today)["warnings"]
    assert any("1.35 ends on 2027-03-27, in 90 days" in warning for warning in told) is warned


def test_capacity_left_over_is_told_by_server_and_type() -> None:
    seen = facts()
    seen["outposts"][0]["slots"] = {"total": 4, "used": 1, "free": 3, "ours": 1}
    seen["outposts"][0]["freeSlots"] = {"c6gd.8xlarge": 3, "c6gd.4xlarge": 2}
    assert plan(seen, nodes={"desired": 2}, lni=LAN)["warnings"][2:] == [
        f"Outposts server {OUTPOST} keeps capacity left over: 2 of c6gd.4xlarge, 2 of c6gd.8xlarge."
    ]


def test_a_size_that_the_server_can_never_reach_is_told() -> None:
    (told,) = plan(facts(), nodes={"desired": 1, "max": 2}, lni=LAN)["warnings"][2:]
    assert told == (
        f"Outposts server {OUTPOST} has room for 1 node(s) of c6gd.8xlarge, so its group cannot grow to "
        "nodes.max 2."
    )


@pytest.mark.parametrize(
    ("private", "blocks", "said"),
    [
        (True, ["0.0.0.0/0"], "open to the whole internet"),
        (False, ["203.0.113.0/24"], "through the NAT gateway"),
        (True, ["203.0.113.0/24"], None),
    ],
)
def test_the_endpoints_dangers_are_told(private: bool, blocks: list[str], said: str | None) -> None:
    seen = facts()
    seen["network"]["publicCidrs"] = blocks
    access = {"private": private, "publicCidrs": blocks}
    asked = {"endpointAccess": access, "kubernetes": "verify" if private else "skip"}
    told = plan(seen, request=asked, lni=LAN)["warnings"][2:]
    assert [said in each for each in told if said] == ([True] if said else [])
    assert len(told) == bool(said)


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (None, "rtb-1 of the node subnets has no default route"),
        ({"target": "nat-9", "state": "blackhole"}, "has a default route to nat-9 that is blackhole"),
        ({"target": "igw-9", "state": "active"}, "to igw-9, and nodes have no public address"),
        ({"target": "tgw-9", "state": "active"}, None),
    ],
)
def test_a_node_route_table_without_a_way_out_is_told(route: DefaultRoute | None, said: str | None) -> None:
    seen = facts()
    seen["network"]["defaultRoute"] = route
    told = [warning for warning in plan(seen)["warnings"] if "Route table" in warning]
    assert [said in warning for warning in told if said] == ([True] if said else [])
    assert bool(told) is bool(said)


@pytest.mark.parametrize(
    ("free", "exists", "warned"), [(15, False, True), (16, False, False), (15, True, False)]
)
def test_little_room_in_a_subnet_is_told_before_there_is_a_cluster(
    free: int, exists: bool, warned: bool
) -> None:
    seen = finished() if exists else facts()
    seen["network"]["freeAddresses"]["subnet-b"] = free
    told = [warning for warning in plan(seen)["warnings"] if "recommends 16" in warning]
    assert [warning.partition(" has")[0] for warning in told] == (["Subnet subnet-b"] if warned else [])


@pytest.mark.parametrize(
    ("on_failure", "exists", "said"),
    [
        ("keep", False, None),
        ("rollback", False, "all that bears its tag is torn down"),
        ("rollback", True, "would undo nothing"),
    ],
)
def test_what_a_failure_would_undo_is_told(on_failure: str, exists: bool, said: str | None) -> None:
    seen = facts()
    seen["cluster"]["exists"] = exists
    told = plan(seen, request={"onFailure": on_failure}, lni=LAN)["warnings"][2:]
    assert [said in each for each in told if said] == ([True] if said else [])
    assert len(told) == bool(said)
