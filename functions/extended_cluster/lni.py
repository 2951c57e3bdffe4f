"""Whether a subnet gets LNI enabled: the one evaluator, for the provisioning state and for the guard.

Pure: facts in, decision with its reason out. ``lni_subnet.py`` observes and acts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """The closed set of what may be decided about a subnet."""

    IGNORE = "ignore"  # no subnet of an Outposts server: not our business
    REPORT = "report"  # somebody else's choice: respected, and told
    NOT_READY = "not_ready"  # look again later
    NOTHING = "nothing"  # as wanted: zero writes
    ENABLE = "enable"
    REFUSE = "refuse"  # enabling is impossible or would break something


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetFacts:
    """What AWS says of a subnet now; of one that does not exist, only its id is known.

    state: EC2's SubnetState; outpost_arn: None for a subnet in the Region; hardware_type: ``SERVER`` or
    ``RACK`` (outposts GetOutpost, SupportedHardwareType), None without an Outpost; current_index: the device
    index of local network interfaces, None while LNI is off.
    """

    subnet_id: str
    exists: bool
    account_id: str
    state: str | None = None
    owner_id: str | None = None
    outpost_arn: str | None = None
    hardware_type: str | None = None
    current_index: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """reason: one sentence naming the subnet and the fact that decided."""

    action: Action
    reason: str


type Row = tuple[Callable[[SubnetFacts, int], bool], Action, str]

# The first row that holds decides. Sources: Outposts server user guide "Local network interfaces"
# (facts: ten facts, rows 8 and 9; LNI).
_TABLE: Final[tuple[Row, ...]] = (
    (lambda s, _: not s.exists, Action.IGNORE, "{s.subnet_id} does not exist"),
    (lambda s, _: s.outpost_arn is None, Action.IGNORE, "{s.subnet_id} is in the Region, not on an Outpost"),
    (
        lambda s, _: s.hardware_type != "SERVER",
        Action.IGNORE,
        "{s.subnet_id} is on {s.outpost_arn}, which is a {s.hardware_type} and not a server",
    ),
    # Only the subnet's owner may modify it.
    (
        lambda s, _: s.owner_id != s.account_id,
        Action.REPORT,
        "{s.subnet_id} belongs to account {s.owner_id}, which alone may modify it",
    ),
    # Index 0 is every instance's primary interface; ModifySubnetAttribute takes 1 and above.
    (
        lambda _, wanted: wanted < 1,
        Action.REFUSE,
        "device index {wanted} cannot be that of a local network interface on {s.subnet_id}: at least 1",
    ),
    (lambda s, _: s.state == "pending", Action.NOT_READY, "{s.subnet_id} is still pending"),
    (lambda s, _: s.state != "available", Action.REFUSE, "{s.subnet_id} is {s.state} and cannot be used"),
    (
        lambda s, wanted: s.current_index == wanted,
        Action.NOTHING,
        "{s.subnet_id} has LNI enabled at device index {wanted}",
    ),
    (
        lambda s, _: s.current_index is not None,
        Action.REPORT,
        "{s.subnet_id} has LNI enabled at device index {s.current_index} instead of {wanted}",
    ),
    (lambda *_: True, Action.ENABLE, "{s.subnet_id} on {s.outpost_arn} has no LNI enabled"),
)


def decide(facts: SubnetFacts, wanted_index: int) -> Decision:
    """The decision about one subnet. wanted_index: the device index that LNIs shall have."""
    action, reason = next((action, reason) for holds, action, reason in _TABLE if holds(facts, wanted_index))
    return Decision(action, reason.format(s=facts, wanted=wanted_index))
