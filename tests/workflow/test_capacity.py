"""Slots are finite: a server without room is told with its numbers, and waited for if the request says so."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflow.conftest import FULL, SERVER_2U, Deployed, server_subnet

CLUSTER, TYPE = "edge-scarce", "c6id.8xlarge"  # SERVER_2U has two slots of it, and two of c6id.4xlarge
NODES = {"min": 1, "desired": 2, "max": 2}


def request(**fields: Any) -> dict[str, Any]:
    outpost = {"outpostId": SERVER_2U, "instanceType": TYPE, "nodes": NODES}
    return {"clusterName": CLUSTER, "outposts": [outpost], "kubernetes": "skip", **fields}


def took(run: dict[str, Any], state: str) -> tuple[timedelta, int]:
    """Simulated time from the state's entry to the end of the run, and how often its function looked."""
    (visit,) = (each for each in run["history"].visits.values() if each.name == state)
    return run["stopDate"] - visit.entered, visit.attempts


def test_the_wait_for_room_ends_red_in_the_given_time_and_nothing_is_made(deployed: Deployed) -> None:
    mark = deployed.mark()
    asked = {"clusterName": "edge-waits", "outposts": [{"outpostId": FULL}], "capacityWaitMinutes": 3}
    run = deployed.provision(asked)
    assert run["error"] == "InsufficientCapacity"
    time_taken, looks = took(run, "CheckOutposts")
    assert timedelta(minutes=3) <= time_taken < timedelta(minutes=4)
    assert looks == 4
    for words in (
        f"Outposts server {FULL} has no room for 1 node(s) of any one type ({TYPE}: 0 of 2 slots free",
        "Nothing would fit",
        f"i-0f00000000000a001 ({TYPE}, account 123456789012)",
    ):
        assert words in run["cause"]
    planned = deployed.provision({**asked, "mode": "plan"})
    assert planned["error"] == "InsufficientCapacity"
    assert took(planned, "CheckOutposts")[1] == 1
    assert deployed.writes(mark) == []


@pytest.fixture(scope="module")
def neighbour(deployed: Deployed) -> dict[str, Any]:
    """Somebody else on the server: the subnet they launch into, made before anything of ours."""
    return {"subnet": server_subnet(deployed, "10.0.250.0/24")}


@pytest.fixture(scope="module")
def failed(deployed: Deployed, neighbour: dict[str, Any]) -> dict[str, Any]:
    """A run between whose preflight and nodes somebody takes one of the two slots."""
    with deployed.held_at("EnsureLaunchTemplate", request(capacityWaitMinutes=2)) as execution:
        images = deployed.client("ec2").describe_images(Owners=["self"])["Images"]
        launched = deployed.client("ec2").run_instances(
            ImageId=images[0]["ImageId"],
            InstanceType=TYPE,
            SubnetId=neighbour["subnet"],
            MinCount=1,
            MaxCount=1,
        )
        neighbour["instance"] = launched["Instances"][0]["InstanceId"]
    return deployed.finished(execution)


def test_a_server_filled_after_preflight_fails_as_that_server_and_not_by_time_out(
    failed: dict[str, Any], neighbour: dict[str, Any]
) -> None:
    assert failed["error"] == "ServersFailed"
    for words in (
        f"{SERVER_2U} in AwaitInstances: InsufficientCapacity: 1 of 2 in service in Auto Scaling group",
        "We currently do not have sufficient",
        f"{TYPE}: 0 of 2 slots free, 1 of ours running",
        'Would fit: `"instanceType": "c6id.4xlarge"` or `"nodes": {"min": 1, "desired": 1, "max": 2}`.',
        f"held by {neighbour['instance']} ({TYPE}, account 123456789012).",
    ):
        assert words in failed["cause"]
    assert took(failed, "AwaitInstances")[0] < timedelta(
        minutes=12
    )  # an instance takes 4, its time limit is 78


def test_capacity_freed_during_the_wait_makes_the_run_green(
    deployed: Deployed, failed: dict[str, Any], neighbour: dict[str, Any]
) -> None:
    assert failed["status"] == "FAILED"
    deployed.break_at("CheckOutposts")
    execution = deployed.start("Provision", request(capacityWaitMinutes=10))
    with deployed.held():
        deployed.break_at("CheckOutposts")
    with deployed.held():  # its second look
        deployed.client("ec2").terminate_instances(InstanceIds=[neighbour["instance"]])
    run = deployed.finished(execution)
    assert run["status"] == "SUCCEEDED", run["cause"]
    (checked,) = (visit for visit in run["visits"] if visit.name == "CheckOutposts")
    assert checked.attempts >= 2
    assert len(deployed.ours(CLUSTER)["instances"]) == 2
