"""The failure drill: whom it ends, that it ends nothing else, and when the address counts as moved."""

from typing import Any

import await_move
import find_announcer
import pytest
import terminate_announcer

from extended_cluster.errors import FailoverFailed, NodeGroupConflict, NotReadyYet
from tests.unit import edge_nodes, scaling_group
from tests.unit import verified_cluster as made
from tests.unit.edge_nodes import OTHER_OUTPOST, instance_id
from tests.unit.fake_aws import FakeClient
from tests.unit.server_plan import OUTPOST
from tests.unit.stateful_aws import run

type Json = dict[str, Any]

ANNOUNCER = {
    "outpostId": OUTPOST,
    "address": "192.168.10.200",
    "node": "node-1",
    "instanceId": instance_id(1),
    "otherNodes": 1,
}
ENDED_AT = "2026-11-23T12:00:00.250Z"
GROUP = f"edge-1-{OUTPOST}"
LOST = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")


def test_the_announcer_is_named_with_its_instance_and_who_could_take_over() -> None:
    assert find_announcer.find(made.cluster(), OUTPOST, last=False) == ANNOUNCER
    assert find_announcer.find(made.cluster(), OTHER_OUTPOST, last=False)["otherNodes"] == 0


@pytest.mark.parametrize(
    ("instead", "without", "why"),
    [
        ([{**made.service(OUTPOST), "status": {}}], (), f"Service smoke-{OUTPOST} has no address"),
        ([], (f"l2-{OUTPOST}",), "192.168.10.200 is announced by no node"),
        ([made.announcement(OUTPOST, 3)], (), "announced by node-3, which is no Ready node of op-"),
        ([edge_nodes.node(1)], (), "announced by node-1, which is no Ready node of op-"),
    ],
)
def test_nobody_is_ended_unless_one_ready_node_of_the_server_announces(
    instead: list[Json], without: tuple[str, ...], why: str
) -> None:
    with pytest.raises(NotReadyYet, match=why):
        find_announcer.find(made.cluster(*instead, without=without), OUTPOST, last=False)
    with pytest.raises(FailoverFailed, match=why):
        find_announcer.find(made.cluster(*instead, without=without), OUTPOST, last=True)


def group(state: str = "InService", cluster: str = "edge-1") -> Json:
    instances = [
        scaling_group.instance(instance_id(1), state),
        scaling_group.instance(instance_id(2), "InService"),
    ]
    tags = [{"Key": "eks-outposts-servers:cluster", "Value": cluster}]
    return scaling_group.group(GROUP, Tags=tags, Instances=instances)


def terminate(
    monkeypatch: pytest.MonkeyPatch, *groups: Json, instance: str = instance_id(1)
) -> tuple[Any, Any]:
    """The state's answer, and the calls that it made."""
    autoscaling = FakeClient(
        "autoscaling",
        describe_auto_scaling_groups={"AutoScalingGroups": list(groups)},
        terminate_instance_in_auto_scaling_group={},
    )
    event = {
        "clusterName": "edge-1",
        "autoScalingGroupName": GROUP,
        "instanceId": instance,
        "now": ENDED_AT,
    }
    return run(monkeypatch, terminate_announcer.handler, event, autoscaling=autoscaling), autoscaling.calls


def test_it_ends_that_instance_and_leaves_the_groups_size(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, calls = terminate(monkeypatch, group())
    assert answer == {"instanceId": instance_id(1), "endedAt": ENDED_AT, "ended": True}
    ending = {"InstanceId": instance_id(1), "ShouldDecrementDesiredCapacity": False}
    assert calls == [
        ("describe_auto_scaling_groups", {"AutoScalingGroupNames": [GROUP]}),
        ("terminate_instance_in_auto_scaling_group", ending),
    ]


@pytest.mark.parametrize(
    ("found", "instance"),
    [
        (group("Terminating"), instance_id(1)),
        (group("Terminating:Wait"), instance_id(1)),
        (group("Terminated"), instance_id(1)),
        (group(), "i-0someoneelses"),
    ],
)
def test_what_is_ending_or_not_in_the_group_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, found: Json, instance: str
) -> None:
    answer, calls = terminate(monkeypatch, found, instance=instance)
    assert not answer["ended"]
    assert len(calls) == 1


@pytest.mark.parametrize("groups", [[], [group(cluster="other")]])
def test_a_group_that_is_not_ours_is_refused(monkeypatch: pytest.MonkeyPatch, groups: list[Json]) -> None:
    with pytest.raises(NodeGroupConflict, match="is not ours to end"):
        terminate(monkeypatch, *groups)


def move(*instead: Json, without: tuple[str, ...] = (), last: bool = False) -> Json:
    return await_move.await_move(made.cluster(*instead, without=without), ANNOUNCER, ENDED_AT, last=last)


def test_the_move_is_measured_by_the_new_announcers_own_word() -> None:
    assert move(made.announcement(OUTPOST, 2, since="2026-11-23T12:00:12Z")) == {
        "outpostId": OUTPOST,
        "address": "192.168.10.200",
        "from": "node-1",
        "to": "node-2",
        "instanceId": instance_id(2),
        "seconds": 12,
    }


def test_a_move_within_the_second_takes_none() -> None:
    ended_at = "2026-11-23T12:00:00.900Z"
    kubernetes = made.cluster(made.announcement(OUTPOST, 2, since="2026-11-23T12:00:00Z"))
    assert await_move.await_move(kubernetes, ANNOUNCER, ended_at, last=False)["seconds"] == 0


def test_a_replacement_may_be_who_takes_over() -> None:
    """One node: the address comes back on the instance that the group launched."""
    labels = {"eks-outposts-servers/lni": "ready"}
    new = edge_nodes.node(4, labels=labels)
    moved = move(new, made.announcement(OUTPOST, 4, since="2026-11-23T12:07:00Z"), without=("node-1",))
    assert (moved["to"], moved["instanceId"], moved["seconds"]) == ("node-4", instance_id(4), 420)


@pytest.mark.parametrize(
    ("instead", "without", "why"),
    [
        ([], (), "192.168.10.200 is still announced by node-1"),
        ([edge_nodes.node(1, ready=LOST)], (), "announced by node-1, which is no Ready node"),
        ([], (f"l2-{OUTPOST}",), "announced by no node"),
        ([made.announcement(OUTPOST, 3)], (), "announced by node-3, which is no Ready node of op-"),
    ],
)
def test_until_then_it_waits_and_at_the_last_look_the_drill_has_failed(
    instead: list[Json], without: tuple[str, ...], why: str
) -> None:
    with pytest.raises(NotReadyYet, match=why):
        move(*instead, without=without)
    with pytest.raises(FailoverFailed, match=f"node-1 .* was ended at {ENDED_AT}: .*{why}"):
        move(*instead, without=without, last=True)


def test_another_address_is_no_move() -> None:
    other = made.service(OUTPOST)
    other["status"]["loadBalancer"]["ingress"] = [{"ip": "192.168.10.201"}]
    with pytest.raises(NotReadyYet, match=r"has 192\.168\.10\.201 instead of 192\.168\.10\.200"):
        move(other, made.announcement(OUTPOST, 2))
