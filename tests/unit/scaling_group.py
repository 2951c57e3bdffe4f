"""An Auto Scaling group, an instance of it and an activity, with all that the API always answers."""

from datetime import UTC, datetime
from typing import Any

_THEN = datetime(2026, 11, 20, tzinfo=UTC)


def group(name: str, **members: Any) -> dict[str, Any]:
    always = {
        "DefaultCooldown": 300,
        "AvailabilityZones": ["us-west-2a"],
        "CreatedTime": _THEN,
        "Instances": [],
    }
    sizes = {"MinSize": 1, "MaxSize": 2, "DesiredCapacity": 1, "HealthCheckType": "EC2"}
    return {"AutoScalingGroupName": name, **always, **sizes, **members}


def instance(instance_id: str, state: str, health: str = "Healthy") -> dict[str, Any]:
    always = {"AvailabilityZone": "us-west-2a", "ProtectedFromScaleIn": False}
    return {"InstanceId": instance_id, "LifecycleState": state, "HealthStatus": health, **always}


def activity(name: str, status: str, message: str = "") -> dict[str, Any]:
    return {
        "ActivityId": "0e5c4a3b-0000-4000-8000-000000000001",
        "AutoScalingGroupName": name,
        "Description": "Launching a new EC2 instance",
        "Cause": "an instance was started in response to a difference between desired and actual capacity",
        "StartTime": _THEN,
        "StatusCode": status,
        **({"StatusMessage": message} if message else {}),
    }
