"""DeleteCluster: the control plane is gone, with its add-ons and access entries."""

from typing import Any

from extended_cluster import aws, teardown
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName} -> {}. NotReadyYet while it is made or goes; TeardownIncomplete when EKS refuses."""
    delete(aws.client("eks"), event["clusterName"])
    return {}


def delete(eks: Any, name: str) -> None:
    """One that is not ours is as none. One being made cannot be deleted before it is made (EKS API)."""
    cluster = teardown.our_cluster(eks, name)
    busy = cluster is not None and cluster["status"] in ("CREATING", "DELETING")

    def delete_one(name: str) -> None:
        if not busy:
            eks.delete_cluster(name=name)

    teardown.sweep("EKS cluster", [name] if cluster else [], delete_one)
