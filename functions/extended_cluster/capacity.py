"""A server's capacity by instance type, and the choice of the type that the nodes get."""

from collections.abc import Sequence
from dataclasses import dataclass

from extended_cluster.errors import InstanceTypeUnsupported, InsufficientCapacity
from extended_cluster.types import Architecture, OutpostSpec, Slots


@dataclass(frozen=True)
class Capacity:
    """One instance type on one server.

    total: configured; used: running, of every account; ours: running for our cluster.
    """

    instance_type: str
    vcpus: int
    architectures: tuple[str, ...]
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

    def can_run(self, desired: int) -> bool:
        """Whether the nodes still missing fit into the free slots."""
        return desired - self.ours <= self.free


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


def choose(wanted: OutpostSpec, capacities: Sequence[Capacity]) -> Capacity:
    """The type asked for; else the one our nodes run as already; else the largest with enough free slots.

    Keeping the type of running nodes lets the same request, started again, change nothing.
    """
    desired, asked = wanted["nodes"]["desired"], wanted["instanceType"]
    by_size = sorted(capacities, key=lambda capacity: (-capacity.vcpus, capacity.instance_type))
    candidates = (
        [capacity for capacity in by_size if capacity.instance_type == asked]
        or [capacity for capacity in by_size if capacity.ours]
        or by_size
    )
    for capacity in candidates:
        if capacity.can_run(desired):
            return capacity
    configured = "; ".join(
        f"{each.instance_type}: {each.free} of {each.total} slots free, {each.ours} of ours running"
        for each in by_size
    )
    of_type = f" of {candidates[0].instance_type}" if len(candidates) == 1 else " of any one type"
    raise InsufficientCapacity(
        f"Outposts server {wanted['outpostId']} has no room for {desired} node(s){of_type} ({configured}).",
        do="Ask for fewer nodes, name a type that fits as instanceType, end what else runs there, "
        "or reconfigure the server by a capacity task.",
    )
