"""Instances on Outposts servers, from RunInstances to terminated. Instances in the Region are moto's."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from moto.ec2.models.instances import StateReason

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Place, Proceed
from simulator.ec2 import launch_request, launch_rules, moto_state
from simulator.ec2.addresses import assigned
from simulator.ec2.capacity import Capacity
from simulator.ec2.client_tokens import ClientTokens
from simulator.ec2.filters import split
from simulator.ec2.interfaces import release
from simulator.ec2.lni import settle
from simulator.ec2.moto_state import outpost_arn
from simulator.outposts.world import Image, Outpost

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# EC2 API reference, InstanceState.
_STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48}
# Auto Scaling tags what it launches with its group's name (Auto Scaling guide, "Tag Auto Scaling groups").
_GROUP_TAG = "aws:autoscaling:groupName"


def operations(cloud: "Cloud", tokens: ClientTokens) -> dict[str, Operation]:
    """The instance operations; see the module."""
    instances = _Instances(cloud, tokens)
    return {
        "ec2.RunInstances": instances.run,
        "ec2.DescribeInstances": instances.describe,
        "ec2.TerminateInstances": instances.terminate,
        "ec2.StopInstances": instances.refuse,
        "ec2.StartInstances": instances.refuse,
        "ec2.RebootInstances": instances.refuse,
    }


class _Instances:
    def __init__(self, cloud: "Cloud", tokens: ClientTokens) -> None:
        self._cloud = cloud
        self._tokens = tokens
        self._capacity = Capacity()
        self._launched: Counter[str] = Counter()

    def run(self, call: Call, proceed: Proceed) -> Answer:
        request, origin = launch_request.merged(call, self._cloud.moto)
        outpost = self._outpost_of(request)
        if outpost is None:
            return self._tokens.once(call, lambda: proceed(launch_request.with_raw_user_data(call)))
        return self._tokens.once(call, lambda: self._launch(outpost, request, origin, proceed))

    def describe(self, call: Call, proceed: Proceed) -> Answer:
        inner, passes = split(call, {"outpost-arn": lambda instance: instance.get("OutpostArn")})
        answer = proceed(inner)
        reservations = [
            reservation
            | {
                "Instances": [
                    _completed(instance) for instance in reservation["Instances"] if passes(instance)
                ]
            }
            for reservation in answer["Reservations"]
        ]
        return answer | {
            "Reservations": [reservation for reservation in reservations if reservation["Instances"]]
        }

    def terminate(self, call: Call, proceed: Proceed) -> Answer:
        asked = call.params["InstanceIds"]
        # moto's refusal of an unknown id comes before anything is done.
        self._cloud.moto(call.asking("ec2", "DescribeInstances", InstanceIds=asked))
        ours = moto_state.outpost_instances(call)
        elsewhere = [instance_id for instance_id in asked if instance_id not in ours]
        changes = (
            proceed(call.with_params(InstanceIds=elsewhere))["TerminatingInstances"] if elsewhere else []
        )
        changes += [self._shut_down(call, ours[instance_id]) for instance_id in asked if instance_id in ours]
        return {"TerminatingInstances": changes}

    def refuse(self, call: Call, proceed: Proceed) -> Answer:
        """Stop, start, reboot: moto's in the Region, nobody's on an Outposts server."""
        if set(call.params["InstanceIds"]) & set(moto_state.outpost_instances(call)):
            raise NotModelled(f"{call.name} on an Outposts server")
        return proceed(call)

    def _outpost_of(self, request: Call) -> Outpost | None:
        subnet_id = launch_request.subnet_id(request)
        subnet = moto_state.subnet(request, subnet_id)
        arn = outpost_arn(subnet)
        if subnet is None or arn is None:
            return None
        outpost = self._cloud.world.outpost(arn)
        if outpost is None or not outpost.is_server:
            raise NotModelled("instances on an Outposts rack")
        if subnet.state != "available":
            # Assumed: no instance is launched into a subnet that is still pending.
            raise AwsError("IncorrectState", f"The subnet '{subnet_id}' is not available")
        return outpost

    def _launch(self, outpost: Outpost, request: Call, origin: dict[str, str], proceed: Proceed) -> Answer:
        launch_request.modelled(request)
        interfaces = launch_request.interfaces(request)
        image = launch_rules.check(self._cloud, outpost, request, interfaces)
        if request.params.get("DryRun"):
            message = "Request would have succeeded, but DryRun flag is set."
            raise AwsError("DryRunOperation", message, status=412)
        params = request.params
        count = self._capacity.take(outpost, params["InstanceType"], params["MinCount"], params["MaxCount"])
        reservation: Answer = {}
        launched: list[Answer] = []
        for _ in range(
            count
        ):  # one by one: moto gives addresses and the profile to the first of several only
            reservation = proceed(_plain(request, assigned(request, interfaces)))
            instance = moto_state.backend(request).get_instance(reservation["Instances"][0]["InstanceId"])
            self._place(instance, outpost, image, request, origin)
            launched += self._seen(request, instance)
        return reservation | {"Instances": launched}

    def _place(
        self, instance: Any, outpost: Outpost, image: Image, request: Call, origin: dict[str, str]
    ) -> None:
        """Make moto's running Region instance what it is here: pending on its Outpost, without a volume."""
        instance.outpost_arn = outpost.arn
        instance.architecture = image.architecture
        instance.root_device_name = image.root_device
        instance.virtualization_type = "hvm"
        instance.teardown_defaults()
        instance.add_tags(launch_request.tags_for(request, "instance") | origin)
        for interface in instance.nics.values():
            interface.add_tags(launch_request.tags_for(request, "network-interface"))
            settle(interface)
        self._enter(request, instance, "pending")
        group = {tag["key"]: tag["value"] for tag in instance.get_tags()}.get(_GROUP_TAG, instance.subnet_id)
        self._launched[group] += 1
        key = f"{group}/{self._launched[group]}"
        delay = self._cloud.latency("ec2.instance.launch.outpost-server", key=key)
        self._cloud.clock.call_later(delay, lambda: self._run_on(request, instance))

    def _run_on(self, place: Place, instance: Any) -> None:
        if instance.state == "pending":
            self._enter(place, instance, "running")

    def _shut_down(self, call: Call, instance: Any) -> Answer:
        if instance.disable_api_termination:
            message = (
                f"The instance '{instance.id}' may not be terminated. Modify its 'disableApiTermination'"
            )
            raise AwsError("OperationNotPermitted", f"{message} instance attribute and try again.")
        former = {"Code": instance.state_code, "Name": instance.state}
        if instance.state not in ("shutting-down", "terminated"):
            self._enter(call, instance, "shutting-down")
            reason = "Client.UserInitiatedShutdown"
            instance.state_reason = StateReason(f"{reason}: User initiated shutdown", reason)
            delay = self._cloud.latency("ec2.instance.terminate.outpost-server", key=instance.subnet_id)
            self._cloud.clock.call_later(delay, lambda: self._end(call, instance))
        current = {"Code": instance.state_code, "Name": instance.state}
        return {"InstanceId": instance.id, "PreviousState": former, "CurrentState": current}

    def _end(self, call: Call, instance: Any) -> None:
        """Interfaces with DeleteOnTermination go with the instance, others stay behind (facts.md section 2)."""
        self._cloud.moto(call.asking("ec2", "TerminateInstances", InstanceIds=[instance.id]))
        for interface in instance.nics.values():
            if not interface.delete_on_termination:
                release(interface)
        self._enter(call, instance, "terminated")

    def _enter(self, place: Place, instance: Any, state: str) -> None:
        instance._state.name, instance._state.code = state, _STATES[state]
        arn = f"arn:aws:ec2:{place.region}:{place.account}:instance/{instance.id}"
        detail = {"instance-id": instance.id, "state": state}
        self._cloud.emit("aws.ec2", "EC2 Instance State-change Notification", detail, [arn], place)

    def _seen(self, call: Call, instance: Any) -> list[Answer]:
        found = self._cloud.moto(call.asking("ec2", "DescribeInstances", InstanceIds=[instance.id]))
        return [
            _completed(seen) for reservation in found["Reservations"] for seen in reservation["Instances"]
        ]


def _plain(request: Call, interfaces: list[dict[str, Any]]) -> Call:
    """The request for one instance as moto understands it."""
    forwarded = {
        name: request.params.get(name)
        for name in (
            "ImageId",
            "InstanceType",
            "UserData",
            "IamInstanceProfile",
            "MetadataOptions",
            "ClientToken",
        )
    }
    plain = request.asking(request.service, request.operation)
    plain = plain.with_params(**forwarded, NetworkInterfaces=interfaces, MinCount=1, MaxCount=1)
    return launch_request.with_raw_user_data(plain)


def _completed(instance: Answer) -> Answer:
    """What moto leaves out of, or leaves in, an Outpost instance's description."""
    if "OutpostArn" not in instance:
        return instance
    if instance["State"]["Name"] == "terminated":
        gone = ("PrivateIpAddress", "SubnetId", "VpcId")
        return {name: value for name, value in instance.items() if name not in gone} | {
            "NetworkInterfaces": [],
            "SecurityGroups": [],
            "PrivateDnsName": "",
        }
    # The instance's groups are its primary interface's (EC2 API reference, Instance).
    primary = [i for i in instance["NetworkInterfaces"] if i["Attachment"]["DeviceIndex"] == 0]
    return instance | {"SecurityGroups": [group for interface in primary for group in interface["Groups"]]}
