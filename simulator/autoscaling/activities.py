"""Scaling activities in the words of EC2 Auto Scaling.

Wording as in published ``describe-scaling-activities`` output of groups with a launch template; such groups name
a failure by EC2's message alone (groups with a mixed instances policy name EC2's code as well).
"""

import json
from datetime import datetime
from uuid import UUID

from simulator.autoscaling.group import Group
from simulator.call import Answer


def launching(group: Group, now: datetime, activity_id: UUID, subnet_id: str, *, replaces: bool) -> Answer:
    """A launch that has begun."""
    count = len(group.live())
    why = (
        "an instance was launched in response to an unhealthy instance needing to be replaced."
        if replaces
        else "an instance was started in response to a difference between desired and actual capacity, "
        f"increasing the capacity from {count} to {count + 1}."
    )
    details = {"Subnet ID": subnet_id, "Availability Zone": group.subnets[subnet_id]}
    return _begun(group, now, activity_id, "Launching a new EC2 instance", why, details)


def terminating(
    group: Group, now: datetime, activity_id: UUID, instance_id: str, why: str, zone: str
) -> Answer:
    """A termination that has begun. why: the cause after its time, e.g. from the constants below."""
    description = f"Terminating EC2 instance: {instance_id}"
    return _begun(group, now, activity_id, description, why, {"Availability Zone": zone})


SCALED_IN = (
    "an instance was taken out of service in response to a difference between desired and actual capacity."
)
UNHEALTHY = (
    "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or "
    "stopped."
)
BY_REQUEST = "an instance was taken out of service in response to a user request."


def launched(activity: Answer, instance_id: str) -> None:
    """EC2 has taken the launch; the instance is not running yet."""
    activity |= {"Description": f"Launching a new EC2 instance: {instance_id}", "Progress": 30}


def succeeded(activity: Answer, now: datetime) -> None:
    """Done."""
    activity |= {"EndTime": now, "StatusCode": "Successful", "Progress": 100}


def failed(activity: Answer, now: datetime, message: str) -> None:
    """EC2 has refused the launch, or the instance has not come up."""
    reason = f"{message} Launching EC2 instance failed."
    activity |= {
        "EndTime": now,
        "StatusCode": "Failed",
        "StatusMessage": reason,
        "Description": f"Launching a new EC2 instance.  Status Reason: {reason}",
        "Progress": 100,
    }


def _begun(
    group: Group, now: datetime, activity_id: UUID, description: str, why: str, details: dict[str, str]
) -> Answer:
    activity = {
        "ActivityId": str(activity_id),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Description": description,
        "Cause": f"At {now:%Y-%m-%dT%H:%M:%SZ} {why}",
        "StartTime": now,
        "StatusCode": "InProgress",
        "Progress": 0,
        "Details": json.dumps(details, separators=(",", ":")),
    }
    group.activities.insert(0, activity)
    return activity
