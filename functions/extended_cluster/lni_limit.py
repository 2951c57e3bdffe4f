"""The blast radius of a sweep: how much one may change. Pure."""

from dataclasses import dataclass
from typing import Final

from extended_cluster.errors import LimitExceeded

# Up to as many changes the share says nothing: of four subnets, one is already a quarter.
FEW: Final = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """changes: subnets and interfaces together; share: subnets, in percent of those that the policy is for."""

    changes: int
    share: int


def exceeded(limit: Limit, subnets: int, deletions: int, eligible: int) -> LimitExceeded | None:
    """What to tell when a sweep must not begin to write. subnets: to change; eligible: they are among."""
    changes = subnets + deletions
    if changes <= limit.changes and (subnets <= FEW or subnets * 100 <= limit.share * eligible):
        return None
    return LimitExceeded(
        f"The sweep would change {subnets} of {eligible} subnets and delete {deletions} interfaces; it may change "
        f"{limit.changes} in all, and {limit.share} percent of the subnets. It changed nothing.",
        do='Read what it would do (invoke the sweep with {"dryRun": true}). If it is right, deploy with greater '
        "MaxChanges and MaxChangesShare for one sweep.",
    )
