"""An account with roles and a VPC, in which the EKS tests make clusters; time passes only when they say so."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import user_data
from extended_cluster.types import Cluster, LniSpec
from simulator import eks, guest
from simulator.call import ADMINISTRATOR, Answer, AwsError, Call, Caller, Proceed
from simulator.cloud import Cloud
from simulator.ec2.launch_request import with_raw_user_data
from simulator.iam.role_policies import load_aws_managed_policies
from tests.simulator.virtual_time import let_pass
from tests.unit.server_plan import LNI

CLUSTER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
OUTPOST = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0a1b2c3d4e5f60001"


class EksAccount:
    """One Cloud with nothing but EKS over moto, at the beginning of November 2026."""

    def __init__(self) -> None:
        self.cloud = Cloud(start=datetime(2026, 11, 1, tzinfo=UTC))
        load_aws_managed_policies(self.cloud.account)
        self.cloud.install(eks.operations(self.cloud))
        self.cloud.install(guest.operations(self.cloud))
        self.cloud.install(
            {
                "ec2.DescribeSubnets": self._on_outpost,
                "ec2.DeleteSecurityGroup": self._keep_used_group,
                "ec2.RunInstances": lambda call, proceed: proceed(with_raw_user_data(call)),
            }
        )
        self.cloud.clock.hold()
        self.outpost_subnets: set[str] = set()
        self.groups_in_use: set[str] = set()
        self.eks, self.ec2, self.iam = (self.cloud.client(name) for name in ("eks", "ec2", "iam"))
        self.cluster_role = self.role("cluster", "eks.amazonaws.com", [CLUSTER_POLICY])
        self.node_role = self.role("node", "ec2.amazonaws.com")
        self.iam.create_instance_profile(InstanceProfileName="node")
        self.iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
        self.edge = ""
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [self.subnet("10.0.1.0/24", "a"), self.subnet("10.0.2.0/24", "b")]

    def role(self, name: str, trusted: str, policies: Iterable[str] = ()) -> str:
        """Make a role; returns its ARN."""
        statement = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn: str = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for policy in policies:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        return arn

    def subnet(self, cidr: str, zone: str, *, vpc: str | None = None, on_outpost: bool = False) -> str:
        """Make a subnet in us-west-2<zone>; returns its id."""
        made = self.ec2.create_subnet(
            VpcId=vpc or self.vpc, CidrBlock=cidr, AvailabilityZone=f"us-west-2{zone}"
        )
        subnet_id: str = made["Subnet"]["SubnetId"]
        if on_outpost:
            self.outpost_subnets.add(subnet_id)
        return subnet_id

    def route_out(self, subnet_id: str) -> str:
        """Give a subnet a default route through a NAT gateway; the route table's id."""
        public = self.subnet("10.0.200.0/24", "a")
        internet = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=self.vpc)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
        self.route(public, GatewayId=internet)
        return self.route(subnet_id, NatGatewayId=nat)

    def route(self, subnet_id: str, **target: str) -> str:
        """Give a subnet a route table with a default route; its id."""
        table: str = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
        return table

    def user_data(self, name: str, lni: LniSpec = LNI) -> str:
        """The user data that the application writes for the cluster's nodes."""
        cluster = self.cluster(name)
        return user_data.document(
            Cluster(
                name=name,
                arn=cluster["arn"],
                version=cluster["version"],
                endpoint=cluster["endpoint"],
                certificateAuthority=cluster["certificateAuthority"]["data"],
                serviceCidr=cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
                securityGroupId=cluster["resourcesVpcConfig"]["clusterSecurityGroupId"],
            ),
            OUTPOST.rpartition("/")[2],
            lni,
        )

    def create(self, name: str, caller: Caller = ADMINISTRATOR, **changes: Any) -> dict[str, Any]:
        """CreateCluster with what is required, and changes; None leaves a member out."""
        params = {
            "name": name,
            "roleArn": self.cluster_role,
            "resourcesVpcConfig": {"subnetIds": self.subnets},
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            **changes,
        }
        given = {key: value for key, value in params.items() if value is not None}
        cluster: dict[str, Any] = self.cloud.client("eks", caller).create_cluster(**given)["cluster"]
        return cluster

    def active(self, name: str, **changes: Any) -> dict[str, Any]:
        """A cluster that is CREATING no longer."""
        self.create(name, **changes)
        while self.cluster(name)["status"] == "CREATING":
            self.wait(60)
        return self.cluster(name)

    def cluster(self, name: str) -> dict[str, Any]:
        """DescribeCluster."""
        cluster: dict[str, Any] = self.eks.describe_cluster(name=name)["cluster"]
        return cluster

    def addon(self, cluster: str, name: str) -> dict[str, Any]:
        """DescribeAddon."""
        addon: dict[str, Any] = self.eks.describe_addon(clusterName=cluster, addonName=name)["addon"]
        return addon

    def wait(self, seconds: float) -> None:
        """Let exactly that much virtual time pass."""
        let_pass(self.cloud, seconds)

    def _on_outpost(self, call: Call, proceed: Proceed) -> Answer:
        """What the ec2 layer answers for subnets on an Outpost."""
        answer = proceed(call)
        for subnet in answer["Subnets"]:
            if subnet["SubnetId"] in self.outpost_subnets:
                subnet["OutpostArn"] = OUTPOST
        return answer

    def _keep_used_group(self, call: Call, proceed: Proceed) -> Answer:
        """EC2's refusal, which moto does not have."""
        if call.params["GroupId"] in self.groups_in_use:
            raise AwsError("DependencyViolation", f"resource {call.params['GroupId']} has a dependent object")
        return proceed(call)


def refusal(error: ClientError) -> tuple[str, str]:
    """Code and message."""
    return error.response["Error"]["Code"], error.response["Error"]["Message"]
