"""EnableLni on a subnet of a server."""

from typing import Any

import enable_lni
import pytest

from extended_cluster.errors import LniConflict, NotReadyYet
from tests.unit.lni_aws import SUBNET, Ec2, Outposts
from tests.unit.stateful_aws import run

EVENT = {"subnetId": SUBNET, "deviceIndex": 1}


def enable(monkeypatch: pytest.MonkeyPatch, ec2: Ec2) -> dict[str, Any]:
    result: dict[str, Any] = run(monkeypatch, enable_lni.handler, EVENT, ec2=ec2, outposts=Outposts())
    return result


def test_the_second_run_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    assert enable(monkeypatch, ec2) == {**EVENT, "changed": True}
    assert enable(monkeypatch, ec2) == {**EVENT, "changed": False}
    assert ec2.writes == [("modify_subnet_attribute", {"SubnetId": SUBNET, "EnableLniAtDeviceIndex": 1})]


def test_a_write_that_ec2_does_not_show_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.lagging = True
    with pytest.raises(NotReadyYet, match="does not show it yet"):
        enable(monkeypatch, ec2)


def test_a_pending_subnet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.subnets[SUBNET]["State"] = "pending"
    with pytest.raises(NotReadyYet, match="still pending"):
        enable(monkeypatch, ec2)
    assert ec2.writes == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"EnableLniAtDeviceIndex": 2}, "index 2 instead of 1"),
        ({"OwnerId": "another-account"}, "belongs to account another-account"),
        ({"OutpostArn": "arn:aws:outposts:us-west-2:123456789012:outpost/op-0a1b2c3d4e5f60009"}, "is a RACK"),
        ({"State": "unavailable"}, "is unavailable"),
    ],
)
def test_anything_else_is_a_conflict(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reason: str
) -> None:
    ec2 = Ec2()
    ec2.subnets[SUBNET].update(change)
    with pytest.raises(LniConflict, match=reason):
        enable(monkeypatch, ec2)
    assert ec2.writes == []
