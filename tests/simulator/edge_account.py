"""An account with a VPC and the Outposts of ``data/world.yaml``; time passes only when a test says so."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import autoscaling, ec2, outposts, ssm
from simulator.call import Answer, Call, Place, Proceed
from simulator.cloud import Cloud
from simulator.outposts.world import World
from tests.simulator.virtual_time import let_pass

SERVER, SMALL_SERVER, RACK, ARRIVING, FULL, THIRD = (f"op-0a1b2c3d4e5f6000{number}" for number in range(1, 7))
IMAGE, ARM_IMAGE = "ami-0e5135860000000b1", "ami-0e5135640000000b2"
BOTTLEROCKET = "ami-0b0771e0c4e700001"


def arn(outpost_id: str) -> str:
    """An Outpost's ARN."""
    return f"arn:aws:outposts:us-west-2:123456789012:outpost/{outpost_id}"


class Events:
    """Takes EventBridge's place and keeps what AWS services emit."""

    def __init__(self) -> None:
        self.emitted: list[tuple[str, str, dict[str, Any], list[str]]] = []

    def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str], _: Place
    ) -> None:
        """As ``Cloud.emit`` hands it on."""
        self.emitted.append((source, detail_type, detail, resources))


class EdgeAccount:
    """One Cloud with these layers over moto, at the beginning of November 2026."""

    def __init__(self, world: World | None = None, seed: int = 1) -> None:
        self.cloud = Cloud(seed, datetime(2026, 11, 1, tzinfo=UTC), world)
        self.events = Events()
        self.cloud.events = self.events  # type: ignore[assignment]
        self.cloud.install(outposts.operations(self.cloud))
        self.cloud.install(ec2.operations(self.cloud))
        self.cloud.install(autoscaling.operations(self.cloud))
        self.cloud.install(ssm.operations(self.cloud))
        self.calls: list[Call] = []
        self._blocks = 0
        self.cloud.wrap(self._note)
        self.cloud.clock.hold()
        names = ("ec2", "iam", "ssm", "outposts", "autoscaling")
        self.ec2, self.iam, self.ssm, self.outposts, self.autoscaling = map(self.cloud.client, names)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.group = self.ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=self.vpc)[
            "GroupId"
        ]
        trust = {"Version": "2012-10-17", "Statement": []}
        self.iam.create_role(RoleName="node", AssumeRolePolicyDocument=json.dumps(trust))
        profile = self.iam.create_instance_profile(InstanceProfileName="node")
        self.profile_arn = profile["InstanceProfile"]["Arn"]
        self.iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")

    def free_cidr(self) -> str:
        """A block of the VPC that no subnet has had yet."""
        self._blocks += 1
        return f"10.0.{self._blocks}.0/24"

    def clear(self) -> None:
        """Take every group and instance away again."""
        for group in self.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            self.autoscaling.delete_auto_scaling_group(
                AutoScalingGroupName=group["AutoScalingGroupName"], ForceDelete=True
            )
        self.wait(600)
        live = [{"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down"]}]
        for reservation in self.ec2.describe_instances(Filters=live)["Reservations"]:
            ids = [instance["InstanceId"] for instance in reservation["Instances"]]
            self.ec2.terminate_instances(InstanceIds=ids)
        self.wait(600)
        self.events.emitted.clear()
        self.calls.clear()

    def new_subnet(
        self, cidr: str | None = None, outpost: str = SERVER, zone: str = "us-west-2a"
    ) -> dict[str, Any]:
        """CreateSubnet on an Outpost; the answer's Subnet."""
        created: dict[str, Any] = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=cidr or self.free_cidr(), AvailabilityZone=zone, OutpostArn=arn(outpost)
        )["Subnet"]
        return created

    def subnet(
        self, cidr: str | None = None, outpost: str = SERVER, zone: str = "us-west-2a", lni: int = 0
    ) -> str:
        """The id of an available subnet on an Outpost. lni: the device index to enable, 0 for none."""
        subnet_id: str = self.new_subnet(cidr, outpost, zone)["SubnetId"]
        if lni:
            self.ec2.modify_subnet_attribute(SubnetId=subnet_id, EnableLniAtDeviceIndex=lni)
        self.wait(60)
        return subnet_id

    def region_subnet(self) -> str:
        """The id of a subnet in the Region."""
        created = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=self.free_cidr(), AvailabilityZone="us-west-2a"
        )
        subnet_id: str = created["Subnet"]["SubnetId"]
        return subnet_id

    def interfaces(
        self, subnet: str | None = None, indexes: tuple[int, ...] = (0, 1)
    ) -> list[dict[str, Any]]:
        """Interface specifications with the security group inside."""
        inside = {"SubnetId": subnet} if subnet else {}
        return [
            {"DeviceIndex": index, "Groups": [self.group], "DeleteOnTermination": True, **inside}
            for index in indexes
        ]

    def run(self, subnet: str, **changes: Any) -> dict[str, Any]:
        """RunInstances of one instance in a subnet, with changes (None leaves a parameter out); the instance."""
        params = {
            "ImageId": IMAGE,
            "InstanceType": "c6id.8xlarge",
            "MinCount": 1,
            "MaxCount": 1,
            "NetworkInterfaces": self.interfaces(subnet),
            **changes,
        }
        answer = self.ec2.run_instances(
            **{name: value for name, value in params.items() if value is not None}
        )
        instance: dict[str, Any] = answer["Instances"][0]
        return instance

    def instance(self, instance_id: str) -> dict[str, Any]:
        """DescribeInstances of one."""
        found: dict[str, Any] = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]
        instance: dict[str, Any] = found["Instances"][0]
        return instance

    def template(self, name: str = "edge", **changes: Any) -> str:
        """CreateLaunchTemplate of a node with two interfaces, with changes to its data; the id."""
        data = {
            "ImageId": IMAGE,
            "InstanceType": "c6id.8xlarge",
            "NetworkInterfaces": self.interfaces(),
            **changes,
        }
        kept = {key: value for key, value in data.items() if value is not None}
        created = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=kept)
        template_id: str = created["LaunchTemplate"]["LaunchTemplateId"]
        return template_id

    def wait(self, seconds: float) -> None:
        """Let exactly that much virtual time pass."""
        let_pass(self.cloud, seconds)

    def _note(self, call: Call, proceed: Proceed) -> Answer:
        self.calls.append(call)
        return proceed(call)


class Refusal:
    """``with Refusal("Code", "part of the message"):`` - the block must be refused so."""

    def __init__(self, code: str, *parts: str) -> None:
        self._code = code
        self._parts = parts
        self._raises = pytest.raises(ClientError)

    def __enter__(self) -> None:
        self._caught = self._raises.__enter__()

    def __exit__(self, *raised: Any) -> bool:
        swallowed = bool(self._raises.__exit__(*raised))
        error = self._caught.value.response["Error"]
        assert error["Code"] == self._code, error
        for part in self._parts:
            assert part in error["Message"]
        return swallowed
