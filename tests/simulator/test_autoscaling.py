"""Auto Scaling groups on Outposts servers: sizes, launches, failures, replacement, deletion."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.ec2.lni import lni_of
from tests.simulator.edge_account import BOTTLEROCKET, FULL, EdgeAccount, Refusal


@pytest.fixture(scope="module")
def shared() -> EdgeAccount:
    return EdgeAccount()


@pytest.fixture
def account(shared: EdgeAccount) -> Iterator[EdgeAccount]:
    yield shared
    shared.clear()
    for template in shared.ec2.describe_launch_templates()["LaunchTemplates"]:
        shared.ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])


def create(account: EdgeAccount, desired: int = 1, subnet: str | None = None, **changes: Any) -> str:
    """A group of that many two-interface nodes; its name."""
    template = changes.pop("template", None) or account.template()
    params = {
        "AutoScalingGroupName": "edge",
        "LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"},
        "MinSize": 0,
        "MaxSize": 4,
        "DesiredCapacity": desired,
        "VPCZoneIdentifier": subnet or account.subnet(lni=1),
        **changes,
    }
    account.autoscaling.create_auto_scaling_group(**params)
    return str(params["AutoScalingGroupName"])


def group(account: EdgeAccount, name: str = "edge") -> dict[str, Any]:
    (found,) = account.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    described: dict[str, Any] = found
    return described


def lifecycles(account: EdgeAccount) -> list[str]:
    return [instance["LifecycleState"] for instance in group(account)["Instances"]]


def activities(account: EdgeAccount) -> list[dict[str, Any]]:
    found: list[dict[str, Any]]
    found = account.autoscaling.describe_scaling_activities(AutoScalingGroupName="edge")["Activities"]
    return found


# -- launching


def test_a_group_launches_its_instances_by_itself(account: EdgeAccount) -> None:
    create(account, desired=2)
    assert group(account)["Instances"] == []
    account.wait(20)
    assert lifecycles(account) == ["Pending", "Pending"]
    account.wait(900)
    assert lifecycles(account) == ["InService", "InService"]
    for instance in group(account)["Instances"]:
        assert instance["LaunchTemplate"]["Version"] == "1"
        assert lni_of(account.cloud, instance["InstanceId"])


def test_a_launch_is_auto_scalings_own_call(account: EdgeAccount) -> None:
    create(account)
    account.wait(20)
    launches = [
        call for call in account.calls if call.name == "ec2.RunInstances" and "DryRun" not in call.params
    ]
    assert [call.caller.service for call in launches] == ["autoscaling.amazonaws.com"]


def test_the_activity_of_a_launch(account: EdgeAccount) -> None:
    subnet = account.subnet(lni=1)
    create(account, subnet=subnet)
    account.wait(20)
    (begun,) = activities(account)
    instance_id = group(account)["Instances"][0]["InstanceId"]
    assert (begun["StatusCode"], begun["Progress"]) == ("InProgress", 30)
    assert begun["Description"] == f"Launching a new EC2 instance: {instance_id}"
    assert "increasing the capacity from 0 to 1." in begun["Cause"]
    assert json.loads(begun["Details"]) == {"Subnet ID": subnet, "Availability Zone": "us-west-2a"}
    account.wait(900)
    (done,) = activities(account)
    assert (done["StatusCode"], done["Progress"]) == ("Successful", 100)
    assert done["EndTime"] > done["StartTime"]


def test_tags_reach_instances_if_they_are_to(account: EdgeAccount) -> None:
    tags = [
        {"Key": "cluster", "Value": "edge-1", "PropagateAtLaunch": True},
        {"Key": "own", "Value": "x", "PropagateAtLaunch": False},
    ]
    create(account, Tags=tags)
    account.wait(20)
    instance = account.instance(group(account)["Instances"][0]["InstanceId"])
    found = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert found["cluster"] == "edge-1"
    assert found["aws:autoscaling:groupName"] == "edge"
    assert found["aws:ec2launchtemplate:version"] == "1"
    assert "own" not in found


# -- refusals


def test_a_name_is_taken_once(account: EdgeAccount) -> None:
    create(account, desired=0)
    with Refusal("AlreadyExists", "A group with the name edge already exists"):
        create(account, template=account.template("other"))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (
            {"MinSize": 2, "MaxSize": 1, "DesiredCapacity": 2},
            "Max bound, 1, must be greater than or equal to min bound, 2",
        ),
        (
            {"MinSize": 0, "MaxSize": 1, "DesiredCapacity": 2},
            "Desired capacity:2 must be between the specified min size:0 and max size:1",
        ),
    ],
)
def test_bounds(account: EdgeAccount, sizes: dict[str, Any], message: str) -> None:
    with Refusal("ValidationError", message):
        create(account, **sizes)


def test_an_unknown_subnet(account: EdgeAccount) -> None:
    with Refusal("ValidationError", "The subnet ID 'subnet-0ffffffffffffffff' does not exist"):
        create(account, subnet="subnet-0ffffffffffffffff")


def test_an_unknown_launch_template(account: EdgeAccount) -> None:
    with Refusal("ValidationError", "You must use a valid fully-formed launch template.", "does not exist"):
        create(account, template="lt-0fffffffffffffff0")


def test_a_launch_template_is_named_once(account: EdgeAccount) -> None:
    template = {"LaunchTemplateId": account.template(), "LaunchTemplateName": "edge"}
    with Refusal("ValidationError", "either launchTemplateId or LaunchTemplateName"):
        create(account, template=template["LaunchTemplateId"], LaunchTemplate=template)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"ImageId": BOTTLEROCKET}, "2 snapshots"),
        ({"InstanceType": "c6gd.8xlarge"}, "The architecture 'arm64' of the specified instance type"),
        ({"IamInstanceProfile": {"Name": "nobody"}}, "Invalid IAM Instance Profile name"),
    ],
)
def test_the_launch_is_rehearsed(account: EdgeAccount, data: dict[str, Any], message: str) -> None:
    template = account.template(**data)
    with Refusal("ValidationError", "You must use a valid fully-formed launch template.", message):
        create(account, template=template)
    assert account.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_security_groups_beside_interfaces(account: EdgeAccount) -> None:
    template = account.template(SecurityGroupIds=[account.group])
    with Refusal(
        "ValidationError", "instance-level security groups may not be specified on the same request"
    ):
        create(account, template=template)


def test_subnets_inside_interfaces_are_not_modelled(account: EdgeAccount) -> None:
    subnet = account.subnet(lni=1)
    template = account.template(NetworkInterfaces=account.interfaces(subnet))
    with Refusal("NotModelledBySimulator", "name a subnet"):
        create(account, template=template, subnet=subnet)


def test_what_is_not_modelled_is_refused(account: EdgeAccount) -> None:
    with Refusal("NotModelledBySimulator", "CapacityRebalance"):
        create(account, CapacityRebalance=True)
    with Refusal("NotModelledBySimulator", "autoscaling.DescribePolicies"):
        account.autoscaling.describe_policies()


# -- no capacity


def test_a_refused_launch_is_a_failed_activity(account: EdgeAccount) -> None:
    create(account, subnet=account.subnet(outpost=FULL, lni=1))
    account.wait(20)
    (failed,) = activities(account)
    reason = (
        "We currently do not have sufficient c6id.8xlarge capacity in the Availability Zone you requested "
        "(us-west-2a). Launching EC2 instance failed."
    )
    assert (failed["StatusCode"], failed["StatusMessage"]) == ("Failed", reason)
    assert failed["Description"] == f"Launching a new EC2 instance.  Status Reason: {reason}"
    assert group(account)["Instances"] == []


def test_refused_launches_are_retried_without_making_time_pass(account: EdgeAccount) -> None:
    create(account, subnet=account.subnet(outpost=FULL, lni=1))
    account.wait(20)
    assert len(activities(account)) == 1
    assert account.cloud.clock.idle()
    account.wait(190)
    assert [activity["StatusCode"] for activity in activities(account)] == ["Failed"] * 4


def test_what_has_a_slot_starts_and_the_rest_waits_for_one(account: EdgeAccount) -> None:
    subnet = account.subnet(lni=1)
    other = account.run(subnet)["InstanceId"]
    create(account, desired=2, subnet=subnet)
    account.wait(900)
    assert lifecycles(account) == ["InService"]
    account.ec2.terminate_instances(InstanceIds=[other])
    account.wait(900)
    assert lifecycles(account) == ["InService", "InService"]


def test_activities_in_progress_come_first(account: EdgeAccount) -> None:
    create(account, desired=3)
    account.wait(100)
    assert [activity["StatusCode"] for activity in activities(account)] == [
        "InProgress",
        "InProgress",
        "Failed",
        "Failed",
    ]


# -- changing


def test_scaling_out_and_in(account: EdgeAccount) -> None:
    create(account)
    account.wait(900)
    (oldest,) = [instance["InstanceId"] for instance in group(account)["Instances"]]
    account.autoscaling.update_auto_scaling_group(AutoScalingGroupName="edge", DesiredCapacity=2)
    account.wait(900)
    assert lifecycles(account) == ["InService", "InService"]
    account.autoscaling.set_desired_capacity(AutoScalingGroupName="edge", DesiredCapacity=1)
    account.wait(20)
    assert lifecycles(account) == ["Terminating", "InService"]
    account.wait(600)
    assert lifecycles(account) == ["InService"]
    assert account.instance(oldest)["State"]["Name"] == "terminated"
    assert activities(account)[0]["Description"] == f"Terminating EC2 instance: {oldest}"
    assert activities(account)[0]["StatusCode"] == "Successful"


def test_an_update_changes_what_it_names(account: EdgeAccount) -> None:
    create(account, desired=0)
    template = account.template("second")
    account.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="edge",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
    )
    changed = group(account)
    assert (changed["MinSize"], changed["MaxSize"], changed["DesiredCapacity"]) == (1, 1, 1)
    # The answer tells the template's name as well.
    assert changed["LaunchTemplate"] == {
        "LaunchTemplateId": template,
        "LaunchTemplateName": "second",
        "Version": "1",
    }
    with Refusal("ValidationError", "AutoScalingGroup 'other' not found"):
        account.autoscaling.update_auto_scaling_group(AutoScalingGroupName="other", MinSize=1)


def test_desired_capacity_stays_within_the_bounds(account: EdgeAccount) -> None:
    create(account, desired=1, MinSize=1)
    for desired, message in ((5, "is above max value 4"), (0, "is below min value 1")):
        with Refusal(
            "ValidationError", f"New SetDesiredCapacity value {desired} {message} for the AutoScalingGroup."
        ):
            account.autoscaling.set_desired_capacity(AutoScalingGroupName="edge", DesiredCapacity=desired)


def test_a_terminated_instance_is_replaced(account: EdgeAccount) -> None:
    create(account)
    account.wait(900)
    (lost,) = [instance["InstanceId"] for instance in group(account)["Instances"]]
    account.ec2.terminate_instances(InstanceIds=[lost])
    account.wait(900)
    (fresh,) = group(account)["Instances"]
    assert fresh["LifecycleState"] == "InService"
    assert fresh["InstanceId"] != lost
    causes = [activity["Cause"] for activity in activities(account)]
    assert "an unhealthy instance needing to be replaced" in causes[0]
    assert "in response to an EC2 health check indicating it has been terminated or stopped." in causes[1]


def test_terminating_a_member(account: EdgeAccount) -> None:
    create(account)
    account.wait(900)
    (member,) = [instance["InstanceId"] for instance in group(account)["Instances"]]
    with Refusal("ValidationError", "No managed instance found for instance ID: i-0ffffffffffffffff"):
        account.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId="i-0ffffffffffffffff", ShouldDecrementDesiredCapacity=True
        )
    answer = account.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=member, ShouldDecrementDesiredCapacity=True
    )
    assert answer["Activity"]["StatusCode"] == "InProgress"
    account.wait(900)
    assert (group(account)["DesiredCapacity"], lifecycles(account)) == (0, [])
    assert account.instance(member)["State"]["Name"] == "terminated"


def test_the_minimum_holds_when_a_member_is_terminated(account: EdgeAccount) -> None:
    create(account, MinSize=1)
    account.wait(900)
    member = group(account)["Instances"][0]["InstanceId"]
    with Refusal("ValidationError", "Currently, desiredSize equals minSize (1)."):
        account.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=member, ShouldDecrementDesiredCapacity=True
        )


# -- deleting


def test_deleting_needs_an_empty_group_or_force(account: EdgeAccount) -> None:
    create(account)
    account.wait(900)
    with Refusal("ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances"):
        account.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="edge")
    account.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="edge", ForceDelete=True)
    assert group(account)["Status"] == "Delete in progress"
    account.wait(600)
    assert account.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    live = [{"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down"]}]
    assert account.ec2.describe_instances(Filters=live)["Reservations"] == []


def test_an_empty_group_goes_at_once(account: EdgeAccount) -> None:
    create(account, desired=0)
    account.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="edge")
    assert account.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


# -- finding


def test_filters_and_tags(account: EdgeAccount) -> None:
    tags = [{"Key": "cluster", "Value": "edge-1", "PropagateAtLaunch": True}]
    create(account, desired=0, Tags=tags)
    create(account, desired=0, AutoScalingGroupName="plain", template=account.template("plain"))

    def found(name: str, value: str) -> list[str]:
        filters = [{"Name": name, "Values": [value]}]
        groups = account.autoscaling.describe_auto_scaling_groups(Filters=filters)["AutoScalingGroups"]
        return [entry["AutoScalingGroupName"] for entry in groups]

    assert found("tag:cluster", "edge-1") == ["edge"]
    assert found("tag-key", "cluster") == ["edge"]
    assert found("tag-value", "other") == []
    more = {"ResourceId": "plain", "ResourceType": "auto-scaling-group", "Key": "cluster", "Value": "edge-2"}
    account.autoscaling.create_or_update_tags(Tags=[{**more, "PropagateAtLaunch": False}])
    assert found("tag:cluster", "edge-2") == ["plain"]
    listed = account.autoscaling.describe_tags(Filters=[{"Name": "key", "Values": ["cluster"]}])["Tags"]
    assert {(tag["ResourceId"], tag["Value"]) for tag in listed} == {("edge", "edge-1"), ("plain", "edge-2")}


def test_pages(account: EdgeAccount) -> None:
    create(account, desired=0)
    create(account, desired=0, AutoScalingGroupName="second", template=account.template("second"))
    paginator = account.autoscaling.get_paginator("describe_auto_scaling_groups")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 1}))
    assert [[g["AutoScalingGroupName"] for g in page["AutoScalingGroups"]] for page in pages] == [
        ["edge"],
        ["second"],
    ]


# -- the same seed, the same story (last: another account puts an end to the shared one)


def test_the_same_seed_gives_the_same_launch_times() -> None:
    def ends(seed: int) -> list[Any]:
        account = EdgeAccount(seed=seed)
        create(account, desired=2)
        account.wait(900)
        return [activity["EndTime"] for activity in activities(account)]

    assert ends(1) == ends(1) != ends(2)
