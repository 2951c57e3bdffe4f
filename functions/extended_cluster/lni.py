"""Whether a subnet gets LNI enabled: the one evaluator, for the provisioning state, the events and the sweep.

Pure: facts in, decision with its reason out. ``lni_subnet.py`` and ``lni_scan.py`` observe, ``lni_subnet.py`` acts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from extended_cluster.lni_policy import Policy, Wish, wish
from extended_cluster.names import CLUSTER_TAG


class Action(StrEnum):
    """The closed set of what may be decided about a subnet."""

    IGNORE = "ignore"  # no subnet of an Outposts server: not our business
    SKIP = "skip"  # excluded by policy
    REPORT = "report"  # somebody else's choice, or tags that cannot be read: respected, and told
    LOOK = "look"  # a fact is missing that decides: the Outpost's kind, or the interfaces
    NOT_READY = "not_ready"  # look again later
    NOTHING = "nothing"  # as wanted: zero writes
    ENABLE = "enable"
    MOVE = "move"  # ours, at another index, and nothing is attached there
    CONFLICT = "conflict"  # an interface would become, or cease to be, a local network interface
    REFUSE = "refuse"  # enabling is impossible or would break something


WRITES: Final = frozenset({Action.ENABLE, Action.MOVE})
# The Outposts API model marks SupportedHardwareType as optional: an Outpost may not say what it is.
UNKNOWN: Final = "UNKNOWN"
# Decided about subnets that the policy is for: the sweep's share is counted of these.
ELIGIBLE: Final = WRITES | {Action.NOT_READY, Action.NOTHING, Action.CONFLICT, Action.REFUSE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A network interface in the subnet.

    device_index: None while it is attached to nothing; no_manage: tagged as the VPC CNI wants it of interfaces
    that it shall leave alone, so meant as a local network interface; resolver: of a Route 53 Resolver endpoint.
    """

    interface_id: str
    device_index: int | None
    no_manage: bool
    resolver: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetFacts:
    """What AWS says of a subnet now; of one that does not exist, only its id is known.

    state: EC2's SubnetState; outpost_arn: None for a subnet in the Region; hardware_type: ``SERVER`` or
    ``RACK`` (outposts GetOutpost, SupportedHardwareType) or UNKNOWN, None when it was not asked for; current_index: the
    device index of local network interfaces, None while LNI is off; interfaces: None when not asked for.
    """

    subnet_id: str
    exists: bool
    account_id: str
    state: str | None = None
    owner_id: str | None = None
    vpc_id: str | None = None
    outpost_arn: str | None = None
    hardware_type: str | None = None
    current_index: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    interfaces: tuple[Interface, ...] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """reason: one sentence naming the subnet and the fact that decided; device_index: the one that is wanted."""

    action: Action
    reason: str
    device_index: int | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """Facts and wish, and what the rows below ask of them."""

    subnet: SubnetFacts
    wish: Wish

    @property
    def ours(self) -> bool:
        return CLUSTER_TAG in self.subnet.tags

    @property
    def resolvers(self) -> str:
        return _names(each for each in self.subnet.interfaces or () if each.resolver)

    @property
    def in_the_way(self) -> str:
        """Attached at the wanted index and not meant as LNIs: enabling would turn them into LNIs."""
        wanted = self.wish.device_index
        return _names(
            each
            for each in self.subnet.interfaces or ()
            if each.device_index == wanted and not each.no_manage
        )

    @property
    def lnis(self) -> str:
        current = self.subnet.current_index
        return _names(
            each
            for each in self.subnet.interfaces or ()
            if current is not None and each.device_index == current
        )


type Row = tuple[Callable[[_Case], bool], Action, str]

# The first row that holds decides. Sources: Outposts server user guide "Local network interfaces"; Route 53 guide,
# subnets of Resolver endpoints (facts: ten facts, rows 2, 3, 8 and 9; LNI).
_TABLE: Final[tuple[Row, ...]] = (
    (lambda c: not c.subnet.exists, Action.IGNORE, "{s.subnet_id} does not exist"),
    (
        lambda c: c.subnet.outpost_arn is None,
        Action.IGNORE,
        "{s.subnet_id} is in the Region, not on an Outpost",
    ),
    (
        lambda c: c.subnet.hardware_type == UNKNOWN,
        Action.REPORT,
        "{s.subnet_id} is on {s.outpost_arn}, of which AWS does not say whether it is a server",
    ),
    (
        lambda c: c.subnet.hardware_type not in ("SERVER", None),
        Action.IGNORE,
        "{s.subnet_id} is on {s.outpost_arn}, which is a {s.hardware_type} and not a server",
    ),
    # Only the subnet's owner may modify it.
    (
        lambda c: c.subnet.owner_id != c.subnet.account_id,
        Action.REPORT,
        "{s.subnet_id} belongs to account {s.owner_id}, which alone may modify it",
    ),
    (lambda c: c.wish.unclear, Action.REPORT, "{s.subnet_id} is not touched: {w.reason}"),
    (lambda c: c.wish.device_index is None, Action.SKIP, "{s.subnet_id} is not touched: {w.reason}"),
    # After the policy, so that nothing more is asked about what it excludes.
    (lambda c: c.subnet.hardware_type is None, Action.LOOK, "is {s.outpost_arn} a server?"),
    # Index 0 is every instance's primary interface; ModifySubnetAttribute takes 1 and above.
    (
        lambda c: (c.wish.device_index or 0) < 1,
        Action.REFUSE,
        "device index {w.device_index} cannot be that of a local network interface on {s.subnet_id}: at least 1",
    ),
    (lambda c: c.subnet.state == "pending", Action.NOT_READY, "{s.subnet_id} is still pending"),
    (
        lambda c: c.subnet.state != "available",
        Action.REFUSE,
        "{s.subnet_id} is {s.state} and cannot be used",
    ),
    (
        lambda c: c.subnet.current_index == c.wish.device_index,
        Action.NOTHING,
        "{s.subnet_id} has LNI enabled at device index {w.device_index}",
    ),
    (
        lambda c: c.subnet.current_index is not None and not c.ours,
        Action.REPORT,
        "{s.subnet_id} has LNI enabled at device index {s.current_index} instead of {w.device_index}",
    ),
    (lambda c: c.subnet.interfaces is None, Action.LOOK, "what is attached in {s.subnet_id}?"),
    (
        lambda c: bool(c.resolvers),
        Action.REFUSE,
        "{s.subnet_id} holds Route 53 Resolver endpoint interfaces ({c.resolvers}), which LNI would stop",
    ),
    (
        lambda c: bool(c.in_the_way),
        Action.CONFLICT,
        "{s.subnet_id} has interfaces attached at device index {w.device_index} that LNI would turn into local "
        "network interfaces ({c.in_the_way})",
    ),
    (
        lambda c: bool(c.lnis),
        Action.CONFLICT,
        "{s.subnet_id} has LNI enabled at device index {s.current_index} instead of {w.device_index}, and local "
        "network interfaces attached there ({c.lnis})",
    ),
    (
        lambda c: c.subnet.current_index is not None,
        Action.MOVE,
        "{s.subnet_id} is ours and has LNI enabled at device index {s.current_index} instead of "
        "{w.device_index}, with nothing attached there",
    ),
    (lambda _: True, Action.ENABLE, "{s.subnet_id} on {s.outpost_arn} has no LNI enabled"),
)


def decide(facts: SubnetFacts, policy: Policy) -> Decision:
    """The decision about one subnet. LOOK when a fact decides that the facts do not have."""
    wanted = wish(policy, facts.vpc_id, facts.outpost_arn, facts.tags)
    case = _Case(facts, wanted)
    action, reason = next((action, reason) for holds, action, reason in _TABLE if holds(case))
    return Decision(action, reason.format(s=facts, w=wanted, c=case), wanted.device_index)


def _names(interfaces: Iterable[Interface]) -> str:
    return ", ".join(each.interface_id for each in interfaces)
