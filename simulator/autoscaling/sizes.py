"""The rules about a group's sizes and subnets, in Auto Scaling's words."""

from typing import TYPE_CHECKING

from simulator.autoscaling.group import Group
from simulator.call import AwsError
from simulator.ec2 import moto_state

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def invalid(message: str) -> AwsError:
    """Auto Scaling's error for nearly everything."""
    return AwsError("ValidationError", message)


def check_bounds(least: int, most: int, desired: int) -> None:
    """Min <= desired <= max."""
    if least > most:
        raise invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if not least <= desired <= most:
        raise invalid(
            f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        )


def check_desired(group: Group, desired: int) -> None:
    """The same for SetDesiredCapacity, which words it otherwise."""
    if desired > group.most:
        raise invalid(
            f"New SetDesiredCapacity value {desired} is above max value {group.most} for the AutoScalingGroup."
        )
    if desired < group.least:
        raise invalid(
            f"New SetDesiredCapacity value {desired} is below min value {group.least} for the AutoScalingGroup."
        )


def check_decrement(group: Group) -> None:
    """An instance may leave without replacement only while the minimum holds."""
    if group.desired <= group.least:
        raise invalid(
            f"Currently, desiredSize equals minSize ({group.least}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
            "group's min size."
        )


def subnets(cloud: "Cloud", vpc_zone_identifier: str) -> dict[str, str]:
    """Subnet id -> Availability Zone, of a VPCZoneIdentifier."""
    zones = {}
    for subnet_id in vpc_zone_identifier.replace(" ", "").split(","):
        subnet = moto_state.subnet(cloud, subnet_id)
        if subnet is None:
            raise invalid(f"The subnet ID '{subnet_id}' does not exist")
        zones[subnet_id] = subnet.availability_zone
    return zones
