"""Subnets on Outposts and the device index of their local network interfaces."""

from itertools import count
from typing import TYPE_CHECKING, Any

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Proceed, only
from simulator.ec2 import moto_state
from simulator.ec2.lni import enable_lni
from simulator.ec2.moto_state import outpost_arn
from simulator.ec2.subnet_listing import describe_subnets, shared_subnets
from simulator.faults.reads import lag
from simulator.outposts.visible import is_visible
from simulator.outposts.world import Outpost

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_LNI_ATTRIBUTES = {"EnableLniAtDeviceIndex", "DisableLniAtDeviceIndex"}


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """The subnet operations; see the module."""
    subnets = _Subnets(cloud)
    return {
        "ec2.CreateSubnet": subnets.create,
        "ec2.DescribeSubnets": subnets.describe,
        "ec2.ModifySubnetAttribute": subnets.modify,
        "ec2.DeleteSubnet": subnets.delete,
    }


class _Subnets:
    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._writes = count(1)

    def create(self, call: Call, proceed: Proceed) -> Answer:
        """moto ignores OutpostArn and answers ``available``; AWS answers ``pending`` (API reference)."""
        if "OutpostArn" not in call.params:
            return proceed(call)
        only(
            call,
            "OutpostArn",
            "AvailabilityZone",
            "AvailabilityZoneId",
            "VpcId",
            "CidrBlock",
            "TagSpecifications",
        )
        outpost = self._outpost_of(call)
        answer = proceed(call.with_params(OutpostArn=None))
        subnet = moto_state.subnet(call, answer["Subnet"]["SubnetId"])
        assert subnet is not None  # noqa: S101 - moto has just created it
        subnet.outpost_arn = outpost.arn
        subnet.lni_index = subnet.enable_lni_at_device_index = None
        # moto takes the first subnet in a zone for a default subnet; none on an Outpost is one.
        subnet.default_for_az = subnet.map_public_ip_on_launch = False
        subnet.state = "pending"
        delay = self._cloud.latency("ec2.subnet.create", key=subnet.cidr_block)
        self._cloud.clock.call_later(delay, lambda: _available(subnet))
        changed = {"State": "pending", "DefaultForAz": False, "MapPublicIpOnLaunch": False}
        return {"Subnet": answer["Subnet"] | changed | {"OutpostArn": outpost.arn}}

    @staticmethod
    def describe(call: Call, _: Proceed) -> Answer:
        return describe_subnets(call)

    def modify(self, call: Call, proceed: Proceed) -> Answer:
        _own(call)
        attributes = set(call.params) - {"SubnetId", "DryRun"}
        if not attributes & _LNI_ATTRIBUTES:
            return proceed(call)
        only(call, "SubnetId", *_LNI_ATTRIBUTES)
        if len(attributes) > 1:
            # "You can only modify one attribute at a time" (API model, ModifySubnetAttribute); code assumed.
            raise AwsError("InvalidParameterCombination", "You can only modify one attribute at a time.")
        subnet = self._server_subnet(call)
        enable_lni(call, subnet, _wanted_index(call))
        # Reads lag behind writes (facts.md section 2); the last write wins whatever the order of arrival.
        delay = self._cloud.latency("ec2.subnet.attribute.visible", key=subnet.cidr_block)
        delay += lag(self._cloud.faults, call)
        number, index = next(self._writes), subnet.lni_index
        self._cloud.clock.call_later(delay, lambda: _show_index(subnet, number, index))
        return {}

    def delete(self, call: Call, proceed: Proceed) -> Answer:
        """moto deletes a subnet under its network interfaces; AWS does not (API error codes)."""
        _own(call)
        subnet_id = call.params["SubnetId"]
        if any(interface.subnet.id == subnet_id for interface in moto_state.interfaces(call)):
            message = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            raise AwsError("DependencyViolation", message)
        answer = proceed(call)
        # moto keeps the association with a route table, which then cannot be deleted; on AWS it goes with the subnet
        # (assumed: DeleteSubnet's reference names no association among what must be gone).
        tables = self._cloud.moto(call.asking("ec2", "DescribeRouteTables"))["RouteTables"]
        for association in [each for table in tables for each in table["Associations"]]:
            if association.get("SubnetId") == subnet_id:
                gone = {"AssociationId": association["RouteTableAssociationId"]}
                self._cloud.moto(call.asking("ec2", "DisassociateRouteTable", **gone))
        return answer

    def _outpost_of(self, call: Call) -> Outpost:
        arn = call.params["OutpostArn"]
        outpost = self._cloud.world.outpost(arn)
        if outpost is None or outpost.arn != arn or not is_visible(outpost, call):
            raise AwsError(
                "InvalidParameterValue", f"The Outpost '{arn}' does not exist"
            )  # code and wording assumed
        if not {"AvailabilityZone", "AvailabilityZoneId"} & set(call.params):
            # "If you specify an Outpost ARN, you must also specify the Availability Zone of the Outpost subnet"
            # (API model, CreateSubnet).
            raise AwsError("MissingParameter", "The request must contain the parameter AvailabilityZone")
        there = {"AvailabilityZone": outpost.zone, "AvailabilityZoneId": outpost.zone_id}
        asked = {name: call.params[name] for name in there if name in call.params}
        if asked != {name: there[name] for name in asked}:
            # Wording assumed.
            message = f"The Outpost '{arn}' is in {outpost.zone} ({outpost.zone_id}), not in {asked}"
            raise AwsError("InvalidParameterValue", message)
        if outpost.status != "ACTIVE":
            raise NotModelled(f"a subnet on an Outpost in status {outpost.status}")
        return outpost

    def _server_subnet(self, call: Call) -> Any:
        subnet_id = call.params["SubnetId"]
        subnet = _own(call)
        outpost = self._cloud.world.outpost(outpost_arn(subnet) or "")
        if outpost is None or not outpost.is_server:
            # LNIs exist on Outposts servers only (Outposts servers user guide, "Local network interfaces");
            # the refusal's code and wording are assumed.
            message = f"Local network interfaces are supported only in Outposts server subnets, not in '{subnet_id}'"
            raise AwsError("InvalidParameterValue", message)
        return subnet


def _own(call: Call) -> Any:
    """The call's subnet; only its owner may modify or delete it (facts.md section 2; VPC guide, "Share your VPC
    subnets"). The Outposts server guide says that an Outpost's owner can "view, modify, and delete resources that
    consumers create" but not how; here the consumer's subnets do not exist for it (assumed)."""
    subnet_id = call.params["SubnetId"]
    found = moto_state.subnet(call, subnet_id) or next(
        (subnet for subnet in shared_subnets(call) if subnet.id == subnet_id), None
    )
    if found is None:
        raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    if found.owner_id != call.account:
        # EC2 API Reference, "Error codes", UnauthorizedOperation; that it is this one is assumed.
        message = (
            f"You are not authorized to perform this operation. '{subnet_id}' belongs to {found.owner_id}"
        )
        raise AwsError("UnauthorizedOperation", message, 403)
    return found


def _wanted_index(call: Call) -> int | None:
    if "DisableLniAtDeviceIndex" in call.params:
        if call.params["DisableLniAtDeviceIndex"].get("Value") is not True:
            # "Specify true to indicate ..." (API model); false means nothing that the guide explains.
            raise AwsError("InvalidParameterValue", "DisableLniAtDeviceIndex must be true")
        return None
    index: int = call.params["EnableLniAtDeviceIndex"]
    if index < 1:
        # "A local network interface cannot be the primary network interface (eth0)" (API model); wording assumed.
        raise AwsError(
            "InvalidParameterValue", f"Value ({index}) for parameter EnableLniAtDeviceIndex is invalid"
        )
    return index


def _available(subnet: Any) -> None:
    subnet.state = "available"


def _show_index(subnet: Any, number: int, index: int | None) -> None:
    if number > getattr(subnet, "shown_write", 0):
        subnet.shown_write, subnet.enable_lni_at_device_index = number, index
