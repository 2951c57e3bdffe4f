"""Network interfaces."""

from typing import TYPE_CHECKING, Any

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Proceed, only
from simulator.ec2 import moto_state
from simulator.ec2.interface_listing import describe_interfaces
from simulator.ec2.lni import is_of_service, settle, unsettle

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


def release(interface: Any) -> None:
    """Detach an interface from an instance that is gone; it stays in the subnet as ``available``.

    Not moto's own detach: that takes it out of the instance, which moto then cannot describe any more.
    """
    interface.instance = interface.attachment_id = interface.attach_time = interface.device_index = None
    interface.status = "available"
    unsettle(interface)


class _Interfaces:
    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud

    def describe(self, call: Call, proceed: Proceed) -> Answer:
        return describe_interfaces(call, proceed)

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
            unsettle(interface)
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
        if interface is not None and (interface.attachment_id is not None or is_of_service(interface)):
            message = f"Network interface '{interface_id}' is currently in use."
            raise AwsError("InvalidParameterValue", message)
        return proceed(call)
