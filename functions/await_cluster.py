"""AwaitCluster: the control plane is ACTIVE; one look."""

from typing import Any

from extended_cluster import aws
from extended_cluster.cluster import described
from extended_cluster.errors import ClusterFailed, NotReadyYet
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{name} -> Cluster. NotReadyYet while it is being made, ClusterFailed with its health issues."""
    return look(aws.client("eks"), event["name"])


def look(eks: Any, name: str) -> Result:
    """What its nodes need of an ACTIVE cluster."""
    cluster = eks.describe_cluster(name=name)["cluster"]
    match cluster["status"]:
        case "ACTIVE" | "UPDATING":  # an updating control plane goes on serving (EKS guide "Update cluster")
            return {**described(cluster)}
        case "CREATING" | "PENDING" as status:
            raise NotReadyYet(f"Cluster {name} is {status}.")
        case status:
            raise ClusterFailed(
                f"Cluster {name} is {status}: {_issues(cluster)}.",
                do=f"Correct the cause, delete the cluster (aws eks delete-cluster --name {name}) "
                "and start the same request again.",
            )


def _issues(cluster: dict[str, Any]) -> str:
    found = cluster.get("health", {}).get("issues", [])
    return "; ".join(f"{issue['code']}: {issue['message']}" for issue in found) or "EKS names no health issue"
