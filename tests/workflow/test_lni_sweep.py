"""The sweep finds what events lost, and writes no more than that."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.workflow import schedule
from tests.workflow.conftest import Deployed, lni_index, server_subnet

TWENTY = [f"10.0.{222 + number // 16}.{16 * (number % 16)}/28" for number in range(20)]


@pytest.fixture(scope="module", autouse=True)
def paused(deployed: Deployed) -> Iterator[None]:
    """No schedule, so that each test sees its own sweeps alone."""
    schedule.switch(deployed, "DISABLED")
    yield
    schedule.switch(deployed, "ENABLED")


def _unheard(deployed: Deployed, *cidrs: str) -> list[str]:
    """Subnets on a server, made while no trail logged."""
    cloudtrail = deployed.client("cloudtrail")
    (trail,) = cloudtrail.describe_trails()["trailList"]
    cloudtrail.stop_logging(Name=trail["TrailARN"])
    try:
        made = [server_subnet(deployed, cidr) for cidr in cidrs]
    finally:
        cloudtrail.start_logging(Name=trail["TrailARN"])
    deployed.settle()
    assert {lni_index(deployed, subnet) for subnet in made} == {None}
    return made


def _sweep(deployed: Deployed, **event: Any) -> dict[str, Any]:
    """Invoke the sweep as an operator does; its answer."""
    answer = deployed.client("lambda").invoke(
        FunctionName=deployed.output("LniSweepFunctionName"), Payload=json.dumps(event)
    )
    payload: dict[str, Any] = json.load(answer["Payload"])
    assert "FunctionError" not in answer, payload
    deployed.settle()
    return payload


def _writes(deployed: Deployed, since: int) -> list[str]:
    """The sweep's changes. Whatever it calls must be allowed: a refusal of its events would only be logged."""
    own = deployed.calls_of("LniSweepFunctionName", since)
    assert own, "the sweep did not run"
    assert [entry for entry in own if entry["error"]] == []
    return [entry["name"] for entry in own if entry["mutating"] and entry["name"] != "events.PutEvents"]


def _told(answer: dict[str, Any], subnet: str) -> list[tuple[str, bool]]:
    return [(each["outcome"], each["dryRun"]) for each in answer["told"] if each["subnetId"] == subnet]


def _delete(deployed: Deployed, subnets: list[str]) -> None:
    for subnet in subnets:
        deployed.client("ec2").delete_subnet(SubnetId=subnet)


def test_a_dry_run_tells_and_a_sweep_enables_what_events_lost_once(deployed: Deployed) -> None:
    (subnet,) = _unheard(deployed, "10.0.220.0/28")
    mark = deployed.mark()
    dry = _sweep(deployed, dryRun=True)
    assert _told(dry, subnet) == [("enable", True)]
    assert _writes(deployed, mark) == []
    assert lni_index(deployed, subnet) is None

    mark = deployed.mark()
    swept = _sweep(deployed)
    assert _told(swept, subnet) == [("enable", False)]
    # EC2 shows a write a while after its answer, and the sweep does not wait for that.
    assert "EC2 does not show it yet" in next(e["reason"] for e in swept["told"] if e["subnetId"] == subnet)
    assert _writes(deployed, mark) == ["ec2.ModifySubnetAttribute"]
    assert lni_index(deployed, subnet) == 1

    mark = deployed.mark()
    assert _told(_sweep(deployed), subnet) == []
    assert _writes(deployed, mark) == []
    _delete(deployed, [subnet])


def test_a_subnet_whose_owner_opted_out_is_left_alone(deployed: Deployed) -> None:
    (subnet,) = _unheard(deployed, "10.0.220.16/28")
    opted_out = {"Key": "eks-outposts-servers:lni", "Value": "disabled"}
    deployed.client("ec2").create_tags(Resources=[subnet], Tags=[opted_out])
    mark = deployed.mark()
    assert _sweep(deployed)["outcomes"]["skip"] == 1
    assert _writes(deployed, mark) == []
    assert lni_index(deployed, subnet) is None
    _delete(deployed, [subnet])


def test_a_region_full_of_unset_subnets_stops_at_the_limit_before_the_first_write(deployed: Deployed) -> None:
    subnets = _unheard(deployed, *TWENTY)
    mark = deployed.mark()
    swept = _sweep(deployed)
    assert swept["outcomes"]["LimitExceeded"] == 1
    assert {outcome for subnet in subnets for outcome in _told(swept, subnet)} == {("enable", False)}
    assert _writes(deployed, mark) == []
    assert {lni_index(deployed, subnet) for subnet in subnets} == {None}
    _delete(deployed, subnets)


def test_the_schedule_sweeps_and_ends_an_orphan_at_the_second_look(deployed: Deployed) -> None:
    (subnet,) = _unheard(deployed, "10.0.220.32/28")
    ec2 = deployed.client("ec2")
    tags = {"eks-outposts-servers:cluster": "gone", "node.k8s.amazonaws.com/no_manage": "true"}
    specification = {
        "ResourceType": "network-interface",
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    ec2.create_network_interface(SubnetId=subnet, TagSpecifications=[specification])
    mark = deployed.mark()
    schedule.switch(deployed, "ENABLED")
    deployed.control("clock/advance?seconds=900", post=True)
    deployed.settle()
    assert _writes(deployed, mark) == ["ec2.ModifySubnetAttribute", "ec2.CreateTags"]
    assert lni_index(deployed, subnet) == 1
    deployed.control("clock/advance?seconds=900", post=True)
    deployed.settle()
    schedule.switch(deployed, "DISABLED")
    assert _writes(deployed, mark)[2:] == ["ec2.DeleteNetworkInterface"]
    _delete(deployed, [subnet])
