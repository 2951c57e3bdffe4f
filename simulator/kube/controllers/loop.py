"""The controllers of one cluster, run until nothing changes; what takes time is due at a moment of the clock.

They look whenever somebody asks the API, and when something is due. Nothing looks in between: what nobody sees need
not happen earlier, and latencies count from the moment that caused them where that is known (a node's joining).
"""

from typing import TYPE_CHECKING

from simulator.clock.kernel import Timer
from simulator.kube.controllers import (
    addons,
    election,
    eviction,
    metallb,
    namespaces,
    nodes,
    pods,
    probe,
    services,
    workloads,
)
from simulator.kube.resources import NODES

if TYPE_CHECKING:
    from simulator.kube.control_plane import ControlPlane

# A controller that never comes to rest is a defect of the simulator.
_ROUNDS = 50
_STEPS = (
    nodes.register,
    nodes.heartbeat,
    election.renew,
    eviction.taint,
    eviction.evict,
    namespaces.default_service_accounts,
    addons.addons,
    workloads.deployments,
    workloads.replica_sets,
    workloads.daemon_sets,
    pods.schedule,
    pods.start,
    namespaces.finish_pods,
    namespaces.collect_garbage,
    namespaces.finish_definitions,
    namespaces.finish_namespaces,
    workloads.tell_status,
    services.addresses,
    services.node_ports,
    services.endpoints,
    metallb.controller,
    metallb.speakers,
    probe.report,
)


class Controllers:
    """``changed`` is set by a step that changed something in a way that resourceVersions do not show."""

    def __init__(self, plane: "ControlPlane") -> None:
        self.plane, self.cloud, self.cluster = plane, plane.cloud, plane.cluster
        self.objects, self.store = plane.objects, plane.objects.store
        self.changed = False
        self.joined: dict[str, nodes.Member] = {}
        # Running probes by their pods' uids.
        self.probes: dict[str, probe.Progress] = {}
        # Add-on -> its ARN, version and configuration as they were applied last.
        self.applied: dict[str, tuple[str, str, str]] = {}
        self._due: dict[str, float] = {}
        self._timer: Timer | None = None
        self._closed = False
        self._seen: tuple[float, int, str] | None = None

    def run(self) -> None:
        """Everything that is due by now."""
        if self._closed:
            return
        self._look()
        for _ in range(_ROUNDS):
            before, self.changed = self.store.version, False
            for step in _STEPS:
                step(self)
            if self.store.version == before and not self.changed:
                break
        else:
            raise RuntimeError(f"the controllers of {self.cluster.name} do not come to rest")
        self._wake_up()

    def _look(self) -> None:
        """Ask about the instances, unless neither time has passed nor anything changed since: asking takes long."""
        seen = (self.cloud.clock.time(), self.cloud.changes, repr(self.cloud.guest.lan))
        if seen != self._seen:
            self._seen = seen
            nodes.look(self)

    def due(self, what: str, latency: str, since: float | None = None) -> bool:
        """Whether something that takes a while is over; it begins when first asked for, or at ``since``."""
        if what not in self._due:
            begun = self.cloud.clock.time() if since is None else since
            self._due[what] = round(begun + self.cloud.latency(latency, key=self.cluster.name), 3)
        return self._due[what] <= self.cloud.clock.time()

    def at(self, what: str, moment: float) -> bool:
        """Whether a moment has come."""
        self._due[what] = moment
        return moment <= self.cloud.clock.time()

    def forget(self, what: str) -> None:
        """Begin anew when it is asked for again."""
        self._due.pop(what, None)

    def ready_nodes(self) -> set[str]:
        """The names of the nodes that are Ready."""
        return {node["metadata"]["name"] for node in self.store.all(NODES) if nodes.is_ready(node)}

    def close(self) -> None:
        """Do nothing any more."""
        self._closed = True
        if self._timer:
            self._timer.cancel()

    def _wake_up(self) -> None:
        """One timer, for the next moment that something is due."""
        now = self.cloud.clock.time()
        waits = [moment - now for moment in self._due.values() if moment > now]
        joins = self.cloud.guest.seconds_to_next_join(self.cluster)
        waits += [] if joins is None else [joins]
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if waits:
            self._timer = self.cloud.clock.call_later(min(waits), self.plane.settle)
