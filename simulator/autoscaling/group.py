"""An Auto Scaling group and the instances in it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.call import ACCOUNT, REGION, Answer
from simulator.clock.kernel import Timer


@dataclass(slots=True)
class Member:
    """An instance of a group. lifecycle: Pending, InService or Terminating."""

    instance_id: str
    instance_type: str
    image_id: str
    zone: str
    subnet_id: str
    template: Answer
    activity: Answer
    lifecycle: str = "Pending"
    health: str = "Healthy"

    def described(self) -> Answer:
        """As in DescribeAutoScalingGroups."""
        return {
            "InstanceId": self.instance_id,
            "InstanceType": self.instance_type,
            "AvailabilityZone": self.zone,
            "LifecycleState": self.lifecycle,
            "HealthStatus": self.health,
            "LaunchTemplate": self.template,
            "ImageId": self.image_id,
            "ProtectedFromScaleIn": False,
        }


@dataclass(slots=True)
class Group:
    """subnets: id -> Availability Zone; template: a LaunchTemplateSpecification; activities: newest first."""

    name: str
    arn: str
    created: datetime
    least: int
    most: int
    desired: int
    template: Answer
    subnets: dict[str, str]
    health_check: str = "EC2"
    grace: int = 0
    tags: dict[str, Answer] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    activities: list[Answer] = field(default_factory=list)
    deleting: bool = False
    launches: int = 0
    retry_at: float = 0.0
    next_look: Timer | None = None

    def live(self) -> list[Member]:
        """The instances that count towards the desired capacity."""
        return [member for member in self.members if member.lifecycle != "Terminating"]

    def member(self, instance_id: str) -> Member | None:
        """The member of that instance id."""
        return next((member for member in self.members if member.instance_id == instance_id), None)

    def described(self) -> Answer:
        """As in DescribeAutoScalingGroups."""
        described: dict[str, Any] = {
            "AutoScalingGroupName": self.name,
            "AutoScalingGroupARN": self.arn,
            "LaunchTemplate": self.template,
            "MinSize": self.least,
            "MaxSize": self.most,
            "DesiredCapacity": self.desired,
            "DefaultCooldown": 300,
            "AvailabilityZones": sorted(set(self.subnets.values())),
            "LoadBalancerNames": [],
            "TargetGroupARNs": [],
            "HealthCheckType": self.health_check,
            "HealthCheckGracePeriod": self.grace,
            "Instances": [member.described() for member in self.members],
            "CreatedTime": self.created,
            "SuspendedProcesses": [],
            "VPCZoneIdentifier": ",".join(self.subnets),
            "EnabledMetrics": [],
            "Tags": list(self.tags.values()),
            "TerminationPolicies": ["Default"],
            "NewInstancesProtectedFromScaleIn": False,
            "ServiceLinkedRoleARN": (
                f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
            ),
            "TrafficSources": [],
        }
        return described | ({"Status": "Delete in progress"} if self.deleting else {})


def arn(name: str, unique: str) -> str:
    """A group's ARN."""
    return f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:{unique}:autoScalingGroupName/{name}"


def tag(group_name: str, given: Answer) -> Answer:
    """A group's tag as the API describes it (API model, TagDescription)."""
    return {
        "ResourceId": group_name,
        "ResourceType": "auto-scaling-group",
        "Key": given["Key"],
        "Value": given.get("Value", ""),
        "PropagateAtLaunch": given.get("PropagateAtLaunch", True),
    }
