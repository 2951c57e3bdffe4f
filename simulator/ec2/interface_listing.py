"""DescribeNetworkInterfaces: filters and pages on moto's objects, the descriptions by moto."""

from collections.abc import Callable
from typing import Any

from simulator.call import Answer, AwsError, Call, NotModelled, Proceed, only
from simulator.ec2 import moto_state
from simulator.ec2.filters import chosen
from simulator.ec2.lni import is_of_service
from simulator.ec2.moto_state import outpost_arn
from simulator.ec2.pages import page


def _holder(interface: Any) -> str:
    return str(interface.held_by if is_of_service(interface) else interface.instance.owner_id)


def _attachment_id(interface: Any) -> str:
    # Services' attachments are called so in public examples; the rest of the id is assumed.
    held = is_of_service(interface)
    return str(interface.id.replace("eni-", "ela-attach-") if held else interface.attachment_id)


def _when_attached(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda interface: (
        read(interface) if interface.attachment_id is not None or is_of_service(interface) else None
    )


# EC2 API Reference, DescribeNetworkInterfaces: those of public and IPv6 addresses and of operators left out.
_READERS: dict[str, Callable[[Any], Any]] = {
    "addresses.private-ip-address": lambda i: [a["PrivateIpAddress"] for a in i.private_ip_addresses],
    "attachment.attachment-id": _when_attached(_attachment_id),
    "attachment.delete-on-termination": _when_attached(lambda i: bool(i.delete_on_termination)),
    "attachment.device-index": _when_attached(lambda i: i.device_index),
    "attachment.instance-id": lambda i: i.instance.id if i.instance else None,
    "attachment.instance-owner-id": _when_attached(_holder),
    "attachment.status": _when_attached(lambda _: "attached"),
    "availability-zone": lambda i: i.availability_zone,
    "description": lambda i: i.description,
    "group-id": lambda i: [group.id for group in i.group_set],
    "interface-type": lambda i: i.interface_type,
    "mac-address": lambda i: i.mac_address,
    "network-interface-id": lambda i: i.id,
    "outpost-arn": lambda i: outpost_arn(i.subnet),
    "owner-id": lambda i: i.owner_id,
    "private-ip-address": lambda i: [a["PrivateIpAddress"] for a in i.private_ip_addresses],
    "requester-id": lambda i: i.requester_id,
    "requester-managed": lambda i: bool(i.requester_managed),
    "status": lambda i: i.status,
    "subnet-id": lambda i: i.subnet.id,
    "vpc-id": lambda i: i.subnet.vpc_id,
}
# "If you have a large number of network interfaces, the operation fails unless you use pagination or one of the
# following filters" (API reference). How large is not told.
_NARROW = {"group-id", "mac-address", "private-dns-name", "private-ip-address", "subnet-id", "vpc-id"}
_LARGE = 1000
# moto looks for every id it is given among all: a few at a time keep that short.
_AT_A_TIME = 100


def describe_interfaces(call: Call, proceed: Proceed) -> Answer:
    """The account's interfaces."""
    only(call, "NetworkInterfaceIds", "Filters", "MaxResults", "NextToken")
    wanted = call.params.get("NetworkInterfaceIds", [])
    if wanted and "MaxResults" in call.params:
        # "You cannot specify this parameter and the network interface IDs parameter in the same request" (API
        # model); code and wording as EC2 has them for instances.
        message = "The parameter networkInterfaceIdSet cannot be used with the parameter maxResults"
        raise AwsError("InvalidParameterCombination", message)
    known = moto_state.backend(call).enis
    for interface_id in wanted:
        if interface_id not in known:
            message = f"The networkInterface ID '{interface_id}' does not exist"
            raise AwsError("InvalidNetworkInterfaceID.NotFound", message)
    found = [known[interface_id] for interface_id in wanted] or moto_state.interfaces(call)
    _refuse_too_many(call, len(found))
    passed = chosen(call, found, _READERS, lambda interface: moto_state.tags(call, interface.id))
    part, more = page(call, passed, lambda interface: str(interface.id))
    return {"NetworkInterfaces": _described(call, part, proceed), **more}


def _refuse_too_many(call: Call, count: int) -> None:
    paged = {"MaxResults", "NextToken"} & set(call.params)
    narrow = _NARROW & {entry["Name"] for entry in call.params.get("Filters", [])}
    if count > _LARGE and not paged and not narrow and "NetworkInterfaceIds" not in call.params:
        raise NotModelled(f"{call.name} of {count} interfaces at once: AWS may let it fail, ask for pages")


def _described(call: Call, interfaces: list[Any], proceed: Proceed) -> list[Answer]:
    described: dict[str, Answer] = {}
    for start in range(0, len(interfaces), _AT_A_TIME):
        ids = [interface.id for interface in interfaces[start : start + _AT_A_TIME]]
        answer = proceed(call.asking("ec2", "DescribeNetworkInterfaces", NetworkInterfaceIds=ids))
        described |= {seen["NetworkInterfaceId"]: seen for seen in answer["NetworkInterfaces"]}
    return [described[interface.id] | _added(interface) for interface in interfaces]


def _added(interface: Any) -> Answer:
    """What moto leaves out: the Outpost, and what a service's interface is attached to."""
    arn = outpost_arn(interface.subnet)
    added: Answer = {"OutpostArn": arn} if arn else {}
    if is_of_service(interface):
        added["Attachment"] = {
            "AttachmentId": _attachment_id(interface),
            "DeleteOnTermination": False,
            "DeviceIndex": interface.device_index,
            "InstanceOwnerId": _holder(interface),
            "NetworkCardIndex": 0,
            "Status": "attached",
        }
    return added
