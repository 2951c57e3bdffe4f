"""What a group does by itself: launch, watch, replace and terminate its instances."""

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from simulator.autoscaling import activities
from simulator.autoscaling.group import Group, Member
from simulator.autoscaling.launch import AUTO_SCALING, request, subnet_for, template_version
from simulator.call import Answer, AwsError, Call, NotModelled

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# How often a group looks at instances that are coming or going; assumed.
_WATCH = 5
# How often it checks the health of those in service; assumed.
_HEALTH = 30
# How long it waits after a refused launch; assumed (AWS publishes no figure, and slows down over time).
_RETRY = 60

NAMESPACE = UUID("6f1f3c0e-5c1b-4a53-9a5e-2f60a1e1a4c7")


class Scaling:
    """Looks at a group again and again; each look does what is due and sets the time of the next."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud

    def soon(self, group: Group) -> None:
        """Look at the group in a few seconds, because something has been asked of it."""
        self._look_in(group, self._cloud.latency("autoscaling.group.react", key=group.name), background=False)

    def terminate(self, group: Group, member: Member, why: str) -> Answer:
        """Take an instance out of the group and terminate it; returns the activity."""
        now = self._cloud.clock.now()
        if member.activity["StatusCode"] == "InProgress":
            activities.failed(
                member.activity, now, "Instance was terminated before it was in service."
            )  # assumed
        activity = activities.terminating(group, now, self._id(group), member.instance_id, why, member.zone)
        member.lifecycle, member.activity = "Terminating", activity
        # What is gone already, EC2 answers all the same.
        self._cloud.call("ec2", "TerminateInstances", caller=AUTO_SCALING, InstanceIds=[member.instance_id])
        self.soon(group)
        return activity

    def _look(self, group: Group) -> None:
        replaces = self._follow(group)
        if group.deleting:
            for member in group.live():
                self.terminate(group, member, activities.SCALED_IN)
        else:
            self._fill(group, replaces)
            # The oldest goes first (Auto Scaling guide, default termination policy, other things being equal).
            for member in group.live()[: max(0, len(group.live()) - group.desired)]:
                self.terminate(group, member, activities.SCALED_IN)
        self._look_again(group)

    def _look_again(self, group: Group) -> None:
        """Time passes for what is certain to end; health checks and retries, which may not, do not make it pass."""
        if any(member.lifecycle != "InService" for member in group.members):
            self._look_in(group, _WATCH, background=False)
        elif not group.deleting:
            waits = len(group.live()) < group.desired
            self._look_in(group, _RETRY if waits else _HEALTH, background=True)

    def _look_in(self, group: Group, seconds: float, *, background: bool) -> None:
        if group.next_look is not None:
            group.next_look.cancel()
        group.next_look = self._cloud.clock.call_later(
            seconds, lambda: self._look(group), background=background
        )

    def _follow(self, group: Group) -> int:
        """Bring the members up to date with EC2; returns how many have to be replaced."""
        states = self._states(group)
        now = self._cloud.clock.now()
        lost = 0
        for member in list(group.members):
            state = states.get(member.instance_id, "terminated")
            if member.lifecycle == "Terminating":
                if state == "terminated":
                    activities.succeeded(member.activity, now)
                    group.members.remove(member)
            elif state == "running":
                if member.lifecycle == "Pending":
                    activities.succeeded(member.activity, now)
                member.lifecycle = "InService"
            elif state != "pending":
                member.health = "Unhealthy"
                self.terminate(group, member, activities.UNHEALTHY)
                lost += 1
        return lost

    def _fill(self, group: Group, replaces: int) -> None:
        if self._cloud.clock.time() < group.retry_at:
            return
        for number in range(group.desired - len(group.live())):
            if not self._launch(group, replaces=number < replaces):
                group.retry_at = self._cloud.clock.time() + _RETRY
                return

    def _launch(self, group: Group, *, replaces: bool) -> bool:
        subnet_id = subnet_for(group)
        now = self._cloud.clock.now()
        activity = activities.launching(group, now, self._id(group), subnet_id, replaces=replaces)
        try:
            params = request(self._cloud, group, subnet_id)
            params["ClientToken"] = activity["ActivityId"]
            answer = self._cloud.call("ec2", "RunInstances", caller=AUTO_SCALING, **params)
        except NotModelled:
            raise
        except AwsError as refused:
            activities.failed(activity, self._cloud.clock.now(), refused.message)
            return False
        instance = answer["Instances"][0]
        activities.launched(activity, instance["InstanceId"])
        group.members.append(
            Member(
                instance_id=instance["InstanceId"],
                instance_type=instance["InstanceType"],
                image_id=instance["ImageId"],
                zone=group.subnets[subnet_id],
                subnet_id=subnet_id,
                template=self._template(group),
                activity=activity,
            )
        )
        return True

    def _template(self, group: Group) -> Answer:
        """An instance names the version it was launched from, not "$Latest"."""
        version = template_version(self._cloud, group.template)
        return {
            "LaunchTemplateId": version["LaunchTemplateId"],
            "LaunchTemplateName": version["LaunchTemplateName"],
            "Version": str(version["VersionNumber"]),
        }

    def _states(self, group: Group) -> dict[str, str]:
        ids = [member.instance_id for member in group.members]
        if not ids:
            return {}
        found = self._cloud.moto(Call("ec2", "DescribeInstances", {"InstanceIds": ids}))
        instances = [
            instance for reservation in found["Reservations"] for instance in reservation["Instances"]
        ]
        return {instance["InstanceId"]: instance["State"]["Name"] for instance in instances}

    def _id(self, group: Group) -> UUID:
        """The same run gives the same ids."""
        group.launches += 1
        return uuid5(NAMESPACE, f"{group.arn}/{group.launches}")
