"""A server's capacity by instance type, the choice of the type that the nodes get, and how long room is waited for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extended_cluster.errors import InstanceTypeUnsupported
from extended_cluster.types import Architecture, OutpostSpec, Slots


@dataclass(frozen=True)
class Room:
    """One instance type on one server.

    total: configured; used: running, of every account; ours: running for our cluster.
    """

    instance_type: str
    total: int
    used: int
    ours: int

    @property
    def free(self) -> int:
        """Slots that nothing runs in; more can run than configured while a capacity task is under way."""
        return max(0, self.total - self.used)

    @property
    def slots(self) -> Slots:
        """The counts as the facts carry them."""
        return Slots(total=self.total, used=self.used, free=self.free, ours=self.ours)

    @property
    def reachable(self) -> int:
        """How many nodes of ours can run as this type: those that do, and one for every free slot."""
        return self.ours + self.free

    def can_run(self, desired: int) -> bool:
        """Whether the nodes still missing fit into the free slots."""
        return desired <= self.reachable


@dataclass(frozen=True)
class Capacity(Room):
    """A type's room, with what EC2 says of the type."""

    vcpus: int
    architectures: tuple[str, ...]

    @property
    def architecture(self) -> Architecture:
        """The architecture its images need."""
        if "arm64" in self.architectures:
            return "arm64"
        if "x86_64" in self.architectures:
            return "x86_64"
        raise InstanceTypeUnsupported(
            f"EC2 gives {self.instance_type} the architectures {', '.join(self.architectures)}, "
            "and EKS nodes need x86_64 or arm64.",
            do="Name an instanceType of one of these.",
        )


def require_configured(outpost_id: str, asked: str | None, launchable: Sequence[str]) -> None:
    """Refuse a type that the server is not configured for, or a server configured for none."""
    if not launchable:
        raise InstanceTypeUnsupported(
            f"Outposts server {outpost_id} is configured for no instance type at all.",
            do="Configure it by a capacity task (Outposts user guide, server capacity), then start again.",
        )
    if asked is not None and asked not in launchable:
        raise InstanceTypeUnsupported(
            f"Outposts server {outpost_id} is not configured for {asked}, but for "
            f"{', '.join(sorted(launchable))}.",
            do="Name one of these as instanceType, or reconfigure the server by a capacity task.",
        )


def by_size(capacities: Iterable[Capacity]) -> list[Capacity]:
    """The largest first."""
    return sorted(capacities, key=lambda capacity: (-capacity.vcpus, capacity.instance_type))


def candidates(wanted: OutpostSpec, capacities: Sequence[Capacity]) -> list[Capacity]:
    """The types that the nodes may get: the one asked for; else those our nodes run as already; else all.

    Keeping the type of running nodes lets the same request, started again, change nothing.
    """
    return (
        [capacity for capacity in capacities if capacity.instance_type == wanted["instanceType"]]
        or [capacity for capacity in capacities if capacity.ours]
        or list(capacities)
    )


def choose(wanted: OutpostSpec, capacities: Sequence[Capacity]) -> Capacity | None:
    """The first of the candidates with enough free slots, if any has; capacities: the largest first."""
    desired = wanted["nodes"]["desired"]
    return next((each for each in candidates(wanted, capacities) if each.can_run(desired)), None)


def waits_on(minutes: int, look: int, interval_seconds: int) -> bool:
    """Whether room is waited for a while longer. look: how often this state has been retried, at that interval.

    The looks are counted because a function's clock is not the state machine's.
    """
    return look * interval_seconds < minutes * 60
