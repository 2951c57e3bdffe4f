"""Which functions reach a cluster's endpoint: told by the connection, before anybody says who they are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simulator import awslambda
from simulator.iam.credentials import Sessions
from tests.simulator.eks_account import EksAccount
from tests.simulator.lambda_cloud import package

NAME = "edge"
LOOKS = """
import ssl, urllib.request
def handler(event, context):
    trust = ssl._create_unverified_context()
    try:
        with urllib.request.urlopen(event["endpoint"] + "/readyz", context=trust, timeout=20) as answer:
            return answer.read().decode()
    except OSError as refused:
        return type(getattr(refused, "reason", refused)).__name__
"""
HTTPS: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
ACCESS = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"


class Endpoint(EksAccount):
    """A cluster whose endpoint is private, and whose control plane has a group of its own beside EKS's."""

    def __init__(self) -> None:
        super().__init__()
        self.cloud.sessions = Sessions(1, self.cloud.clock.now)
        self.cloud.install(awslambda.operations(self.cloud))
        self.function_role = self.role("function", "lambda.amazonaws.com", [ACCESS])
        self.functions_group = self.group("functions")
        self.control_plane = self.group("control-plane")
        self.inside = {"SubnetIds": self.subnets, "SecurityGroupIds": [self.functions_group]}
        network = {
            "subnetIds": self.subnets,
            "securityGroupIds": [self.control_plane],
            "endpointPublicAccess": False,
            "endpointPrivateAccess": True,
        }
        self.active(NAME, resourcesVpcConfig=network)

    def group(self, name: str, vpc: str | None = None) -> str:
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc or self.vpc)
        return str(made["GroupId"])

    def look(self, name: str, config: dict[str, Any] | None = None) -> str:
        """What a function of that name gets of the endpoint; made at its first look."""
        client = self.cloud.client("lambda")
        if name not in self.cloud.functions.by_name:
            client.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Handler="app.handler",
                Role=self.function_role,
                Timeout=30,
                Code={"ZipFile": package(app=LOOKS)},
                **({"VpcConfig": config} if config else {}),
            )
        endpoint = self.cluster(NAME)["endpoint"]
        told = self.cloud.functions.invoke(name, json.dumps({"endpoint": endpoint}).encode())
        return str(json.loads(told.payload))


@pytest.fixture
def account() -> Iterator[Endpoint]:
    account = Endpoint()
    account.cloud.clock.release()
    try:
        yield account
    finally:
        account.cloud.functions.close()


def test_the_private_endpoint_answers_those_whom_its_groups_let_in(account: Endpoint) -> None:
    pair = {**HTTPS, "UserIdGroupPairs": [{"GroupId": account.functions_group}]}
    assert account.look("inside", account.inside) != "ok"

    account.ec2.authorize_security_group_ingress(GroupId=account.control_plane, IpPermissions=[pair])
    assert account.look("inside", account.inside) == "ok"
    assert account.look("outside") != "ok"

    account.ec2.revoke_security_group_ingress(GroupId=account.control_plane, IpPermissions=[pair])
    cluster_group = account.cluster(NAME)["resourcesVpcConfig"]["clusterSecurityGroupId"]
    by_block = {**HTTPS, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    account.ec2.authorize_security_group_ingress(GroupId=cluster_group, IpPermissions=[by_block])
    assert account.look("inside", account.inside) == "ok"

    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    account.ec2.revoke_security_group_egress(GroupId=account.functions_group, IpPermissions=everything)
    assert account.look("inside", account.inside) != "ok"


def test_a_port_or_a_part_of_the_subnets_is_not_enough(account: Endpoint) -> None:
    first_only = {**HTTPS, "IpRanges": [{"CidrIp": "10.0.1.0/24"}]}
    other_port = {**HTTPS, "ToPort": 442, "FromPort": 1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    account.ec2.authorize_security_group_ingress(
        GroupId=account.control_plane, IpPermissions=[first_only, other_port]
    )
    assert account.look("inside", account.inside) != "ok"


def test_another_vpc_s_functions_are_outside(account: Endpoint) -> None:
    other = account.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    config = {
        "SubnetIds": [account.subnet("10.9.1.0/24", "a", vpc=other)],
        "SecurityGroupIds": [account.group("others", other)],
    }
    everybody = {**HTTPS, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    account.ec2.authorize_security_group_ingress(GroupId=account.control_plane, IpPermissions=[everybody])
    assert account.look("elsewhere", config) != "ok"
    assert account.look("inside", account.inside) == "ok"


def test_the_public_endpoint_answers_by_its_blocks(account: Endpoint) -> None:
    network = account.cloud.clusters.clusters[NAME].vpc_config
    network.update(endpointPublicAccess=True, publicAccessCidrs=["0.0.0.0/0"])
    assert account.look("outside") == "ok"
    network["publicAccessCidrs"] = ["203.0.113.0/24"]
    assert account.look("outside") != "ok"
    # In the VPC the name leads to the private addresses all the same, and nothing lets the function in there.
    network["publicAccessCidrs"] = ["0.0.0.0/0"]
    assert account.look("inside", account.inside) != "ok"
    network["endpointPrivateAccess"] = False
    assert account.look("inside", account.inside) != "ok"  # no way out of its subnets
    account.route_out(account.subnets[0])
    account.route(
        account.subnets[1], NatGatewayId=account.ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    )
    assert account.look("inside", account.inside) == "ok"
