"""Instances, interfaces, images and launch templates on Outposts servers."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.ec2.lni import lni_of
from tests.simulator.edge_account import (
    ARM_IMAGE,
    BOTTLEROCKET,
    FULL,
    IMAGE,
    RACK,
    SERVER,
    SMALL_SERVER,
    EdgeAccount,
    Refusal,
    arn,
)


@pytest.fixture(scope="module")
def shared() -> EdgeAccount:
    return EdgeAccount()


@pytest.fixture
def account(shared: EdgeAccount) -> Iterator[EdgeAccount]:
    yield shared
    shared.clear()


def interfaces_of(account: EdgeAccount, **filters: str) -> list[dict[str, Any]]:
    given = [
        {"Name": name.replace("__", ".").replace("_", "-"), "Values": [v]} for name, v in filters.items()
    ]
    found: list[dict[str, Any]] = account.ec2.describe_network_interfaces(Filters=given)["NetworkInterfaces"]
    return found


# -- images and types


def test_images_of_the_world_and_no_others(account: EdgeAccount) -> None:
    images = {image["ImageId"]: image for image in account.ec2.describe_images()["Images"]}
    assert {IMAGE, ARM_IMAGE, BOTTLEROCKET} < set(images)
    assert len(images) == 8
    assert len(images[IMAGE]["BlockDeviceMappings"]) == 1
    assert images[IMAGE]["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 20
    assert len(images[BOTTLEROCKET]["BlockDeviceMappings"]) == 2
    assert {image["RootDeviceType"] for image in images.values()} == {"ebs"}


def test_images_by_owner_and_filter(account: EdgeAccount) -> None:
    own = account.ec2.describe_images(Owners=["self"])["Images"]
    assert [image["Name"] for image in own] == ["site-node-x86_64-2026-10"]
    named = [{"Name": "name", "Values": ["*-1.36-*"]}, {"Name": "architecture", "Values": ["arm64"]}]
    (image,) = account.ec2.describe_images(Owners=["amazon"], Filters=named)["Images"]
    assert image["Architecture"] == "arm64"


def test_unknown_images(account: EdgeAccount) -> None:
    with Refusal("InvalidAMIID.NotFound", "The image id '[ami-0fffffffffffffff0]' does not exist"):
        account.ec2.describe_images(ImageIds=["ami-0fffffffffffffff0"])
    with Refusal("InvalidAMIID.Malformed"):
        account.ec2.describe_images(ImageIds=["ami-x"])


def test_instance_types_tell_their_architecture(account: EdgeAccount) -> None:
    answer = account.ec2.describe_instance_types(InstanceTypes=["c6id.8xlarge", "c6gd.8xlarge"])
    types = {entry["InstanceType"]: entry for entry in answer["InstanceTypes"]}
    assert types["c6id.8xlarge"]["ProcessorInfo"]["SupportedArchitectures"] == ["x86_64"]
    assert types["c6gd.8xlarge"]["ProcessorInfo"]["SupportedArchitectures"] == ["arm64"]
    assert types["c6gd.8xlarge"]["VCpuInfo"]["DefaultVCpus"] == 32


# -- launching


def test_an_instance_is_pending_first_and_runs_minutes_later(account: EdgeAccount) -> None:
    subnet = account.subnet(lni=1)
    launched = account.run(subnet)
    assert launched["State"]["Name"] == "pending"
    assert launched["OutpostArn"] == arn(SERVER)
    account.wait(30)
    assert account.instance(launched["InstanceId"])["State"]["Name"] == "pending"
    account.wait(900)
    instance = account.instance(launched["InstanceId"])
    assert instance["State"]["Name"] == "running"
    assert instance["Architecture"] == "x86_64"
    assert instance["SecurityGroups"][0]["GroupId"] == account.group
    # No EBS volumes on a server.
    assert instance["BlockDeviceMappings"] == []
    assert account.ec2.describe_volumes()["Volumes"] == []


def test_state_changes_are_events(account: EdgeAccount) -> None:
    instance_id = account.run(account.subnet())["InstanceId"]
    account.wait(900)
    account.ec2.terminate_instances(InstanceIds=[instance_id])
    account.wait(600)
    states = [detail["state"] for _, _, detail, _ in account.events.emitted]
    assert states == ["pending", "running", "shutting-down", "terminated"]
    assert account.events.emitted[0] == (
        "aws.ec2",
        "EC2 Instance State-change Notification",
        {"instance-id": instance_id, "state": "pending"},
        [f"arn:aws:ec2:us-west-2:123456789012:instance/{instance_id}"],
    )


def test_filter_by_outpost_and_tag(account: EdgeAccount) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "cluster", "Value": "edge-1"}]}]
    instance_id = account.run(account.subnet(), TagSpecifications=tags)["InstanceId"]
    for name, value, count in (
        ("outpost-arn", arn(SERVER), 1),
        ("outpost-arn", arn(FULL), 0),
        ("tag:cluster", "edge-1", 1),
    ):
        live = {"Name": "instance-state-name", "Values": ["pending"]}
        found = account.ec2.describe_instances(Filters=[{"Name": name, "Values": [value]}, live])[
            "Reservations"
        ]
        assert [i["InstanceId"] for r in found for i in r["Instances"]] == [instance_id] * count


def test_two_snapshots_are_refused(account: EdgeAccount) -> None:
    with Refusal("Unsupported", "2 snapshots"):
        account.run(account.subnet(), ImageId=BOTTLEROCKET)


@pytest.mark.parametrize(
    "mapping",
    [
        {"DeviceName": "/dev/xvdb", "Ebs": {"VolumeSize": 10}},
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp3"}},
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50}},
    ],
)
def test_volumes_are_refused(account: EdgeAccount, mapping: dict[str, Any]) -> None:
    with Refusal("Unsupported", "no EBS volumes"):
        account.run(account.subnet(), BlockDeviceMappings=[mapping])


def test_an_image_of_another_architecture_is_refused(account: EdgeAccount) -> None:
    with Refusal(
        "InvalidParameterValue", "The architecture 'x86_64' of the specified instance type", "'arm64'"
    ):
        account.run(account.subnet(), ImageId=ARM_IMAGE)


def test_a_type_that_is_supported_but_not_configured_is_refused(account: EdgeAccount) -> None:
    with Refusal("Unsupported", "c6id.2xlarge is not configured"):
        account.run(account.subnet(), InstanceType="c6id.2xlarge")


def test_a_type_that_does_not_exist(account: EdgeAccount) -> None:
    with Refusal("InvalidParameterValue", "Invalid value 'c6id.huge' for InstanceType."):
        account.run(account.subnet(), InstanceType="c6id.huge")


def test_an_image_that_does_not_exist(account: EdgeAccount) -> None:
    with Refusal("InvalidAMIID.NotFound"):
        account.run(account.subnet(), ImageId="ami-0fffffffffffffff0")


def test_racks_are_not_modelled(account: EdgeAccount) -> None:
    with Refusal("NotModelledBySimulator", "rack"):
        account.run(account.subnet(outpost=RACK))


def test_what_is_not_modelled_is_refused(account: EdgeAccount) -> None:
    with Refusal("NotModelledBySimulator", "InstanceMarketOptions"):
        account.run(account.subnet(), InstanceMarketOptions={"MarketType": "spot"})


def test_a_pending_subnet_takes_no_instance(account: EdgeAccount) -> None:
    subnet_id = account.new_subnet()["SubnetId"]
    with Refusal("IncorrectState", subnet_id):
        account.run(subnet_id)
    account.wait(60)


def test_the_region_is_motos(account: EdgeAccount) -> None:
    user_data = "#!/bin/sh"
    launched = account.run(
        account.region_subnet(), InstanceType="m5.large", NetworkInterfaces=None, SubnetId=account.region_subnet(),
        UserData=user_data,
    )  # fmt: skip
    instance = account.instance(launched["InstanceId"])
    assert "OutpostArn" not in instance
    assert instance["State"]["Name"] == "running"
    attribute = account.ec2.describe_instance_attribute(
        InstanceId=launched["InstanceId"], Attribute="userData"
    )
    assert base64.b64decode(attribute["UserData"]["Value"]).decode() == user_data
    account.ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
    assert account.instance(launched["InstanceId"])["State"]["Name"] == "terminated"


def test_dry_run_checks_and_launches_nothing(account: EdgeAccount) -> None:
    subnet = account.subnet()
    with Refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set."):
        account.run(subnet, DryRun=True)
    with Refusal("Unsupported"):
        account.run(subnet, DryRun=True, ImageId=BOTTLEROCKET)
    assert interfaces_of(account, subnet_id=subnet) == []


# -- capacity


def test_slots_are_finite_and_freed_when_terminated(account: EdgeAccount) -> None:
    subnet = account.subnet()
    first = account.run(subnet)["InstanceId"]
    account.run(subnet)
    with Refusal("InsufficientInstanceCapacity", "We currently do not have sufficient c6id.8xlarge capacity"):
        account.run(subnet)
    account.run(subnet, InstanceType="c6id.4xlarge")  # another type has its own slots
    account.ec2.terminate_instances(InstanceIds=[first])
    with Refusal("InsufficientInstanceCapacity"):
        account.run(subnet)
    account.wait(600)
    account.run(subnet)


def test_as_many_as_there_are_slots_but_the_minimum(account: EdgeAccount) -> None:
    subnet = account.subnet()
    with Refusal("InsufficientInstanceCapacity"):
        account.run(subnet, MinCount=3, MaxCount=3)
    both = account.ec2.run_instances(
        ImageId=IMAGE,
        InstanceType="c6id.8xlarge",
        MinCount=1,
        MaxCount=5,
        NetworkInterfaces=account.interfaces(subnet),
    )["Instances"]
    assert len(both) == 2
    assert len({instance["PrivateIpAddress"] for instance in both}) == 2


def test_a_full_server_takes_nothing(account: EdgeAccount) -> None:
    with Refusal("InsufficientInstanceCapacity"):
        account.run(account.subnet(outpost=FULL))


def test_the_arm_server_runs_arm_images(account: EdgeAccount) -> None:
    subnet = account.subnet(outpost=SMALL_SERVER, zone="us-west-2b")
    launched = account.run(subnet, ImageId=ARM_IMAGE, InstanceType="c6gd.8xlarge")
    assert launched["Architecture"] == "arm64"
    assert launched["Placement"]["AvailabilityZone"] == "us-west-2b"


# -- interfaces


def test_two_interfaces_in_one_subnet(account: EdgeAccount) -> None:
    subnet = account.subnet(lni=1)
    tags = [
        {
            "ResourceType": "network-interface",
            "Tags": [{"Key": "node.k8s.amazonaws.com/no_manage", "Value": "true"}],
        }
    ]
    instance_id = account.run(subnet, TagSpecifications=tags)["InstanceId"]
    (second,) = interfaces_of(account, attachment__instance_id=instance_id, attachment__device_index="1")
    assert second["Attachment"]["DeleteOnTermination"] is True
    assert second["TagSet"] == [{"Key": "node.k8s.amazonaws.com/no_manage", "Value": "true"}]
    assert second["OutpostArn"] == arn(SERVER)
    assert second["Status"] == "in-use"
    assert second["MacAddress"]
    both = interfaces_of(account, subnet_id=subnet)
    assert sorted(interface["PrivateIpAddress"].rpartition(".")[2] for interface in both) == ["4", "5"]
    tag_filter = [{"Name": "tag:node.k8s.amazonaws.com/no_manage", "Values": ["true"]}]
    tagged = account.ec2.describe_network_interfaces(Filters=tag_filter)["NetworkInterfaces"]
    assert len(tagged) == 2


def test_an_interface_at_the_subnets_index_is_an_lni(account: EdgeAccount) -> None:
    instance_id = account.run(account.subnet(lni=1))["InstanceId"]
    (second,) = interfaces_of(account, attachment__instance_id=instance_id, attachment__device_index="1")
    assert lni_of(account.cloud, instance_id) == second["NetworkInterfaceId"]


def test_an_interface_at_another_index_is_none(account: EdgeAccount) -> None:
    instance_id = account.run(account.subnet(lni=2))["InstanceId"]
    assert lni_of(account.cloud, instance_id) is None


def test_enabling_after_the_launch_makes_no_lni(account: EdgeAccount) -> None:
    subnet = account.subnet()
    instance_id = account.run(subnet)["InstanceId"]
    account.ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=1)
    account.wait(900)
    assert lni_of(account.cloud, instance_id) is None


def test_an_interface_attached_later_at_the_index_is_an_lni(account: EdgeAccount) -> None:
    # Whatever it was meant for: the VPC CNI's own interface too (facts.md section 1, row 2).
    subnet = account.subnet(lni=1)
    instance_id = account.run(subnet, NetworkInterfaces=account.interfaces(subnet, (0,)))["InstanceId"]
    assert lni_of(account.cloud, instance_id) is None
    made = account.ec2.create_network_interface(SubnetId=subnet, Groups=[account.group])["NetworkInterface"]
    attached = account.ec2.attach_network_interface(
        NetworkInterfaceId=made["NetworkInterfaceId"], InstanceId=instance_id, DeviceIndex=1
    )
    assert lni_of(account.cloud, instance_id) == made["NetworkInterfaceId"]
    with Refusal("InvalidParameterValue", "already has an interface attached at device index '1'"):
        account.ec2.attach_network_interface(
            NetworkInterfaceId=made["NetworkInterfaceId"], InstanceId=instance_id, DeviceIndex=1
        )
    with Refusal("InvalidParameterValue", "is currently in use."):
        account.ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    change = {"AttachmentId": attached["AttachmentId"], "DeleteOnTermination": True}
    account.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=made["NetworkInterfaceId"], Attachment=change
    )
    (described,) = interfaces_of(account, network_interface_id=made["NetworkInterfaceId"])
    assert described["Attachment"]["DeleteOnTermination"] is True
    account.ec2.detach_network_interface(AttachmentId=attached["AttachmentId"])
    assert lni_of(account.cloud, instance_id) is None


def test_interfaces_without_delete_on_termination_stay_behind(account: EdgeAccount) -> None:
    subnet = account.subnet(lni=1)
    first, second = account.interfaces(subnet)
    del second["DeleteOnTermination"]
    instance_id = account.run(subnet, NetworkInterfaces=[first, second])["InstanceId"]
    leak = lni_of(account.cloud, instance_id)
    account.ec2.terminate_instances(InstanceIds=[instance_id])
    account.wait(600)
    (left,) = interfaces_of(account, subnet_id=subnet)
    assert (left["NetworkInterfaceId"], left["Status"]) == (leak, "available")
    assert "Attachment" not in left
    terminated = account.instance(instance_id)
    assert (terminated["State"]["Name"], terminated["NetworkInterfaces"]) == ("terminated", [])
    account.ec2.delete_network_interface(NetworkInterfaceId=leak)
    account.ec2.delete_subnet(SubnetId=subnet)
    assert account.instance(instance_id)["State"]["Name"] == "terminated"


def test_ec2s_own_primary_interface_goes_with_the_instance(account: EdgeAccount) -> None:
    subnet = account.subnet()
    one = account.run(subnet, NetworkInterfaces=None, SubnetId=subnet, SecurityGroupIds=[account.group])
    (primary,) = interfaces_of(account, subnet_id=subnet)
    assert primary["Attachment"]["DeleteOnTermination"] is True
    assert [group["GroupId"] for group in primary["Groups"]] == [account.group]
    account.ec2.terminate_instances(InstanceIds=[one["InstanceId"]])
    account.wait(600)
    assert interfaces_of(account, subnet_id=subnet) == []


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        ({"SubnetId": "subnet"}, "instance-level subnet ID may not be specified on the same request"),
        (
            {"SecurityGroupIds": "group"},
            "instance-level security groups may not be specified on the same request",
        ),
    ],
)
def test_nothing_beside_interfaces(account: EdgeAccount, beside: dict[str, str], message: str) -> None:
    subnet = account.subnet()
    params: dict[str, Any] = (
        {"SubnetId": subnet} if "SubnetId" in beside else {"SecurityGroupIds": [account.group]}
    )
    with Refusal("InvalidParameterCombination", message):
        account.run(subnet, **params)


def test_device_indexes_are_unique(account: EdgeAccount) -> None:
    subnet = account.subnet()
    with Refusal("InvalidParameterValue", "unique device index"):
        account.run(subnet, NetworkInterfaces=account.interfaces(subnet, (0, 1, 1)))
    with Refusal("InvalidParameterValue", "device index 0"):
        account.run(subnet, NetworkInterfaces=account.interfaces(subnet, (1, 2)))


def test_no_more_interfaces_than_the_type_has(account: EdgeAccount) -> None:
    subnet = account.subnet()
    with Refusal("AttachmentLimitExceeded", "Interface count 9 exceeds the limit for c6id.8xlarge"):
        account.run(subnet, NetworkInterfaces=account.interfaces(subnet, tuple(range(9))))


def test_interfaces_are_on_one_outpost(account: EdgeAccount) -> None:
    here, there = account.subnet(), account.subnet(outpost=FULL)
    mixed = [*account.interfaces(here, (0,)), *account.interfaces(there, (1,))]
    with Refusal("InvalidParameterCombination", there):
        account.run(here, NetworkInterfaces=mixed)


def test_security_groups_exist(account: EdgeAccount) -> None:
    subnet = account.subnet()
    missing = [{**account.interfaces(subnet)[0], "Groups": ["sg-0fffffffffffffff0"]}]
    with Refusal("InvalidGroup.NotFound", "The security group 'sg-0fffffffffffffff0' does not exist"):
        account.run(subnet, NetworkInterfaces=missing)


def test_instance_profiles_exist(account: EdgeAccount) -> None:
    subnet = account.subnet()
    with Refusal("InvalidParameterValue", "Value (nobody) for parameter iamInstanceProfile.name is invalid."):
        account.run(subnet, IamInstanceProfile={"Name": "nobody"})
    with Refusal("InvalidParameterValue", "parameter iamInstanceProfile.arn is invalid."):
        account.run(subnet, IamInstanceProfile={"Arn": account.profile_arn + "x"})
    instance_id = account.run(subnet, IamInstanceProfile={"Arn": account.profile_arn})["InstanceId"]
    assert account.instance(instance_id)["IamInstanceProfile"]["Arn"] == account.profile_arn


# -- terminating


def test_terminating_takes_a_while_and_may_be_repeated(account: EdgeAccount) -> None:
    instance_id = account.run(account.subnet())["InstanceId"]
    (change,) = account.ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("pending", "shutting-down")
    (again,) = account.ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert again["PreviousState"]["Name"] == "shutting-down"
    account.wait(900)
    assert account.instance(instance_id)["State"]["Name"] == "terminated"


def test_terminating_an_unknown_instance(account: EdgeAccount) -> None:
    with Refusal("InvalidInstanceID.NotFound"):
        account.ec2.terminate_instances(InstanceIds=["i-0ffffffffffffffff"])


def test_stopping_is_not_modelled(account: EdgeAccount) -> None:
    instance_id = account.run(account.subnet())["InstanceId"]
    with Refusal("NotModelledBySimulator", "ec2.StopInstances"):
        account.ec2.stop_instances(InstanceIds=[instance_id])


# -- client tokens


def test_the_same_token_launches_once(account: EdgeAccount) -> None:
    subnet = account.subnet()
    first = account.run(subnet, ClientToken="one")
    assert account.run(subnet, ClientToken="one")["InstanceId"] == first["InstanceId"]
    with Refusal("IdempotentParameterMismatch"):
        account.run(subnet, ClientToken="one", InstanceType="c6id.4xlarge")


def test_a_refused_launch_does_not_use_up_its_token(account: EdgeAccount) -> None:
    subnet = account.subnet()
    with Refusal("Unsupported"):
        account.run(subnet, ClientToken="two", ImageId=BOTTLEROCKET)
    assert account.run(subnet, ClientToken="two")["State"]["Name"] == "pending"


# -- launch templates


def test_launch_template_data_is_kept_exactly(account: EdgeAccount) -> None:
    data = {
        "ImageId": IMAGE,
        "InstanceType": "c6id.8xlarge",
        "IamInstanceProfile": {"Arn": account.profile_arn},
        "UserData": base64.b64encode(b"MIME-Version: 1.0").decode(),
        "NetworkInterfaces": account.interfaces(),
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "1"}]},
            {"ResourceType": "network-interface", "Tags": [{"Key": "b", "Value": "true"}]},
        ],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
    }
    own = [{"ResourceType": "launch-template", "Tags": [{"Key": "c", "Value": "2"}]}]
    account.ec2.create_launch_template(
        LaunchTemplateName="exact", LaunchTemplateData=data, TagSpecifications=own
    )
    account.ec2.create_launch_template_version(LaunchTemplateName="exact", LaunchTemplateData=data)
    versions = account.ec2.describe_launch_template_versions(
        LaunchTemplateName="exact", Versions=["1", "$Latest"]
    )
    assert [version["LaunchTemplateData"] for version in versions["LaunchTemplateVersions"]] == [data, data]
    tagged = account.ec2.describe_launch_templates(Filters=[{"Name": "tag:c", "Values": ["2"]}])[
        "LaunchTemplates"
    ]
    assert [template["LaunchTemplateName"] for template in tagged] == ["exact"]
    assert tagged[0]["Tags"] == [{"Key": "c", "Value": "2"}]


def test_a_launch_from_a_template(account: EdgeAccount) -> None:
    subnet = account.subnet(lni=1)
    user_data = base64.b64encode(b"#!/bin/sh").decode()
    template_id = account.template(
        "launched",
        NetworkInterfaces=account.interfaces(subnet),
        UserData=user_data,
        MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}]},
            {"ResourceType": "network-interface", "Tags": [{"Key": "n", "Value": "1"}]},
        ],
    )
    launched = account.ec2.run_instances(
        LaunchTemplate={"LaunchTemplateId": template_id, "Version": "1"},
        InstanceType="c6id.4xlarge",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "b", "Value": "2"}]}],
    )["Instances"][0]
    instance = account.instance(launched["InstanceId"])
    assert instance["InstanceType"] == "c6id.4xlarge"
    assert instance["ImageId"] == IMAGE
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    assert {tag["Key"]: tag["Value"] for tag in instance["Tags"]} == {
        "a": "1",
        "b": "2",
        "aws:ec2launchtemplate:id": template_id,
        "aws:ec2launchtemplate:version": "1",
    }
    attribute = account.ec2.describe_instance_attribute(
        InstanceId=launched["InstanceId"], Attribute="userData"
    )
    assert attribute["UserData"]["Value"] == user_data
    tags = [interface["TagSet"] for interface in interfaces_of(account, subnet_id=subnet)]
    assert tags == [[{"Key": "n", "Value": "1"}]] * 2


def test_launch_templates_that_do_not_exist(account: EdgeAccount) -> None:
    with Refusal("InvalidLaunchTemplateId.NotFound"):
        account.ec2.describe_launch_templates(LaunchTemplateIds=["lt-0fffffffffffffff0"])
    with Refusal("InvalidLaunchTemplateName.NotFoundException"):
        account.ec2.describe_launch_templates(LaunchTemplateNames=["nothing"])
    with Refusal("InvalidLaunchTemplateName.NotFoundException"):
        account.ec2.delete_launch_template(LaunchTemplateName="nothing")


def test_a_launch_template_name_is_taken_once_but_a_token_repeats(account: EdgeAccount) -> None:
    params = {"LaunchTemplateName": "taken", "LaunchTemplateData": {"ImageId": IMAGE}}
    first, again = (
        account.ec2.create_launch_template(**params, ClientToken="a")["LaunchTemplate"] for _ in range(2)
    )
    assert first == again
    with Refusal("InvalidLaunchTemplateName.AlreadyExistsException"):
        account.ec2.create_launch_template(**params, ClientToken="b")
    with Refusal("IdempotentParameterMismatch"):
        account.ec2.create_launch_template(
            **{**params, "LaunchTemplateData": {"ImageId": ARM_IMAGE}}, ClientToken="a"
        )
    account.ec2.delete_launch_template(LaunchTemplateName="taken")
    with Refusal("InvalidLaunchTemplateName.NotFoundException"):
        account.ec2.describe_launch_templates(LaunchTemplateNames=["taken"])
