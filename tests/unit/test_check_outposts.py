"""CheckOutposts: the server, its configured types and its free slots."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import check_outposts
import pytest
from botocore.exceptions import ClientError

from extended_cluster.errors import (
    InstanceTypeUnsupported,
    InsufficientCapacity,
    NotReadyYet,
    OutpostNotFound,
    OutpostUnsupported,
)
from extended_cluster.names import CLUSTER_TAG, OUTPOST_TAG
from extended_cluster.request import complete
from extended_cluster.types import OutpostFacts, Spec
from tests.unit.fake_aws import Answer, FakeClient, refusal

ACCOUNT = "123456789012"
OUTPOST, OTHER = "op-0a1b2c3d4e5f60001", "op-0a1b2c3d4e5f60002"
ARN = f"arn:aws:outposts:us-west-2:123456789012:outpost/{OUTPOST}"
LARGE, SMALL = "c6id.8xlarge", "c6id.4xlarge"
VCPUS = {LARGE: 32, SMALL: 16, "c6gd.8xlarge": 32}


def outpost(**changes: Any) -> dict[str, Any]:
    return {
        "Outpost": {
            "OutpostId": OUTPOST,
            "OutpostArn": ARN,
            "OwnerId": "123456789012",
            "Name": "shop-1",
            "AvailabilityZone": "us-west-2a",
            "LifeCycleStatus": "ACTIVE",
            "SupportedHardwareType": "SERVER",
            **changes,
        }
    }


def asset(counts: dict[str, int], state: str = "ACTIVE") -> dict[str, Any]:
    capacities = [{"InstanceType": name, "Count": count} for name, count in counts.items()]
    return {"AssetId": "1", "ComputeAttributes": {"State": state, "InstanceTypeCapacities": capacities}}


def running(*types: str) -> list[dict[str, Any]]:
    """One page for each instance: what is on the second page counts too. Ids count from 0, as in ``ec2``."""
    return [
        {"AssetInstances": [{"InstanceId": f"i-{number:017x}", "InstanceType": name, "AccountId": ACCOUNT}]}
        for number, name in enumerate(types)
    ] or [{"AssetInstances": []}]


def outposts(total: dict[str, int], *used: str, **answers: Answer) -> FakeClient:
    given: dict[str, Answer] = {
        "get_outpost": outpost(),
        "get_outpost_instance_types": [{"InstanceTypes": [{"InstanceType": name}]} for name in total],
        "list_assets": {"Assets": [asset(total), {"AssetId": "2", "AssetType": "NETWORKING"}]},
        "list_asset_instances": running(*used),
    }
    return FakeClient("outposts", **(given | answers))


def tags(outpost_id: str = OUTPOST, cluster: str = "edge-1") -> list[dict[str, str]]:
    return [{"Key": CLUSTER_TAG, "Value": cluster}, {"Key": OUTPOST_TAG, "Value": outpost_id}]


def ec2(
    total: dict[str, int], *ours: str, of: str = "edge-1", templates: Sequence[dict[str, Any]] = ()
) -> FakeClient:
    return FakeClient(
        "ec2",
        describe_instances=[
            {
                "Reservations": [
                    {
                        "Instances": [
                            {"InstanceId": f"i-{number:017x}", "InstanceType": name, "Tags": tags(cluster=of)}
                        ]
                    }
                ]
            }
            for number, name in enumerate(ours)
        ]
        or [{"Reservations": []}],
        describe_launch_templates={"LaunchTemplates": list(templates)},
        describe_instance_types={
            "InstanceTypes": [
                {
                    "InstanceType": name,
                    "VCpuInfo": {"DefaultVCpus": VCPUS[name]},
                    "ProcessorInfo": {"SupportedArchitectures": ["arm64" if "gd" in name else "x86_64"]},
                }
                for name in total
            ]
        },
    )


def groups(*found: dict[str, Any]) -> FakeClient:
    return FakeClient("autoscaling", describe_auto_scaling_groups={"AutoScalingGroups": list(found)})


def wanted(**fields: Any) -> Spec:
    return complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST, **fields}]})


def look(
    outposts_: FakeClient, ec2_: FakeClient, groups_: FakeClient | None = None, **fields: Any
) -> OutpostFacts:
    (facts,) = check_outposts.check(wanted(**fields), outposts_, ec2_, groups_ or groups())
    return facts


def check(
    total: dict[str, int], used: tuple[str, ...] = (), ours: tuple[str, ...] = (), **fields: Any
) -> OutpostFacts:
    return look(outposts(total, *used), ec2(total, *ours), **fields)


def test_the_facts_of_a_server() -> None:
    assert check({LARGE: 1, SMALL: 2}, used=(SMALL,)) == {
        "outpostId": OUTPOST,
        "outpostArn": ARN,
        "ownerId": "123456789012",
        "name": "shop-1",
        "availabilityZone": "us-west-2a",
        "hardwareType": "SERVER",
        "instanceType": LARGE,
        "vcpus": 32,
        "architecture": "x86_64",
        "slots": {"total": 1, "used": 0, "free": 1, "ours": 0},
        "freeSlots": {LARGE: 1, SMALL: 1},
        "launchTemplate": False,
        "nodeGroup": None,
    }


@pytest.mark.parametrize(("cluster", "exists"), [("edge-1", True), ("edge-2", False)])
def test_launch_template_and_group_are_told_when_they_are_ours(cluster: str, exists: bool) -> None:
    name = f"edge-1-{OUTPOST}"
    aws = ec2({LARGE: 1}, templates=[{"LaunchTemplateName": name, "Tags": tags(cluster=cluster)}])
    group = {
        "AutoScalingGroupName": name,
        "MinSize": 1,
        "DesiredCapacity": 2,
        "MaxSize": 3,
        "DefaultCooldown": 300,
        "AvailabilityZones": ["us-west-2a"],
        "HealthCheckType": "EC2",
        "CreatedTime": datetime(2026, 11, 1, tzinfo=UTC),
        "Tags": tags(cluster=cluster),
    }
    facts = look(outposts({LARGE: 1}), aws, groups(group))
    assert facts["launchTemplate"] is exists
    assert facts["nodeGroup"] == ({"min": 1, "desired": 2, "max": 3} if exists else None)


def test_ec2_and_auto_scaling_are_asked_once_for_all_servers() -> None:
    spec = complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}, {"outpostId": OTHER}]})
    aws, scaling = ec2({LARGE: 1}, LARGE), groups()
    facts = check_outposts.check(spec, outposts({LARGE: 2}, LARGE), aws, scaling)
    assert [each["outpostId"] for each in facts] == [OUTPOST, OTHER]
    # The one instance of ours bears the first server's id.
    assert [each["slots"]["ours"] for each in facts] == [1, 0]
    assert Counter(name for name, _ in aws.calls) == {
        "describe_instances": 1,
        "describe_instance_types": 1,
        "describe_launch_templates": 1,
    }
    assert len(scaling.calls) == 1


def test_graviton_is_arm64() -> None:
    assert check({"c6gd.8xlarge": 1})["architecture"] == "arm64"


@pytest.mark.parametrize(
    ("total", "used", "ours", "fields", "chosen"),
    [
        ({SMALL: 4, LARGE: 1}, (), (), {}, LARGE),
        # The largest has not enough room for all that is desired.
        ({SMALL: 4, LARGE: 1}, (), (), {"nodes": {"desired": 2}}, SMALL),
        ({SMALL: 4, LARGE: 1}, (LARGE,), (), {}, SMALL),
        # Ours already run there: nothing more is needed, so a full server is no obstacle.
        ({SMALL: 4, LARGE: 1}, (LARGE,), (LARGE,), {}, LARGE),
        # Nodes keep their type although a larger one has become free.
        ({SMALL: 4, LARGE: 1}, (SMALL,), (SMALL,), {}, SMALL),
        ({SMALL: 4, LARGE: 1}, (SMALL,), (SMALL,), {"instanceType": LARGE}, LARGE),
        ({SMALL: 4, LARGE: 1}, (), (), {"instanceType": SMALL}, SMALL),
        ({SMALL: 2}, (SMALL,), (SMALL,), {"nodes": {"desired": 2}}, SMALL),
    ],
)
def test_the_type_chosen(
    total: dict[str, int], used: tuple[str, ...], ours: tuple[str, ...], fields: dict[str, Any], chosen: str
) -> None:
    assert check(total, used, ours, **fields)["instanceType"] == chosen


def test_more_running_than_configured_leaves_nothing_free() -> None:
    slots = check({SMALL: 1}, used=(SMALL, SMALL), ours=(SMALL,))["slots"]
    assert slots == {"total": 1, "used": 2, "free": 0, "ours": 1}


@pytest.mark.parametrize(
    ("total", "used", "fields", "said"),
    [
        ({LARGE: 1}, (LARGE,), {}, f"no room for 1 .*{LARGE}: 0 of 1 slots free[)]"),
        ({LARGE: 2}, (), {"nodes": {"desired": 3}}, f"no room for 3 .*{LARGE}: 2 of 2 slots free"),
        (
            {SMALL: 2, LARGE: 1},
            (LARGE, SMALL),
            {"nodes": {"desired": 2}},
            f"no room for 2 .* any one type .*{LARGE}: 0 of 1 .*{SMALL}: 1 of 2 ",
        ),
        # Room for another type does not help: this one was asked for.
        ({SMALL: 2, LARGE: 1}, (LARGE,), {"instanceType": LARGE}, f"no room for 1 .* of {LARGE} "),
    ],
)
def test_too_few_free_slots_are_refused_with_the_numbers(
    total: dict[str, int], used: tuple[str, ...], fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(InsufficientCapacity, match=f"{OUTPOST} has {said}"):
        check(total, used, **fields)


def test_capacity_of_a_retiring_asset_does_not_count() -> None:
    aws = outposts({LARGE: 1}, list_assets={"Assets": [asset({LARGE: 1}, "RETIRING")]})
    with pytest.raises(InsufficientCapacity, match="0 of 0 slots free"):
        look(aws, ec2({LARGE: 1}))


def test_assets_on_several_pages_add_up() -> None:
    pages: Answer = [{"Assets": [asset({LARGE: 1})]}, {"Assets": [asset({LARGE: 2})]}]
    facts = look(outposts({LARGE: 1}, list_assets=pages), ec2({LARGE: 1}))
    assert facts["slots"]["total"] == 3


def test_nodes_of_every_cluster_are_found_by_their_tags_and_only_while_they_hold_a_slot() -> None:
    aws = ec2({LARGE: 1})
    look(outposts({LARGE: 1}), aws)
    assert (
        "describe_instances",
        {
            "Filters": [
                {"Name": "tag-key", "Values": ["eks-outposts-servers:cluster"]},
                {"Name": "tag:eks-outposts-servers:outpost", "Values": [OUTPOST]},
                {"Name": "instance-state-name", "Values": ["pending", "running"]},
            ]
        },
    ) in aws.calls


def test_an_unknown_outpost() -> None:
    aws = FakeClient("outposts", get_outpost=refusal("NotFoundException", "GetOutpost"))
    with pytest.raises(OutpostNotFound, match=f"No Outpost {OUTPOST} .* us-west-2"):
        look(aws, FakeClient("ec2"))


def test_any_other_answer_passes_through() -> None:
    aws = FakeClient("outposts", get_outpost=refusal("AccessDeniedException", "GetOutpost"))
    with pytest.raises(ClientError, match="AccessDeniedException"):
        look(aws, FakeClient("ec2"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SupportedHardwareType": "RACK"}, "type RACK"),
        # A rack is refused as a rack, whatever its status.
        ({"SupportedHardwareType": "RACK", "LifeCycleStatus": "PENDING"}, "type RACK"),
        ({"LifeCycleStatus": "PENDING"}, "life cycle status PENDING"),
        ({"SupportedHardwareType": None}, "what hardware it is; .* ask AWS Support"),
    ],
)
def test_an_outpost_that_is_no_active_server(changes: dict[str, str | None], said: str) -> None:
    """Refused before anything else is asked of it: the fake knows GetOutpost only."""
    said_of_it = {key: value for key, value in outpost(**changes)["Outpost"].items() if value is not None}
    aws = FakeClient("outposts", get_outpost={"Outpost": said_of_it})
    with pytest.raises(OutpostUnsupported, match=f"{OUTPOST} .*{said}"):
        look(aws, FakeClient("ec2"))


def test_a_type_that_the_server_is_not_configured_for() -> None:
    with pytest.raises(
        InstanceTypeUnsupported, match=f"not configured for m5.large, but for {SMALL}, {LARGE}"
    ):
        check({LARGE: 1, SMALL: 1}, instanceType="m5.large")


def test_a_server_configured_for_nothing() -> None:
    aws = outposts({}, get_outpost_instance_types={"InstanceTypes": []})
    with pytest.raises(InstanceTypeUnsupported, match="for no instance type at all"):
        look(aws, FakeClient("ec2"))


def handled(monkeypatch: pytest.MonkeyPatch, *used: str, look: int = 0, **fields: Any) -> dict[str, Any]:
    """What the handler answers at that look for a server with one slot of LARGE and two of SMALL."""
    total = {LARGE: 1, SMALL: 2}
    clients = {"outposts": outposts(total, *used), "ec2": ec2(total), "autoscaling": groups()}
    monkeypatch.setattr(check_outposts, "client", clients.__getitem__)
    spec = complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}], **fields})
    event = {"executionId": "execution-1", "spec": spec, "look": look, "intervalSeconds": 60}
    return check_outposts.handler(event, SimpleNamespace(aws_request_id="request-1"))


def test_the_handler_answers_one_entry_for_each_outpost(monkeypatch: pytest.MonkeyPatch) -> None:
    result = handled(monkeypatch)
    assert [each["instanceType"] for each in result["outposts"]] == [LARGE]


FULL = (LARGE, SMALL, SMALL)


@pytest.mark.parametrize("look", [0, 1])
def test_room_is_waited_for_as_long_as_the_request_says(monkeypatch: pytest.MonkeyPatch, look: int) -> None:
    """With the numbers: they stand in the history, look by look."""
    with pytest.raises(NotReadyYet, match=f"{OUTPOST} has no room for 1 .*{LARGE}: 0 of 1 slots free"):
        handled(monkeypatch, *FULL, look=look, capacityWaitMinutes=2)


@pytest.mark.parametrize(
    ("look", "fields"),
    [
        (0, {}),
        (2, {"capacityWaitMinutes": 2}),
        # Who asks for a plan reads it now.
        (0, {"capacityWaitMinutes": 2, "mode": "plan"}),
    ],
)
def test_then_the_lack_is_told(monkeypatch: pytest.MonkeyPatch, look: int, fields: dict[str, Any]) -> None:
    with pytest.raises(InsufficientCapacity, match="capacityWaitMinutes"):
        handled(monkeypatch, *FULL, look=look, **fields)


def test_room_that_has_come_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    assert handled(monkeypatch, SMALL, look=1, capacityWaitMinutes=2)["outposts"]


def test_all_servers_without_room_are_told_at_once() -> None:
    spec = complete(
        {
            "clusterName": "edge-1",
            "outposts": [{"outpostId": OUTPOST}, {"outpostId": OTHER, "nodes": {"desired": 2}}],
        }
    )
    with pytest.raises(
        InsufficientCapacity, match=f"{OUTPOST} has no room for 1 .*{OTHER} has no room for 2 "
    ):
        check_outposts.check(spec, outposts({LARGE: 1}, LARGE), ec2({LARGE: 1}), groups())


def test_a_node_of_another_cluster_is_told_by_the_clusters_name() -> None:
    used = outposts({LARGE: 2}, LARGE, LARGE)
    with pytest.raises(InsufficientCapacity) as told:
        look(used, ec2({LARGE: 2}, LARGE, of="edge-2"))
    assert f"i-{0:017x} ({LARGE}, node of cluster edge-2), i-{1:017x} ({LARGE}, account {ACCOUNT})" in str(
        told.value
    )
