"""FindResources: everything that bears the cluster's mark, and whether EKS lets it be deleted. Reads only."""

from typing import Any

from extended_cluster import aws, teardown
from extended_cluster.errors import DeletionProtected
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName} -> {found: {kind: [name]}}. DeletionProtected before anything is touched."""
    name = event["clusterName"]
    autoscaling, ec2, eks = aws.client("autoscaling"), aws.client("ec2"), aws.client("eks")
    refuse_protected(teardown.our_cluster(eks, name), name)
    return {"found": teardown.everything(autoscaling, ec2, eks, name)}


def refuse_protected(cluster: dict[str, Any] | None, name: str) -> None:
    """Deletion protection was asked for by a person, and only a person lifts it."""
    if cluster is not None and cluster.get("deletionProtection"):
        raise DeletionProtected(
            f"Cluster {name} has deletion protection on, so nothing of it was deleted.",
            do=f"Lift it (aws eks update-cluster-config --name {name} --no-deletion-protection) "
            "and start teardown again.",
        )
