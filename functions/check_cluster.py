"""CheckCluster: the cluster as it is, and the Kubernetes version it will have. Reads only."""

import os
from typing import Any, NamedTuple

from extended_cluster.aws import client
from extended_cluster.errors import ClusterConflict, KubernetesVersionUnsupported
from extended_cluster.find_cluster import find_cluster
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import CLUSTER_TAG, is_ours
from extended_cluster.types import ClusterFacts, ClusterSettings, Spec


@state
def handler(event: Event) -> Result:
    """{spec} -> ClusterFacts. Raises KubernetesVersionUnsupported and ClusterConflict."""
    stack = Stack(
        os.environ["VPC_ID"], os.environ["NODE_ROLE_ARN"], os.environ["CONTROL_PLANE_SECURITY_GROUP_ID"]
    )
    return {**check(event["spec"], stack, client("eks"))}


class Stack(NamedTuple):
    """What a cluster must fit. security_group_id: lets the functions that talk to Kubernetes reach it."""

    vpc_id: str
    node_role: str
    security_group_id: str


def check(spec: Spec, stack: Stack, eks: Any) -> ClusterFacts:
    """The cluster's facts. A version is accepted only in standard support: extended support costs more."""
    name, asked = spec["clusterName"], spec["kubernetesVersion"]
    offered = _in_standard_support(eks)
    if asked is not None:
        _require_offered(asked, offered, f"Kubernetes version {asked} was asked for")
    existing = find_cluster(eks, name)
    if existing is not None:
        _require_usable(existing, asked, stack.vpc_id)
        if spec["kubernetes"] == "verify":
            _require_reachable(existing, stack.security_group_id)
        version = existing["version"]
        _require_offered(version, offered, f"Cluster {name} exists with Kubernetes version {version}")
    else:
        version = asked or _default(offered)
    # What is still being created has neither yet.
    made = existing is not None and existing["status"] != "CREATING"
    entries = _all(eks, "list_access_entries", "accessEntries", name) if made else []
    return ClusterFacts(
        name=name,
        exists=existing is not None,
        status=existing["status"] if existing else None,
        version=version,
        versionSource="request" if asked else "existing" if existing else "default",
        endOfStandardSupport=offered[version]["endOfStandardSupportDate"].date().isoformat(),
        settings=_settings(existing) if existing else None,
        nodesMayEnter=stack.node_role in entries,
        accessEntries=entries,
        addons=_all(eks, "list_addons", "addons", name) if made else [],
    )


def _settings(cluster: dict[str, Any]) -> ClusterSettings:
    """What it was created with, or set to since."""
    vpc = cluster["resourcesVpcConfig"]
    keys = [config["provider"]["keyArn"] for config in cluster.get("encryptionConfig", [])]
    return ClusterSettings(
        endpointPrivate=vpc["endpointPrivateAccess"],
        # EKS keeps blocks that have no effect while the public endpoint is off.
        publicCidrs=sorted(vpc["publicAccessCidrs"]) if vpc["endpointPublicAccess"] else [],
        logTypes=sorted(
            kind
            for setup in cluster.get("logging", {}).get("clusterLogging", [])
            if setup["enabled"]
            for kind in setup["types"]
        ),
        secretsKmsKeyArn=keys[0] if keys else None,
        deletionProtection=cluster.get("deletionProtection", False),
    )


def _all(eks: Any, operation: str, member: str, cluster: str) -> list[str]:
    pages = eks.get_paginator(operation).paginate(clusterName=cluster)
    return sorted(item for page in pages for item in page[member])


def _in_standard_support(eks: Any) -> dict[str, dict[str, Any]]:
    pages = eks.get_paginator("describe_cluster_versions").paginate(versionStatus="STANDARD_SUPPORT")
    return {version["clusterVersion"]: version for page in pages for version in page["clusterVersions"]}


def _require_offered(version: str, offered: dict[str, dict[str, Any]], what: str) -> None:
    if version not in offered:
        raise KubernetesVersionUnsupported(
            f"{what}; EKS has in standard support: {', '.join(sorted(offered, key=_number))}.",
            do="Name one of these as kubernetesVersion, or upgrade the existing cluster first.",
        )


def _default(offered: dict[str, dict[str, Any]]) -> str:
    for version, information in offered.items():
        if information["defaultVersion"]:
            return version
    raise KubernetesVersionUnsupported(
        "EKS names no default version among those in standard support: "
        f"{', '.join(sorted(offered, key=_number))}.",
        do="Name one of these as kubernetesVersion.",
    )


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _require_usable(cluster: dict[str, Any], asked: str | None, vpc_id: str) -> None:
    name, status, version = cluster["name"], cluster["status"], cluster["version"]
    their_vpc = cluster["resourcesVpcConfig"]["vpcId"]
    if not is_ours(cluster.get("tags", {}), name):
        raise ClusterConflict(
            f"Cluster {name} exists and was not made by this application: it lacks the tag "
            f"{CLUSTER_TAG}={name}.",
            do="Choose another clusterName.",
        )
    if status in ("FAILED", "DELETING"):
        raise ClusterConflict(
            f"Cluster {name} exists and its status is {status}.",
            do="Wait until it is deleted (delete it if it failed), or choose another clusterName.",
        )
    if asked is not None and asked != version:
        raise ClusterConflict(
            f"Cluster {name} exists with Kubernetes version {version}, and {asked} was asked for.",
            do=f"Leave kubernetesVersion out or set it to {version}; clusters are not upgraded here.",
        )
    if their_vpc != vpc_id:
        raise ClusterConflict(
            f"Cluster {name} exists in {their_vpc}, and this stack's VPC is {vpc_id}.",
            do="Choose another clusterName, or start the state machine of the stack that owns that VPC.",
        )


def _require_reachable(cluster: dict[str, Any], security_group_id: str) -> None:
    name, groups = cluster["name"], cluster["resourcesVpcConfig"].get("securityGroupIds", [])
    if security_group_id not in groups:
        # UpdateClusterConfig replaces the list (EKS API reference).
        all_of_them = ",".join([*groups, security_group_id])
        raise ClusterConflict(
            f"Cluster {name} exists without the security group {security_group_id}, so the functions that "
            "prove it cannot reach its Kubernetes API.",
            do=f"Add it (aws eks update-cluster-config --name {name} --resources-vpc-config "
            f'securityGroupIds={all_of_them}) and start again, or ask for "kubernetes": "skip".',
        )
