"""Which network interfaces are local network interfaces (LNI), and which ones a change of the subnet's index hits.

An interface is an LNI when it sits in an Outposts server subnet and is attached at the subnet's index (facts.md
section 2). Only server subnets ever have an index. No AWS API tells either.
"""

from typing import Any

from simulator.call import Place
from simulator.ec2 import moto_state


def lni_of(place: Place, instance_id: str) -> str | None:
    """The id of the instance's interface that really is an LNI."""
    return next(
        (
            interface.id
            for interface in moto_state.interfaces(place)
            if interface.instance is not None and interface.instance.id == instance_id and is_lni(interface)
        ),
        None,
    )


def is_lni(interface: Any) -> bool:
    """Whether moto's interface is an LNI: decided when it was attached."""
    return getattr(interface, "lni", False)


def is_disturbed(interface: Any) -> bool:
    """Whether the subnet's index was changed under moto's interface, so that nobody can say what it is now."""
    return getattr(interface, "disturbed", False)


def settle(interface: Any) -> None:
    """Decide what an interface that has just been attached is."""
    index = getattr(interface.subnet, "lni_index", None)
    interface.lni = index is not None and interface.device_index == index
    interface.disturbed = False


def unsettle(interface: Any) -> None:
    """A detached interface is nothing."""
    interface.lni = interface.disturbed = False


def enable_lni(place: Place, subnet: Any, index: int | None) -> None:
    """Change the subnet's index; None disables.

    One index at a time: enabling another one moves it (the API has one member for it; assumed). The subnet must be
    enabled before an instance is launched (Outposts servers user guide), so an interface that is attached keeps
    what it is (assumed). What AWS does to one that is attached at the old or the new index is published nowhere:
    it is marked as disturbed, and so are a Route 53 Resolver endpoint's, which stop functioning (Route 53 API
    Reference, IpAddressRequest).
    """
    former, subnet.lni_index = subnet.lni_index, index
    if former == index:
        return
    for interface in moto_state.interfaces(place):
        if interface.subnet is not subnet:
            continue
        stopped = is_of_service(interface) and index is not None
        if stopped or (interface.instance is not None and interface.device_index in (former, index)):
            interface.disturbed = True


def is_of_service(interface: Any) -> bool:
    """Whether an AWS service holds moto's interface, attached to something of its own."""
    return getattr(interface, "held_by", None) is not None
