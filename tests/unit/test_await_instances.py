"""AwaitInstances: in service, on their way, or why not."""

import re
from typing import Any

import await_instances
import pytest

from extended_cluster.errors import InsufficientCapacity, NodesFailed, NotReadyYet
from extended_cluster.names import as_list
from tests.unit.fake_aws import FakeClient
from tests.unit.scaling_group import activity, group, instance
from tests.unit.server_plan import OURS, OUTPOST, SERVER
from tests.unit.stateful_aws import run

NAME = "edge-1-x"
# As Step Functions writes $$.Execution.StartTime; the activities of scaling_group.py start on November 20.
BEFORE, AFTER = "2026-11-19T10:00:00.000Z", "2026-11-21T10:00:00.000Z"


def event(**changes: Any) -> dict[str, Any]:
    return {
        "autoScalingGroupName": NAME,
        "server": {**SERVER, "nodes": {"min": 1, "desired": 2, "max": 2}},
        "clusterName": "edge-1",
        "since": BEFORE,
        "capacityWaitMinutes": 0,
        "look": 0,
        "intervalSeconds": 20,
        **changes,
    }


def server(*, total: int, ours: tuple[str, ...] = (), others: tuple[str, ...] = ()) -> dict[str, FakeClient]:
    """The Outposts server with so many slots and these instances in them, as two services tell it."""
    kind, account = SERVER["instanceType"], "123456789012"
    capacity = {"State": "ACTIVE", "InstanceTypeCapacities": [{"InstanceType": kind, "Count": total}]}
    held = [{"InstanceId": one, "InstanceType": kind, "AccountId": account} for one in (*ours, *others)]
    nodes = [{"InstanceId": one, "InstanceType": kind, "Tags": as_list(OURS)} for one in ours]
    return {
        "outposts": FakeClient(
            "outposts",
            list_assets={"Assets": [{"AssetId": "1", "ComputeAttributes": capacity}]},
            list_asset_instances={"AssetInstances": held},
        ),
        "ec2": FakeClient("ec2", describe_instances={"Reservations": [{"Instances": nodes}]}),
    }


def look(
    monkeypatch: pytest.MonkeyPatch,
    instances: dict[str, str],
    *activities: tuple[str, str],
    outpost: dict[str, FakeClient] | None = None,
    **changes: Any,
) -> Any:
    """instances: life cycle state by id; activities: status code and message, as AWS lists them."""
    found = [instance(instance_id, state) for instance_id, state in instances.items()]
    autoscaling = FakeClient(
        "autoscaling",
        describe_auto_scaling_groups={"AutoScalingGroups": [group(NAME, Instances=found)]},
        describe_scaling_activities={"Activities": [activity(NAME, *one) for one in activities]},
    )
    return run(
        monkeypatch, await_instances.handler, event(**changes), autoscaling=autoscaling, **(outpost or {})
    )


def test_enough_in_service_are_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(monkeypatch, {"i-2": "InService", "i-1": "InService", "i-3": "Pending"}) == {
        "instanceIds": ["i-1", "i-2"]
    }


@pytest.mark.parametrize(
    "activities", [[], [("InProgress", "")], [("Successful", ""), ("Failed", "an old one")]]
)
def test_too_few_are_waited_for(monkeypatch: pytest.MonkeyPatch, activities: list[tuple[str, str]]) -> None:
    with pytest.raises(NotReadyYet, match=r"1 of 2 in service in Auto Scaling group edge-1-x \(i-1\)"):
        look(monkeypatch, {"i-1": "InService", "i-2": "Pending"}, *activities)


FULL = "We currently do not have sufficient c6id.8xlarge capacity in the Availability Zone you requested."


@pytest.mark.parametrize(
    "message",
    [
        "Could not launch On-Demand Instances. InsufficientInstanceCapacity - There is not enough capacity.",
        "InsufficientCapacityOnOutpost - There is not enough capacity on the Outpost.",
        "There is not enough capacity on the Outpost to launch or start the instance.",
        FULL,
    ],
)
def test_a_full_server_is_told_as_such(monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    with pytest.raises(InsufficientCapacity, match=f"1 of 2 in service .*{re.escape(message)}"):
        look(monkeypatch, {"i-1": "InService"}, ("Failed", message), outpost=server(total=2))


def test_a_full_server_is_told_with_its_nodes_the_numbers_and_who_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, other = "i-0a1b2c3d4e5f60001", "i-0a1b2c3d4e5f60002"
    outpost = server(total=2, ours=(first,), others=(other,))
    with pytest.raises(InsufficientCapacity) as told:
        look(monkeypatch, {first: "InService"}, ("Failed", FULL), outpost=outpost)
    for words in (
        f"1 of 2 in service in Auto Scaling group {NAME} ({first}): {FULL}",
        f"{OUTPOST} has no room for 2 node(s) of c6id.8xlarge (c6id.8xlarge: 0 of 2 slots free, 1 of ours running)",
        'Would fit: `"nodes": {"min": 1, "desired": 1, "max": 2}`',
        f"held by {other} (c6id.8xlarge, account 123456789012).",
        "The group goes on trying by itself.",
    ):
        assert words in str(told.value)


def test_a_full_server_is_tolerated_as_long_as_the_request_waits_for_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The group tries again by itself; no number is asked for meanwhile."""
    full = ("Failed", FULL)
    with pytest.raises(NotReadyYet, match=f"0 of 2 .* no free slot for c6id.8xlarge on Outpost {OUTPOST}"):
        look(monkeypatch, {}, full, capacityWaitMinutes=1, look=2)
    with pytest.raises(InsufficientCapacity):
        look(monkeypatch, {}, full, capacityWaitMinutes=1, look=3, outpost=server(total=1))


def test_another_failure_is_not_tolerated(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NodesFailed):
        look(monkeypatch, {}, ("Failed", "The image id does not exist."), capacityWaitMinutes=1)


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
    with pytest.raises(NotReadyYet, match="0 of 2"):
        run(monkeypatch, await_instances.handler, event(), autoscaling=autoscaling)
