"""Which nodes have joined a cluster.

The guest layer (what an instance's user data really does) will replace this file: until it exists, an instance
that could join is taken to join. Nothing else in this package knows how a node joins.
"""

from typing import TYPE_CHECKING, Any

from simulator.eks.cluster_network import EKS
from simulator.eks.principals import profile_roles
from simulator.eks.records import Cluster

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def joined_nodes(cloud: "Cloud", cluster: Cluster) -> list[str]:
    """The ids of the instances that are nodes of the cluster now.

    A running instance joins a while (latency ``eks.node.join``) after it was first seen here to fulfil what a
    self-managed node needs (user guide, self-managed nodes; facts.md section 4), assumed to be enough: it is in
    an Outpost subnet (Region nodes are not modelled), tagged ``kubernetes.io/cluster/<name>=owned``, its
    profile's role has an access entry of type EC2_LINUX, its first interface has the cluster security group.
    """
    now = cloud.clock.time()
    able = [
        instance["InstanceId"]
        for instance in _instances(cloud, cluster)
        if _can_join(cloud, cluster, instance)
    ]
    for gone in set(cluster.node_ready_at) - set(able):
        del cluster.node_ready_at[gone]
    for instance_id in able:
        if instance_id not in cluster.node_ready_at:
            cluster.node_ready_at[instance_id] = now + cloud.latency("eks.node.join", key=cluster.name)
    return [instance_id for instance_id in able if cluster.node_ready_at[instance_id] <= now]


def seconds_to_next_join(cloud: "Cloud", cluster: Cluster) -> float | None:
    """How long until the next node joins of those that ``joined_nodes`` saw on their way; None if there is none."""
    now = cloud.clock.time()
    return min((ready - now for ready in cluster.node_ready_at.values() if ready > now), default=None)


def _instances(cloud: "Cloud", cluster: Cluster) -> list[dict[str, Any]]:
    if all(entry.type != "EC2_LINUX" for entry in cluster.entries.values()):
        return []  # nobody could join, so EC2 need not be asked
    pages = (
        cloud.client("ec2", EKS)
        .get_paginator("describe_instances")
        .paginate(
            Filters=[
                {"Name": f"tag:kubernetes.io/cluster/{cluster.name}", "Values": ["owned"]},
                {"Name": "instance-state-name", "Values": ["running"]},
            ]
        )
    )
    return [
        instance
        for found in pages
        for reservation in found["Reservations"]
        for instance in reservation["Instances"]
    ]


def _can_join(cloud: "Cloud", cluster: Cluster, instance: dict[str, Any]) -> bool:
    return (
        _has_cluster_group(cluster, instance)
        and _has_access(cloud, cluster, instance)
        and _on_outpost(cloud, instance)
    )


def _has_cluster_group(cluster: Cluster, instance: dict[str, Any]) -> bool:
    return any(
        group["GroupId"] == cluster.security_group_id
        for interface in instance.get("NetworkInterfaces", [])
        if interface["Attachment"]["DeviceIndex"] == 0
        for group in interface["Groups"]
    )


def _has_access(cloud: "Cloud", cluster: Cluster, instance: dict[str, Any]) -> bool:
    profile = instance.get("IamInstanceProfile")
    roles = profile_roles(cloud, profile["Arn"]) if profile else []
    return any(role in cluster.entries and cluster.entries[role].type == "EC2_LINUX" for role in roles)


def _on_outpost(cloud: "Cloud", instance: dict[str, Any]) -> bool:
    subnets = cloud.client("ec2", EKS).describe_subnets(SubnetIds=[instance["SubnetId"]])["Subnets"]
    return bool(subnets[0].get("OutpostArn"))
