"""EnsureSubnet: found by tag, made on the Outpost, given its route table."""

from typing import Any

import ensure_subnet
import pytest

from extended_cluster.errors import NotReadyYet, SubnetConflict
from extended_cluster.names import LNI_INDEX_TAG, as_dict, as_list
from tests.unit.fake_aws import refusal
from tests.unit.server_plan import OURS, SERVER
from tests.unit.stateful_aws import StatefulClient, run

VPC, ROUTES = "vpc-0a1b2c3d4e5f60001", "rtb-0a1b2c3d4e5f60001"


class Ec2(StatefulClient):
    service = "ec2"

    def __init__(self, state_when_made: str = "pending") -> None:
        super().__init__()
        self.subnets: list[dict[str, Any]] = []
        self.tables: dict[str, str] = {}
        self.state_when_made = state_when_made
        self.raced_by: dict[str, Any] | None = None
        self.invisible = False

    def describe_subnets(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "Subnets": [subnet for subnet in self.subnets if all(_passes(subnet, one) for one in Filters)]
        }

    def create_subnet(
        self, *, CidrBlock: str, OutpostArn: str, TagSpecifications: list[dict[str, Any]], **_: Any
    ) -> dict[str, Any]:
        if self.raced_by or self.invisible:
            self.subnets += [self.raced_by] if self.raced_by else []
            raise refusal("InvalidSubnet.Conflict", "CreateSubnet")
        self.subnets.append(
            subnet(
                TagSpecifications[0]["Tags"], self.state_when_made, CidrBlock=CidrBlock, OutpostArn=OutpostArn
            )
        )
        return {"Subnet": self.subnets[-1]}

    def describe_route_tables(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        assert Filters[0]["Name"] == "association.subnet-id"
        table = self.tables.get(Filters[0]["Values"][0])
        return {"RouteTables": [{"RouteTableId": table}] if table else []}

    def associate_route_table(self, *, SubnetId: str, RouteTableId: str) -> dict[str, Any]:
        self.tables[SubnetId] = RouteTableId
        return {"AssociationId": "rtbassoc-1"}


def _passes(found: dict[str, Any], one: dict[str, Any]) -> bool:
    values = {"vpc-id": VPC, **{f"tag:{key}": value for key, value in as_dict(found["Tags"]).items()}}
    return values.get(one["Name"]) in one["Values"]


def subnet(tags: list[dict[str, str]], state: str = "available", **changes: str) -> dict[str, Any]:
    return {
        "SubnetId": "subnet-0a1b2c3d4e5f60011",
        "State": state,
        "CidrBlock": SERVER["subnetCidr"],
        "OutpostArn": SERVER["outpostArn"],
        "AvailabilityZone": "us-west-2a",
        "Tags": tags,
        **changes,
    }


def ensure(monkeypatch: pytest.MonkeyPatch, ec2: Ec2) -> Any:
    monkeypatch.setenv("VPC_ID", VPC)
    monkeypatch.setenv("NODE_ROUTE_TABLE_ID", ROUTES)
    event = {"server": SERVER, "clusterName": "edge-1", "tags": {"team": "edge"}}
    return run(monkeypatch, ensure_subnet.handler, event, ec2=ec2)


def test_made_then_waited_for_then_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    for _ in range(2):
        with pytest.raises(NotReadyYet, match="is pending"):
            ensure(monkeypatch, ec2)
    ec2.subnets[0]["State"] = "available"
    for _ in range(2):
        assert ensure(monkeypatch, ec2) == {"subnetId": "subnet-0a1b2c3d4e5f60011", "cidr": "10.0.64.0/24"}
    assert [name for name, _ in ec2.writes] == ["create_subnet", "associate_route_table"]
    assert ec2.tables == {"subnet-0a1b2c3d4e5f60011": ROUTES}


def test_it_is_made_on_the_outpost_with_its_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2(state_when_made="available")
    ensure(monkeypatch, ec2)
    assert ec2.writes[0] == (
        "create_subnet",
        {
            "VpcId": VPC,
            "CidrBlock": "10.0.64.0/24",
            "OutpostArn": SERVER["outpostArn"],
            "AvailabilityZone": "us-west-2a",
            "TagSpecifications": [{"ResourceType": "subnet", "Tags": as_list({**OURS, LNI_INDEX_TAG: "1"})}],
        },
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"CidrBlock": "10.0.99.0/24"}, "has CidrBlock 10.0.99.0/24 instead of 10.0.64.0/24"),
        ({"AvailabilityZone": "us-west-2b"}, "has AvailabilityZone us-west-2b instead of us-west-2a"),
        ({"State": "unavailable"}, "is unavailable"),
    ],
)
def test_one_that_differs_is_a_conflict(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], said: str
) -> None:
    ec2 = Ec2()
    ec2.subnets = [{**subnet(as_list(OURS)), **change}]
    with pytest.raises(SubnetConflict, match=said):
        ensure(monkeypatch, ec2)
    assert ec2.writes == []


def test_two_are_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.subnets = [subnet(as_list(OURS)), subnet(as_list(OURS), SubnetId="subnet-0a1b2c3d4e5f60012")]
    with pytest.raises(SubnetConflict, match="and has subnet-0a1b2c3d4e5f60011, subnet-0a1b2c3d4e5f60012"):
        ensure(monkeypatch, ec2)


def test_anothers_route_table_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.subnets = [subnet(as_list(OURS))]
    ec2.tables = {"subnet-0a1b2c3d4e5f60011": "rtb-0f"}
    with pytest.raises(SubnetConflict, match=f"rtb-0f instead of {ROUTES}"):
        ensure(monkeypatch, ec2)


def test_one_made_meanwhile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.raced_by = subnet(as_list(OURS))
    assert ensure(monkeypatch, ec2)["subnetId"] == "subnet-0a1b2c3d4e5f60011"


def test_a_block_taken_meanwhile_by_others_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.raced_by = subnet([], SubnetId="subnet-0f", CidrBlock="10.0.0.0/17")
    with pytest.raises(SubnetConflict, match=r"subnet-0f with 10.0.0.0/17 took the block 10.0.64.0/24"):
        ensure(monkeypatch, ec2)


def test_a_subnet_made_and_not_shown_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.invisible = True
    with pytest.raises(NotReadyYet):
        ensure(monkeypatch, ec2)
