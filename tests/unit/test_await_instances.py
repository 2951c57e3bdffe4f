"""AwaitInstances: in service, on their way, or why not."""

from typing import Any

import await_instances
import pytest

from extended_cluster.errors import InsufficientCapacity, NodesFailed, NotReadyYet
from tests.unit.fake_aws import FakeClient
from tests.unit.scaling_group import activity, group, instance
from tests.unit.server_plan import OUTPOST
from tests.unit.stateful_aws import run

NAME = "edge-1-x"
# As Step Functions writes $$.Execution.StartTime; the activities of scaling_group.py start on November 20.
BEFORE, AFTER = "2026-11-19T10:00:00.000Z", "2026-11-21T10:00:00.000Z"


def look(
    monkeypatch: pytest.MonkeyPatch,
    instances: dict[str, str],
    *activities: tuple[str, str],
    desired: int = 2,
    since: str = BEFORE,
) -> Any:
    """instances: life cycle state by id; activities: status code and message, as AWS lists them."""
    found = [instance(instance_id, state) for instance_id, state in instances.items()]
    autoscaling = FakeClient(
        "autoscaling",
        describe_auto_scaling_groups={"AutoScalingGroups": [group(NAME, Instances=found)]},
        describe_scaling_activities={"Activities": [activity(NAME, *one) for one in activities]},
    )
    event = {"autoScalingGroupName": NAME, "desired": desired, "outpostId": OUTPOST, "since": since}
    return run(monkeypatch, await_instances.handler, event, autoscaling=autoscaling)


def test_enough_in_service_are_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(monkeypatch, {"i-2": "InService", "i-1": "InService", "i-3": "Pending"}) == {
        "instanceIds": ["i-1", "i-2"]
    }


def test_none_are_enough_when_none_are_desired(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(monkeypatch, {}, ("Failed", "an old failure"), desired=0) == {"instanceIds": []}


@pytest.mark.parametrize(
    "activities", [[], [("InProgress", "")], [("Successful", ""), ("Failed", "an old one")]]
)
def test_too_few_are_waited_for(monkeypatch: pytest.MonkeyPatch, activities: list[tuple[str, str]]) -> None:
    with pytest.raises(NotReadyYet, match="1 of 2 in service in Auto Scaling group edge-1-x"):
        look(monkeypatch, {"i-1": "InService", "i-2": "Pending"}, *activities)


@pytest.mark.parametrize(
    "message",
    [
        "Could not launch On-Demand Instances. InsufficientInstanceCapacity - There is not enough capacity.",
        "InsufficientCapacityOnOutpost - There is not enough capacity on the Outpost.",
        "There is not enough capacity on the Outpost to launch or start the instance.",
        "We currently do not have sufficient c6id.8xlarge capacity in the Availability Zone you requested.",
    ],
)
def test_a_full_server_is_told_as_such(monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    with pytest.raises(InsufficientCapacity, match=f"Outpost {OUTPOST} has no free slot"):
        look(monkeypatch, {"i-1": "InService"}, ("Failed", message))


@pytest.mark.parametrize(
    ("activity", "said"),
    [
        (("Failed", "The image id '[ami-0f]' does not exist."), "Launching a new EC2 instance: The image id"),
        (("Cancelled", ""), "Launching a new EC2 instance: Cancelled"),
    ],
)
def test_any_other_failure_gives_its_message(
    monkeypatch: pytest.MonkeyPatch, activity: tuple[str, str], said: str
) -> None:
    with pytest.raises(NodesFailed, match=f"0 of 2 in service.*{said}"):
        look(monkeypatch, {}, activity)


def test_a_failure_from_before_this_run_is_no_verdict_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotReadyYet, match="0 of 2"):
        look(monkeypatch, {}, ("Failed", "InsufficientInstanceCapacity"), since=AFTER)


def test_an_unhealthy_instance_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    unhealthy = group(NAME, Instances=[instance("i-1", "InService", "Unhealthy")])
    autoscaling = FakeClient(
        "autoscaling",
        describe_auto_scaling_groups={"AutoScalingGroups": [unhealthy]},
        describe_scaling_activities={"Activities": []},
    )
    event = {"autoScalingGroupName": NAME, "desired": 1, "outpostId": OUTPOST, "since": BEFORE}
    with pytest.raises(NotReadyYet, match="0 of 1"):
        run(monkeypatch, await_instances.handler, event, autoscaling=autoscaling)
