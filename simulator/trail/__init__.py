"""Changing calls become CloudTrail events, and EventBridge delivers them."""

from typing import TYPE_CHECKING

from simulator.call import Operation
from simulator.trail import cloudtrail, eventbridge
from simulator.trail.cloudtrail import layer

if TYPE_CHECKING:
    from simulator.cloud import Cloud

__all__ = ["layer", "operations"]


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Both services' operations; makes ``cloud.events``."""
    return {**cloudtrail.operations(cloud), **eventbridge.operations(cloud)}
