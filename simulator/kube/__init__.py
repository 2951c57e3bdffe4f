"""The Kubernetes API of every cluster that EKS calls ACTIVE."""

from typing import TYPE_CHECKING

from simulator.kube.control_plane import ControlPlane

if TYPE_CHECKING:
    from simulator.cloud import Cloud
    from simulator.eks.records import Cluster

__all__ = ["ControlPlane", "ControlPlanes"]


class ControlPlanes:
    """The control planes by cluster name."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._running: dict[str, ControlPlane] = {}

    def open(self, cluster: "Cluster") -> str:
        """Start a cluster's; returns its endpoint, ``https://127.0.0.1:PORT``."""
        plane = self._running[cluster.name] = ControlPlane(self._cloud, cluster)
        return plane.endpoint

    def close(self, cluster: "Cluster") -> None:
        """End a cluster's, if it has one: its address answers no more."""
        if plane := self._running.pop(cluster.name, None):
            plane.close()

    def of(self, name: str) -> ControlPlane:
        """A running one."""
        return self._running[name]
