"""Network interfaces, and the truth about which of them are local network interfaces (LNI)."""

from typing import TYPE_CHECKING, Any

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Place, Proceed, only
from simulator.ec2 import moto_state
from simulator.ec2.filters import split
from simulator.ec2.moto_state import outpost_arn

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """The network interface operations; see the module."""
    interfaces = _Interfaces(cloud)
    return {
        "ec2.DescribeNetworkInterfaces": interfaces.describe,
        "ec2.AttachNetworkInterface": interfaces.attach,
        "ec2.DetachNetworkInterface": interfaces.detach,
        "ec2.ModifyNetworkInterfaceAttribute": interfaces.modify,
        "ec2.DeleteNetworkInterface": interfaces.delete,
    }


def lni_of(place: Place, instance_id: str) -> str | None:
    """The id of the instance's interface that really is an LNI. No AWS API tells (facts.md section 2)."""
    return next(
        (
            interface.id
            for interface in moto_state.interfaces(place)
            if interface.instance is not None and interface.instance.id == instance_id and is_lni(interface)
        ),
        None,
    )


def is_lni(interface: Any) -> bool:
    """Whether moto's interface is an LNI: decided once, when it was attached."""
    return getattr(interface, "lni", False)


def settle(interface: Any) -> None:
    """Decide what an interface that has just been attached is.

    It is an LNI when it sits in an Outposts server subnet and is attached at the subnet's index (facts.md
    section 2). Only server subnets ever have an index. Enabling the index later does not change what is
    attached already (Outposts servers user guide: the subnet must be enabled before the instance is launched).
    """
    index = getattr(interface.subnet, "lni_index", None)
    interface.lni = index is not None and interface.device_index == index


def release(interface: Any) -> None:
    """Detach an interface from an instance that is gone; it stays in the subnet as ``available``.

    Not moto's own detach: that takes it out of the instance, which moto then cannot describe any more.
    """
    interface.instance = interface.attachment_id = interface.attach_time = interface.device_index = None
    interface.status = "available"
    interface.lni = False


class _Interfaces:
    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud

    def describe(self, call: Call, proceed: Proceed) -> Answer:
        inner, passes = split(
            call,
            {
                "attachment.device-index": lambda i: i.get("Attachment", {}).get("DeviceIndex"),
                "attachment.delete-on-termination": lambda i: i.get("Attachment", {}).get(
                    "DeleteOnTermination"
                ),
                "attachment.status": lambda i: i.get("Attachment", {}).get("Status"),
                "outpost-arn": lambda i: i.get("OutpostArn"),
            },
        )
        answer = proceed(inner)
        described = [self._placed(call, interface) for interface in answer["NetworkInterfaces"]]
        return answer | {"NetworkInterfaces": [interface for interface in described if passes(interface)]}

    def attach(self, call: Call, proceed: Proceed) -> Answer:
        only(call, "NetworkInterfaceId", "InstanceId", "DeviceIndex")
        index, instance_id = call.params["DeviceIndex"], call.params["InstanceId"]
        instance = next((i for i in moto_state.instances(call) if i.id == instance_id), None)
        if instance is not None and index in instance.nics:
            # moto replaces the interface that is there.
            message = f"Instance '{instance_id}' already has an interface attached at device index '{index}'."
            raise AwsError("InvalidParameterValue", message)
        answer = proceed(call)
        settle(moto_state.backend(call).enis[call.params["NetworkInterfaceId"]])
        return answer

    def detach(self, call: Call, proceed: Proceed) -> Answer:
        only(call, "AttachmentId", "Force")
        attached = [i for i in moto_state.interfaces(call) if i.attachment_id == call.params["AttachmentId"]]
        answer = proceed(call)
        for interface in attached:
            interface.lni = False
        return answer

    def modify(self, call: Call, proceed: Proceed) -> Answer:
        """moto ignores Attachment, the only way to set DeleteOnTermination after a hot attach."""
        if "Attachment" not in call.params:
            return proceed(call)
        only(call, "NetworkInterfaceId", "Attachment")
        attachment = call.params["Attachment"]
        interface = moto_state.backend(call).enis.get(call.params["NetworkInterfaceId"])
        if interface is None or interface.attachment_id != attachment.get("AttachmentId"):
            message = f"The attachment '{attachment.get('AttachmentId')}' does not exist."
            raise AwsError("InvalidAttachmentID.NotFound", message)
        if set(attachment) != {"AttachmentId", "DeleteOnTermination"}:
            raise NotModelled(f"{sorted(attachment)} of {call.name}'s Attachment")
        interface.delete_on_termination = attachment["DeleteOnTermination"]
        return {}

    def delete(self, call: Call, proceed: Proceed) -> Answer:
        """moto deletes an interface under its instance."""
        interface_id = call.params["NetworkInterfaceId"]
        interface = moto_state.backend(call).enis.get(interface_id)
        if interface is not None and interface.attachment_id is not None:
            message = f"Network interface '{interface_id}' is currently in use."
            raise AwsError("InvalidParameterValue", message)
        return proceed(call)

    def _placed(self, call: Call, described: Answer) -> Answer:
        arn = outpost_arn(moto_state.subnet(call, described["SubnetId"]))
        return described | ({"OutpostArn": arn} if arn else {})
