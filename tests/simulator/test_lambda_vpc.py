"""Functions in a VPC: what Lambda demands of them, and what they reach."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.call import Answer, Call, Proceed
from simulator.cloud import Cloud
from tests.simulator.lambda_cloud import create, lambda_cloud, reachable

SOURCE = "def handler(event, context): return 1"
ASKS = """
import boto3
def handler(event, context):
    return boto3.client("sqs").list_queues().get("QueueUrls", [])
"""
NEEDED = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]


class Network:
    """A VPC with one subnet without a way out, and a security group that lets everything out."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.ec2 = cloud, cloud.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.inside = self.subnet("10.0.1.0/24")
        self.group = self.new_group("functions", self.vpc)
        self.allow(*NEEDED)

    @property
    def config(self) -> dict[str, list[str]]:
        return {"SubnetIds": [self.inside], "SecurityGroupIds": [self.group]}

    def subnet(self, cidr: str) -> str:
        return str(self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr)["Subnet"]["SubnetId"])

    def new_group(self, name: str, vpc: str) -> str:
        return str(self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])

    def allow(self, *actions: str) -> None:
        """The functions' role may do these, and no more."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self.cloud.client("iam").put_role_policy(
            RoleName="function", PolicyName="vpc", PolicyDocument=json.dumps(document)
        )

    def open_way_out(self) -> None:
        """A NAT gateway in a subnet that an internet gateway is for."""
        public = self.subnet("10.0.9.0/24")
        internet = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=self.vpc)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
        for subnet, target in ((public, {"GatewayId": internet}), (self.inside, {"NatGatewayId": nat})):
            table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud, reachable(cloud):
        yield cloud


@pytest.fixture
def network(cloud: Cloud) -> Network:
    return Network(cloud)


def refusal(cloud: Cloud, config: dict[str, Any]) -> str:
    with pytest.raises(ClientError) as refused:
        create(cloud, SOURCE, VpcConfig=config)
    error = refused.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_a_function_moves_into_the_vpc_and_out_of_it(cloud: Cloud, network: Network) -> None:
    made = create(cloud, SOURCE, VpcConfig=network.config)
    assert made["VpcConfig"] == {**network.config, "VpcId": network.vpc}
    client = cloud.client("lambda")
    nowhere: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}
    assert (
        client.update_function_configuration(FunctionName="f", VpcConfig=nowhere)["VpcConfig"]["VpcId"] == ""
    )
    client.delete_function(FunctionName="f")


def test_the_role_must_be_allowed_lambda_s_interfaces(cloud: Cloud, network: Network) -> None:
    for left_out in NEEDED:
        network.allow(*(action for action in NEEDED if action != left_out))
        name = left_out.removeprefix("ec2:")
        assert refusal(cloud, network.config) == (
            "InvalidParameterValueException: The provided execution role does not have permissions to call "
            f"{name} on EC2"
        )


def test_subnets_and_groups_must_exist_in_one_vpc(cloud: Cloud, network: Network) -> None:
    other = network.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    foreign = network.new_group("foreign", other)
    elsewhere = network.ec2.create_subnet(VpcId=other, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    config = network.config

    assert "must coexist" in refusal(cloud, {"SubnetIds": config["SubnetIds"]})
    assert "EC2 Error Code: InvalidSubnetID.NotFound" in refusal(cloud, {**config, "SubnetIds": ["subnet-1"]})
    assert "EC2 Error Code: InvalidGroup.NotFound" in refusal(cloud, {**config, "SecurityGroupIds": ["sg-1"]})
    assert "Security Groups are required to be in the same VPC" in refusal(
        cloud, {**config, "SecurityGroupIds": [foreign]}
    )
    assert "Subnets are required" in refusal(cloud, {**config, "SubnetIds": [network.inside, elsewhere]})
    assert "SecurityGroupIds of VpcConfig" in refusal(
        cloud, {**config, "SecurityGroupIds": [network.group] * 6}
    )


def test_a_subnet_on_an_outpost_is_refused(cloud: Cloud, network: Network) -> None:
    def on_outpost(call: Call, proceed: Proceed) -> Answer:
        answer = proceed(call)
        for subnet in answer["Subnets"]:
            subnet["OutpostArn"] = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0a1b2c3d4e5f60001"
        return answer

    cloud.install({"ec2.DescribeSubnets": on_outpost})
    assert "subnet on an Outpost" in refusal(cloud, network.config)


def test_an_aws_call_needs_a_way_out_of_the_subnets(cloud: Cloud, network: Network) -> None:
    create(cloud, ASKS, Timeout=30, VpcConfig=network.config)
    before = cloud.clock.time()

    stuck = cloud.functions.invoke("f", b"{}")
    assert json.loads(stuck.payload)["errorType"] == "Sandbox.Timedout"
    assert cloud.clock.time() - before > 30  # the clock's seconds, none of ours

    network.open_way_out()
    assert cloud.functions.invoke("f", b"{}").payload == b"[]"

    network.ec2.revoke_security_group_egress(
        GroupId=network.group,
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    assert b"Sandbox.Timedout" in cloud.functions.invoke("f", b"{}").payload


def test_while_a_function_outside_any_vpc_needs_none(cloud: Cloud, network: Network) -> None:
    create(cloud, SOURCE, name="inside", VpcConfig=network.config)
    create(cloud, ASKS, Timeout=30)
    assert cloud.functions.invoke("inside", b"{}").payload == b"1"
    assert cloud.functions.invoke("f", b"{}").payload == b"[]"


def test_a_call_at_import_is_stuck_too(cloud: Cloud, network: Network) -> None:
    source = "import boto3\nboto3.client('sqs').list_queues()\ndef handler(event, context): return 1"
    create(cloud, source, Timeout=30, VpcConfig=network.config)
    assert b"Sandbox.Timedout" in cloud.functions.invoke("f", b"{}").payload
