"""What the plan warns of: nothing here stops a run."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from extended_cluster.endpoint import EVERYONE
from extended_cluster.expected import DRILL_ROUNDS
from extended_cluster.types import ClusterFacts, ClusterSettings, NetworkFacts, OutpostFacts, ServerPlan, Spec

SUPPORT_DAYS: Final = 90
# EKS user guide, "VPC and subnet requirements": six at least, 16 recommended.
ENOUGH_ADDRESSES: Final = 16
# EKS user guide, "Amazon EKS on AWS Outposts" (facts: ten facts, row 10).
NOT_SUPPORTED: Final = (
    "EKS nodes on Outposts servers are not supported by AWS: EKS on Outposts is supported on racks only."
)


def of_support(cluster: ClusterFacts, today: date) -> list[str]:
    """Standard support ends within ``SUPPORT_DAYS``."""
    end = date.fromisoformat(cluster["endOfStandardSupport"])
    days = (end - today).days
    if days > SUPPORT_DAYS:
        return []
    return [
        f"Standard support for Kubernetes {cluster['version']} ends on {end.isoformat()}, in {days} days; "
        "EKS then upgrades the cluster by itself (upgrade policy STANDARD). Its nodes are yours to upgrade."
    ]


def of_zones(servers: Sequence[ServerPlan]) -> list[str]:
    """All servers of the request hang on one Availability Zone."""
    zones = {server["availabilityZone"] for server in servers}
    if len(zones) > 1:
        return []
    return [
        f"All servers of this request are anchored to the single Availability Zone {zones.pop()}: without it no "
        "node reaches the control plane."
    ]


def of_endpoint(settings: ClusterSettings) -> list[str]:
    """Everyone reaches the Kubernetes API, or the nodes perhaps do not."""
    told = []
    if EVERYONE in settings["publicCidrs"]:
        told.append(f"The Kubernetes API is open to the whole internet ({EVERYONE}), as the request asks.")
    elif not settings["endpointPrivate"]:
        # EKS user guide, "Cluster API server endpoint", limiting the public endpoint's CIDR blocks.
        told.append(
            "The private endpoint is off, so the nodes reach the Kubernetes API through the NAT gateway: its "
            "address must be among the public blocks, or no node joins."
        )
    return told


def of_network(cluster: ClusterFacts, network: NetworkFacts) -> list[str]:
    """Little room for the control plane's interfaces, or nodes that may not reach what they need."""
    told = [
        f"Subnet {subnet_id} has {free} free addresses; EKS recommends {ENOUGH_ADDRESSES} in every subnet of a cluster."
        for subnet_id, free in network["freeAddresses"].items()
        if free < ENOUGH_ADDRESSES and not cluster["exists"]
    ]
    route, table = network["defaultRoute"], network["routeTableId"]
    if route is None:
        wrong = "has no default route"
    elif route["state"] != "active":
        wrong = f"has a default route to {route['target']} that is {route['state']}"
    elif route["target"].startswith("igw-"):
        wrong = f"has its default route to {route['target']}, and nodes have no public address"
    else:
        return told
    return [
        *told,
        f"Route table {table} of the node subnets {wrong}: without VPC endpoints for images, EC2, STS and what else "
        "nodes call (EKS guide, private clusters), no node joins.",
    ]


def of_failure(spec: Spec, cluster: ClusterFacts) -> list[str]:
    """What a failure of this run would undo."""
    if spec["onFailure"] == "keep":
        return []
    if cluster["exists"]:
        return [
            f"Cluster {cluster['name']} exists, so onFailure rollback would undo nothing: what this run finishes is "
            "kept."
        ]
    return [
        f"If this run fails before cluster {cluster['name']} is complete, all that bears its tag is torn down, "
        "servers that were finished among it (onFailure rollback)."
    ]


def of_drill(spec: Spec) -> list[str]:
    """What the drill takes away, and for how long."""
    if spec["drill"] is None:
        return []
    drilled = [outpost for outpost in spec["outposts"] if outpost["metallb"]]
    told = [
        f"The drill ends {DRILL_ROUNDS} nodes of each server with metallb, one after the other, with what runs on them."
    ]
    return told + [
        f"{outpost['outpostId']} has one node: in the drill its address is away until the replacement is up."
        for outpost in drilled
        if outpost["nodes"]["desired"] == 1
    ]


def of_capacity(servers: Sequence[ServerPlan], outposts: Sequence[OutpostFacts]) -> list[str]:
    """What stays free on each server, and sizes that it can never reach."""
    told = []
    for server, outpost in zip(servers, outposts, strict=True):
        nodes, slots, where = server["nodes"], outpost["slots"], f"Outposts server {server['outpostId']}"
        reachable = slots["ours"] + slots["free"]
        if nodes["max"] > reachable:
            told.append(
                f"{where} has room for {reachable} node(s) of {server['instanceType']}, so its group cannot grow "
                f"to nodes.max {nodes['max']}."
            )
        missing = max(0, nodes["desired"] - slots["ours"])
        left = {
            kind: free - (missing if kind == server["instanceType"] else 0)
            for kind, free in outpost["freeSlots"].items()
        }
        unused = ", ".join(f"{count} of {kind}" for kind, count in sorted(left.items()) if count > 0)
        if unused:
            told.append(f"{where} keeps capacity left over: {unused}.")
    return told
