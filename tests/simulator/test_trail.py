"""Changing calls appear on the default bus as CloudTrail writes them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator import iam, trail
from simulator.call import Answer, AwsError, Call, Caller, NotModelled, Proceed, aws_service
from simulator.cloud import Cloud
from simulator.trail.management import endpoint_prefix, is_read_only, is_recorded
from simulator.trail.record import api_call_event, error_code, record
from simulator.wire import SERVICES

START = datetime(2026, 11, 23, 6, 0, 0, tzinfo=UTC)
ROLE = Caller(
    "arn:aws:sts::123456789012:assumed-role/step/run-1", "arn:aws:iam::123456789012:role/service-role/step"
)
OUTPOST = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0a1b2c3d4e5f60001"
TAGS = [{"Key": "eks-outposts-servers:cluster", "Value": "edge-1"}]
CREATE = Call(
    "ec2",
    "CreateSubnet",
    {
        "VpcId": "vpc-1",
        "CidrBlock": "10.0.1.0/24",
        "OutpostArn": OUTPOST,
        "TagSpecifications": [{"ResourceType": "subnet", "Tags": TAGS}],
    },
    caller=ROLE,
    user_agent="Boto3",
)
SUBNET = {"Subnet": {"SubnetId": "subnet-1", "OutpostArn": OUTPOST, "State": "pending", "Tags": TAGS}}


def made(call: Call, outcome: Answer | AwsError) -> dict[str, Any]:
    return record(call, outcome, START, "event-1", "AROA1")


def test_the_record_of_create_subnet() -> None:
    tag = {"key": "eks-outposts-servers:cluster", "value": "edge-1"}
    assert made(CREATE, SUBNET) == {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROA1:run-1",
            "arn": ROLE.arn,
            "accountId": "123456789012",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROA1",
                    "arn": ROLE.role_arn,
                    "accountId": "123456789012",
                    "userName": "step",
                },
                "attributes": {"mfaAuthenticated": "false"},
            },
        },
        "eventTime": "2026-11-23T06:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "CreateSubnet",
        "awsRegion": "us-west-2",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "Boto3",
        "requestParameters": {
            "vpcId": "vpc-1",
            "cidrBlock": "10.0.1.0/24",
            "outpostArn": OUTPOST,
            "tagSpecificationSet": {"items": [{"resourceType": "subnet", "tags": [tag]}]},
        },
        "responseElements": {
            "requestId": CREATE.request_id,
            "subnet": {
                "subnetId": "subnet-1",
                "outpostArn": OUTPOST,
                "state": "pending",
                "tagSet": {"items": [tag]},
            },
        },
        "requestID": CREATE.request_id,
        "eventID": "event-1",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "123456789012",
        "eventCategory": "Management",
    }


def test_the_event_around_it() -> None:
    event = api_call_event(made(CREATE, SUBNET), "event-1")
    assert event.pop("detail")["eventName"] == "CreateSubnet"
    assert event == {
        "version": "0",
        "id": "event-1",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2",
        "account": "123456789012",
        "time": "2026-11-23T06:00:00Z",
        "region": "us-west-2",
        "resources": [],
    }


def test_a_refusal_has_its_error_and_no_answer() -> None:
    detail = made(CREATE, AwsError("InvalidSubnet.Conflict", "The CIDR conflicts"))
    assert (detail["errorCode"], detail["errorMessage"]) == (
        "Client.InvalidSubnet.Conflict",
        "The CIDR conflicts",
    )
    assert detail["responseElements"] is None
    assert "errorCode" not in made(CREATE, SUBNET)
    assert (
        error_code(CREATE, AwsError("InsufficientInstanceCapacity", "", 500))
        == "Server.InsufficientInstanceCapacity"
    )
    assert (
        error_code(Call("eks", "CreateCluster", {}), AwsError("ResourceInUseException", ""))
        == "ResourceInUseException"
    )


def test_modify_subnet_attribute_as_the_rule_expects_it() -> None:
    enable = Call("ec2", "ModifySubnetAttribute", {"SubnetId": "subnet-1", "EnableLniAtDeviceIndex": 1})
    disable = Call(
        "ec2", "ModifySubnetAttribute", {"SubnetId": "subnet-1", "DisableLniAtDeviceIndex": {"Value": True}}
    )
    assert made(enable, {})["requestParameters"] == {"subnetId": "subnet-1", "enableLniAtDeviceIndex": 1}
    assert made(disable, {})["requestParameters"]["disableLniAtDeviceIndex"] == {"value": True}
    assert made(enable, {})["responseElements"] == {"requestId": enable.request_id, "_return": True}


def test_other_services_keep_the_keys_of_maps() -> None:
    params = {"name": "edge-1", "tags": {"Name": "x"}, "resourcesVpcConfig": {"subnetIds": ["subnet-1"]}}
    detail = made(Call("eks", "CreateCluster", params), {"cluster": {"name": "edge-1", "createdAt": START}})
    assert detail["requestParameters"] == params
    assert detail["responseElements"] == {"cluster": {"name": "edge-1", "createdAt": "2026-11-23T06:00:00Z"}}
    group = {"AutoScalingGroupName": "edge-1", "MinSize": 1, "VPCZoneIdentifier": "subnet-1"}
    spelt = made(Call("autoscaling", "CreateAutoScalingGroup", group), {})["requestParameters"]
    assert spelt == {"autoScalingGroupName": "edge-1", "minSize": 1, "vPCZoneIdentifier": "subnet-1"}


def test_user_data_and_code_are_not_recorded() -> None:
    data = {
        "LaunchTemplateName": "edge-1",
        "LaunchTemplateData": {"UserData": "c2VjcmV0", "ImageId": "ami-1"},
    }
    call = Call("ec2", "CreateLaunchTemplate", data)
    assert made(call, {})["requestParameters"]["CreateLaunchTemplateRequest"]["LaunchTemplateData"] == {
        "UserData": "<sensitiveDataRemoved>",
        "ImageId": "ami-1",
    }
    code = Call("lambda", "UpdateFunctionCode", {"FunctionName": "step", "ZipFile": b"zip"})
    detail = made(code, {"FunctionName": "step"})
    assert detail["requestParameters"] == {"functionName": "step"}
    assert detail["eventName"] == "UpdateFunctionCode20150331v2"


def test_a_service_s_own_call_says_who_invoked_it() -> None:
    detail = made(Call("ec2", "RunInstances", {"MinCount": 1}, aws_service("autoscaling.amazonaws.com")), {})
    assert detail["userIdentity"] == {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}
    assert detail["sourceIPAddress"] == detail["userAgent"] == "autoscaling.amazonaws.com"


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        ("ec2.CreateSubnet", True),
        ("ec2.DescribeSubnets", False),
        ("stepfunctions.StartExecution", True),
        ("s3.PutObject", False),
        ("s3.CreateBucket", True),
        ("sqs.SendMessage", False),
        ("iam.CreateRole", False),
        ("sts.AssumeRole", False),
        ("eks.ListAddons", False),
    ],
)
def test_what_is_recorded(name: str, recorded: bool) -> None:
    service, _, operation = name.partition(".")
    assert is_recorded(Call(service, operation, {})) is recorded


def test_reading_and_changing_are_told_apart() -> None:
    assert is_read_only(Call("sts", "AssumeRole", {}))
    assert not is_read_only(Call("iam", "CreateRole", {}))


def test_names_of_services_are_the_endpoints() -> None:
    from moto.core.utils import get_service_model

    for service in SERVICES:
        assert endpoint_prefix(service) == get_service_model(service).endpoint_prefix


@pytest.fixture(scope="module")
def whole() -> Cloud:
    cloud = Cloud(seed=3, start=START)
    cloud.wrap(trail.layer(cloud))
    cloud.wrap(iam.layer(cloud))
    cloud.install(iam.operations(cloud))
    cloud.install(trail.operations(cloud))
    cloud.client("s3").create_bucket(
        Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    cloud.client("cloudtrail").create_trail(Name="all", S3BucketName="trail")
    return cloud


@pytest.fixture
def cloud(whole: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A cloud whose trail is logging and whose bus writes down what arrives."""
    arrived: list[tuple[float, dict[str, Any]]] = []
    began = whole.clock.time()
    monkeypatch.setattr(
        whole.events, "deliver", lambda event: arrived.append((whole.clock.time() - began, event))
    )
    monkeypatch.setattr(whole, "arrived", arrived, raising=False)
    whole.client("cloudtrail").start_logging(Name="all")
    whole.clock.sleep(300)
    arrived.clear()
    began = whole.clock.time()
    yield whole
    whole.client("cloudtrail").stop_logging(Name="all")


def later(cloud: Cloud) -> list[tuple[float, dict[str, Any]]]:
    cloud.clock.sleep(300)
    return cloud.arrived  # type: ignore[attr-defined,no-any-return]


def test_a_call_arrives_about_a_minute_later(cloud: Cloud) -> None:
    vpc = cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    cloud.client("ec2").describe_vpcs()
    [(delay, event)] = later(cloud)
    assert 20 < delay < 120
    assert event["detail"]["responseElements"]["vpc"]["vpcId"] == vpc
    assert event["detail"]["userIdentity"]["type"] == "IAMUser"


def test_what_iam_refuses_is_recorded(cloud: Cloud) -> None:
    trust = json.dumps({"Statement": []})
    role = cloud.client("iam").create_role(RoleName="nobody", AssumeRolePolicyDocument=trust)["Role"]
    caller = cloud.sessions.caller_of(cloud.sessions.issue(role["Arn"], "run").access_key_id)
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        cloud.call("ec2", "CreateSubnet", caller, VpcId="vpc-1", CidrBlock="10.0.1.0/24")
    [(_, event)] = later(cloud)
    assert event["detail"]["errorCode"] == "Client.UnauthorizedOperation"
    assert event["detail"]["userIdentity"]["principalId"] == f"{role['RoleId']}:run"


def test_what_the_simulator_refuses_never_happened(cloud: Cloud) -> None:
    def refuse(call: Call, proceed: Proceed) -> Answer:
        raise NotModelled("this")

    cloud.install({"ec2.CreateIpam": refuse})
    with pytest.raises(NotModelled):
        cloud.call("ec2", "CreateIpam")
    assert later(cloud) == []


def test_nothing_arrives_without_a_trail_that_logs_writes(cloud: Cloud) -> None:
    client, ec2 = cloud.client("cloudtrail"), cloud.client("ec2")
    only_reads = {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}
    client.put_event_selectors(TrailName="all", EventSelectors=[only_reads])
    ec2.create_vpc(CidrBlock="10.1.0.0/16")
    assert later(cloud) == []
    client.put_event_selectors(TrailName="all", EventSelectors=[only_reads | {"ReadWriteType": "All"}])
    later(cloud).clear()
    client.stop_logging(Name="all")
    ec2.create_vpc(CidrBlock="10.2.0.0/16")
    assert later(cloud) == []


def test_advanced_event_selectors_are_refused(cloud: Cloud) -> None:
    with pytest.raises(NotModelled):
        cloud.call("cloudtrail", "PutEventSelectors", TrailName="all", AdvancedEventSelectors=[])
