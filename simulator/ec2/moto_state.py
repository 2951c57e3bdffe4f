"""What moto keeps about EC2, and what the layers write on its objects.

moto writes an attribute of its objects into the answers wherever the service model has a member of that name,
so what Outposts add lives there, once, and dies with the object:

    subnet.outpost_arn                   on an Outpost subnet
    subnet.lni_index                     the device index that holds now, or None
    subnet.enable_lni_at_device_index    the one that DescribeSubnets shows: it lags behind
    subnet.shown_write                   the number of the write that it shows
    instance.outpost_arn                 on an instance that runs on an Outpost
    interface.lni                        whether it is a local network interface: no API tells
    interface.disturbed                  whether the subnet's index was changed under it: no API tells
    interface.held_by                    the owner of what it is attached to, when that is an AWS service's
"""

from collections.abc import Iterable
from typing import Any

from moto.ec2.models import ec2_backends

from simulator.call import Place


def backend(place: Place) -> Any:
    """moto's EC2 of an account in a Region."""
    return ec2_backends[place.account][place.region]


def backends(region: str) -> list[Any]:
    """moto's EC2 of every account that has used the Region."""
    return [ec2_backends[account][region] for account in list(ec2_backends)]


def subnets(place: Place) -> list[Any]:
    """moto's subnets."""
    return [subnet for zone in backend(place).subnets.values() for subnet in zone.values()]


def subnet(place: Place, subnet_id: str | None) -> Any | None:
    """moto's subnet of that id."""
    found = (zone.get(subnet_id) for zone in backend(place).subnets.values())
    return next((subnet for subnet in found if subnet is not None), None)


def instances(place: Place) -> list[Any]:
    """moto's instances, terminated ones too."""
    return [i for reservation in backend(place).reservations.values() for i in reservation.instances]


def instance(place: Place, instance_id: str) -> Any | None:
    """moto's instance of that id."""
    return next((i for i in instances(place) if i.id == instance_id), None)


def security_groups(place: Place, ids: Iterable[str]) -> list[Any]:
    """moto's security groups of those ids that there are."""
    return [group for groups in backend(place).groups.values() for id_, group in groups.items() if id_ in ids]


def outpost_instances(place: Place) -> dict[str, Any]:
    """Id -> moto's instance, of those on an Outpost."""
    return {i.id: i for i in instances(place) if outpost_arn(i)}


def instances_on(outpost: str, region: str) -> list[Any]:
    """moto's instances of all accounts on an Outpost; outpost: its ARN."""
    reservations = [r for backend in backends(region) for r in backend.reservations.values()]
    return [i for reservation in reservations for i in reservation.instances if outpost_arn(i) == outpost]


def interfaces(place: Place) -> list[Any]:
    """moto's network interfaces."""
    return list(backend(place).enis.values())


def tags(place: Place, resource_id: str) -> dict[str, str]:
    """The tags of a resource; none if it does not exist."""
    return dict(backend(place).tags.get(resource_id, {}))


def outpost_arn(thing: Any) -> str | None:
    """The Outpost that a subnet or an instance is on; None in the Region."""
    arn: str | None = getattr(thing, "outpost_arn", None)
    return arn
