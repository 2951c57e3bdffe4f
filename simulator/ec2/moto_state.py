"""What moto keeps about EC2, and what the layers write on its objects.

moto writes an attribute of its objects into the answers wherever the service model has a member of that name,
so what Outposts add lives there, once, and dies with the object:

    subnet.outpost_arn                   on an Outpost subnet
    subnet.lni_index                     the device index that holds now, or None
    subnet.enable_lni_at_device_index    the one that DescribeSubnets shows: it lags behind
    instance.outpost_arn                 on an instance that runs on an Outpost
    interface.lni                        whether it is a local network interface: no API tells
"""

from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def backend(cloud: "Cloud") -> Any:
    """moto's EC2 of the account and Region."""
    return ec2_backends[cloud.account][cloud.region]


def subnet(cloud: "Cloud", subnet_id: str | None) -> Any | None:
    """moto's subnet of that id."""
    found = (zone.get(subnet_id) for zone in backend(cloud).subnets.values())
    return next((subnet for subnet in found if subnet is not None), None)


def instances(cloud: "Cloud") -> list[Any]:
    """moto's instances, terminated ones too."""
    return [i for reservation in backend(cloud).reservations.values() for i in reservation.instances]


def outpost_instances(cloud: "Cloud") -> dict[str, Any]:
    """Id -> moto's instance, of those on an Outpost."""
    return {i.id: i for i in instances(cloud) if outpost_arn(i)}


def interfaces(cloud: "Cloud") -> list[Any]:
    """moto's network interfaces."""
    return list(backend(cloud).enis.values())


def outpost_arn(thing: Any) -> str | None:
    """The Outpost that a subnet or an instance is on; None in the Region."""
    arn: str | None = getattr(thing, "outpost_arn", None)
    return arn
