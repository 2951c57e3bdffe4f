"""Faults by rule: which calls fail, functions crash, events and messages go astray; all by the simulator's seed."""

from typing import TYPE_CHECKING

from simulator.call import Operation
from simulator.faults import messages

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """SQS's, for messages that come twice."""
    return messages.operations(cloud.faults)
