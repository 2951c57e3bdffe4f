"""The operations of EC2 Auto Scaling that are modelled; every other one is refused."""

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid5

import botocore.session

from simulator.autoscaling import activities, group, sizes
from simulator.autoscaling.group import Group
from simulator.autoscaling.launch import named_in_full, rehearse
from simulator.autoscaling.pages import has_tags, page
from simulator.autoscaling.scaling import NAMESPACE, Scaling
from simulator.autoscaling.sizes import invalid
from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Proceed, only

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_SHAPE = (
    "AutoScalingGroupName",
    "LaunchTemplate",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "VPCZoneIdentifier",
    "HealthCheckType",
    "HealthCheckGracePeriod",
)


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """The operations by name; see the module."""
    api = _Api(cloud)
    names = botocore.session.get_session().get_service_model("autoscaling").operation_names
    return {f"autoscaling.{name}": _refuse for name in names} | {
        "autoscaling.CreateAutoScalingGroup": api.create,
        "autoscaling.DescribeAutoScalingGroups": api.describe,
        "autoscaling.UpdateAutoScalingGroup": api.update,
        "autoscaling.DeleteAutoScalingGroup": api.delete,
        "autoscaling.DescribeScalingActivities": api.describe_activities,
        "autoscaling.SetDesiredCapacity": api.set_desired,
        "autoscaling.TerminateInstanceInAutoScalingGroup": api.terminate_instance,
        "autoscaling.CreateOrUpdateTags": api.tag,
        "autoscaling.DescribeTags": api.describe_tags,
    }


def _refuse(call: Call, _: Proceed) -> Answer:
    raise NotModelled(call.name)


class _Api:
    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._scaling = Scaling(cloud)
        self._stored: dict[str, Group] = {}
        self._made = 0

    def create(self, call: Call, _: Proceed) -> Answer:
        only(call, *_SHAPE, "Tags")
        params = call.params
        name = params["AutoScalingGroupName"]
        if name in self._groups():
            message = "AutoScalingGroup by this name already exists - A group with the name"
            raise AwsError("AlreadyExists", f"{message} {name} already exists")
        for needed in ("LaunchTemplate", "VPCZoneIdentifier"):
            if needed not in params:
                raise NotModelled(f"an Auto Scaling group without {needed}")
        self._made += 1
        made = Group(
            name=name,
            arn=group.arn(name, str(uuid5(NAMESPACE, f"{name}/{self._made}"))),
            created=self._cloud.clock.now(),
            least=params["MinSize"],
            most=params["MaxSize"],
            desired=params.get("DesiredCapacity", params["MinSize"]),
            template=named_in_full(self._cloud, params["LaunchTemplate"]),
            subnets=sizes.subnets(self._cloud, params["VPCZoneIdentifier"]),
            health_check=params.get("HealthCheckType", "EC2"),
            grace=params.get("HealthCheckGracePeriod", 0),
            tags={entry["Key"]: group.tag(name, entry) for entry in params.get("Tags", [])},
        )
        self._check(made)
        self._stored[name] = made
        self._scaling.soon(made)
        return {}

    def describe(self, call: Call, _: Proceed) -> Answer:
        only(call, "AutoScalingGroupNames", "Filters", "MaxRecords", "NextToken")
        names = call.params.get("AutoScalingGroupNames")
        filters = call.params.get("Filters", [])
        chosen = [
            found.described()
            for found in self._groups().values()
            if (not names or found.name in names) and has_tags(found.tags, filters)
        ]
        return page(call, "AutoScalingGroups", chosen, 50)

    def update(self, call: Call, _: Proceed) -> Answer:
        only(call, *_SHAPE)
        params = call.params
        found = self._found(params["AutoScalingGroupName"])
        least, most = params.get("MinSize", found.least), params.get("MaxSize", found.most)
        zones, template = params.get("VPCZoneIdentifier"), params.get("LaunchTemplate")
        wanted = replace(
            found,
            least=least,
            most=most,
            # Without a desired capacity the current one is moved into the new bounds (API model).
            desired=params.get("DesiredCapacity", max(least, min(most, found.desired))),
            template=named_in_full(self._cloud, template) if template else found.template,
            subnets=sizes.subnets(self._cloud, zones) if zones else found.subnets,
            health_check=params.get("HealthCheckType", found.health_check),
            grace=params.get("HealthCheckGracePeriod", found.grace),
        )
        self._check(wanted)
        for changed in ("least", "most", "desired", "template", "subnets", "health_check", "grace"):
            setattr(found, changed, getattr(wanted, changed))
        found.retry_at = 0.0
        self._scaling.soon(found)
        return {}

    def delete(self, call: Call, _: Proceed) -> Answer:
        only(call, "AutoScalingGroupName", "ForceDelete")
        found = self._found(call.params["AutoScalingGroupName"])
        if found.members and not call.params.get("ForceDelete"):
            message = (
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance"
            )
            raise AwsError("ResourceInUse", f"{message} request(s) still in the group.")
        found.deleting, found.desired = True, 0
        self._scaling.soon(found)
        return {}

    def describe_activities(self, call: Call, _: Proceed) -> Answer:
        only(call, "AutoScalingGroupName", "ActivityIds", "MaxRecords", "NextToken")
        name, ids = call.params.get("AutoScalingGroupName"), call.params.get("ActivityIds")
        groups = [self._found(name)] if name else list(self._groups().values())
        # "Activities are sorted by start time. Activities still in progress are described first." (API model,
        # ActivitiesType); newest first, as published output shows.
        ordered = sorted(
            (activity for found in groups for activity in found.activities),
            key=lambda activity: (activity["StatusCode"] == "InProgress", activity["StartTime"]),
            reverse=True,
        )
        chosen = [dict(activity) for activity in ordered if not ids or activity["ActivityId"] in ids]
        return page(call, "Activities", chosen, 100)

    def set_desired(self, call: Call, _: Proceed) -> Answer:
        only(call, "AutoScalingGroupName", "DesiredCapacity")
        found = self._found(call.params["AutoScalingGroupName"])
        sizes.check_desired(found, call.params["DesiredCapacity"])
        found.desired = call.params["DesiredCapacity"]
        self._scaling.soon(found)
        return {}

    def terminate_instance(self, call: Call, _: Proceed) -> Answer:
        only(call, "InstanceId", "ShouldDecrementDesiredCapacity")
        instance_id = call.params["InstanceId"]
        for found in self._groups().values():
            member = found.member(instance_id)
            if member is not None:
                if call.params["ShouldDecrementDesiredCapacity"]:
                    sizes.check_decrement(found)
                    found.desired -= 1
                return {"Activity": dict(self._scaling.terminate(found, member, activities.BY_REQUEST))}
        raise invalid(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")

    def tag(self, call: Call, _: Proceed) -> Answer:
        only(call, "Tags")
        for entry in call.params["Tags"]:
            found = self._found(entry["ResourceId"])
            found.tags[entry["Key"]] = group.tag(found.name, entry)
        return {}

    def describe_tags(self, call: Call, _: Proceed) -> Answer:
        only(call, "Filters", "MaxRecords", "NextToken")
        members = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
        tags = [tag for found in self._groups().values() for tag in found.tags.values()]
        for entry in call.params.get("Filters", []):
            if entry["Name"] not in members:
                raise NotModelled(f"the filter {entry['Name']} of {call.name}")
            tags = [tag for tag in tags if tag[members[entry["Name"]]] in entry["Values"]]
        return page(call, "Tags", tags, 50)

    def _check(self, wanted: Group) -> None:
        sizes.check_bounds(wanted.least, wanted.most, wanted.desired)
        rehearse(self._cloud, wanted)

    def _groups(self) -> dict[str, Group]:
        """The groups that exist: one being deleted is gone when its last instance is."""
        self._stored = {name: g for name, g in self._stored.items() if g.members or not g.deleting}
        return self._stored

    def _found(self, name: str) -> Group:
        if name not in self._groups():
            raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        return self._stored[name]
