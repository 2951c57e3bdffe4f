"""EnsureNodeGroup: made once, and only what differs is changed."""

from typing import Any

import ensure_node_group
import pytest

from extended_cluster.errors import NodeGroupConflict, NotReadyYet
from tests.unit import scaling_group
from tests.unit.fake_aws import refusal
from tests.unit.server_plan import OURS, SERVER
from tests.unit.stateful_aws import StatefulClient, run

EVENT = {
    "server": SERVER,
    "clusterName": "edge-1",
    "subnetId": "subnet-1",
    "launchTemplateId": "lt-1",
    "version": 3,
    "tags": {"team": "edge"},
}
WANTED = {
    "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "3"},
    "MinSize": 1,
    "MaxSize": 2,
    "DesiredCapacity": 1,
    "VPCZoneIdentifier": "subnet-1",
    "HealthCheckType": "EC2",
}


class AutoScaling(StatefulClient):
    service = "autoscaling"

    def __init__(self) -> None:
        super().__init__()
        self.group: dict[str, Any] | None = None
        self.raced_by: dict[str, Any] | None = None
        self.invisible = False

    def describe_auto_scaling_groups(self, *, AutoScalingGroupNames: list[str]) -> dict[str, Any]:
        assert AutoScalingGroupNames == [SERVER["name"]]
        return {"AutoScalingGroups": [self.group] if self.group else []}

    def create_auto_scaling_group(self, **asked: Any) -> None:
        if self.raced_by or self.invisible:
            self.group = self.raced_by
            raise refusal("AlreadyExists", "CreateAutoScalingGroup")
        self.group = group(asked["Tags"])

    def update_auto_scaling_group(self, *, AutoScalingGroupName: str, **changes: Any) -> None:
        assert self.group
        assert self.group["AutoScalingGroupName"] == AutoScalingGroupName
        self.group.update(changes)

    def create_or_update_tags(self, *, Tags: list[dict[str, Any]]) -> None:
        assert self.group
        changed = {tag["Key"] for tag in Tags}
        self.group["Tags"] = [tag for tag in self.group["Tags"] if tag["Key"] not in changed] + Tags


def group(tags: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    template = {**WANTED["LaunchTemplate"], "LaunchTemplateName": SERVER["name"]}  # type: ignore[dict-item]
    return scaling_group.group(
        SERVER["name"], **{**WANTED, "LaunchTemplate": template, "Tags": tags, **changes}
    )


def our_tags() -> list[dict[str, Any]]:
    return [
        {
            "ResourceId": SERVER["name"],
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": True,
        }
        for key, value in sorted(OURS.items())
    ]


def ensure(monkeypatch: pytest.MonkeyPatch, autoscaling: AutoScaling) -> Any:
    return run(monkeypatch, ensure_node_group.handler, EVENT, autoscaling=autoscaling)


def test_the_second_run_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    autoscaling = AutoScaling()
    for _ in range(2):
        answer = {"autoScalingGroupName": SERVER["name"], "inService": False}
        assert ensure(monkeypatch, autoscaling) == answer
    assert autoscaling.writes == [
        (
            "create_auto_scaling_group",
            {"AutoScalingGroupName": SERVER["name"], **WANTED, "Tags": our_tags()},
        )
    ]


@pytest.mark.parametrize(
    ("found", "change"),
    [
        (
            {"LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "2"}},
            {"LaunchTemplate": WANTED["LaunchTemplate"]},
        ),
        ({"LaunchTemplate": None}, {"LaunchTemplate": WANTED["LaunchTemplate"]}),
        ({"MaxSize": 5, "DesiredCapacity": 4}, {"MaxSize": 2, "DesiredCapacity": 1}),
        ({"VPCZoneIdentifier": "subnet-2"}, {"VPCZoneIdentifier": "subnet-1"}),
    ],
)
def test_only_what_differs_is_changed(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], change: dict[str, Any]
) -> None:
    autoscaling = AutoScaling()
    autoscaling.group = {key: value for key, value in group(our_tags(), **found).items() if value is not None}
    ensure(monkeypatch, autoscaling)
    assert autoscaling.writes == [
        ("update_auto_scaling_group", {"AutoScalingGroupName": SERVER["name"], **change})
    ]
    ensure(monkeypatch, autoscaling)
    assert len(autoscaling.writes) == 1


def test_a_missing_tag_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    autoscaling = AutoScaling()
    autoscaling.group = group([tag for tag in our_tags() if tag["Key"] != "team"])
    ensure(monkeypatch, autoscaling)
    ((name, asked),) = autoscaling.writes
    assert name == "create_or_update_tags"
    assert [tag["Key"] for tag in asked["Tags"]] == ["team"]


@pytest.mark.parametrize("raced", [False, True])
def test_a_group_of_others_is_a_conflict(monkeypatch: pytest.MonkeyPatch, raced: bool) -> None:
    autoscaling = AutoScaling()
    setattr(autoscaling, "raced_by" if raced else "group", group([]))
    with pytest.raises(NodeGroupConflict, match="was not made for cluster edge-1"):
        ensure(monkeypatch, autoscaling)


@pytest.mark.parametrize(("state", "in_service"), [("InService", True), ("Pending", False)])
def test_it_tells_whether_the_nodes_are_there_already(
    monkeypatch: pytest.MonkeyPatch, state: str, in_service: bool
) -> None:
    autoscaling = AutoScaling()
    autoscaling.group = group(our_tags(), Instances=[scaling_group.instance("i-1", state)])
    assert ensure(monkeypatch, autoscaling)["inService"] is in_service


def test_one_made_meanwhile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    autoscaling = AutoScaling()
    autoscaling.raced_by = group(our_tags())
    assert ensure(monkeypatch, autoscaling)["inService"] is False
    assert [name for name, _ in autoscaling.writes] == ["create_auto_scaling_group"]


def test_one_made_and_not_shown_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    autoscaling = AutoScaling()
    autoscaling.invisible = True
    with pytest.raises(NotReadyYet, match="not shown yet"):
        ensure(monkeypatch, autoscaling)


def test_one_being_deleted_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    autoscaling = AutoScaling()
    autoscaling.group = group(our_tags(), Status="Delete in progress")
    with pytest.raises(NotReadyYet, match="being deleted"):
        ensure(monkeypatch, autoscaling)
    assert autoscaling.writes == []
