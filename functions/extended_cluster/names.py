"""Names, ownership tags and client tokens, all derived from the cluster's name and the Outpost's id."""

import hashlib
from collections.abc import Mapping

CLUSTER_TAG = "eks-outposts-servers:cluster"
OUTPOST_TAG = "eks-outposts-servers:outpost"
# What the owner of a subnet tells the guard: enabled or disabled, and a device index of the subnet's own.
LNI_TAG = "eks-outposts-servers:lni"
LNI_INDEX_TAG = "eks-outposts-servers:lni-device-index"
# The sweep's first look at an interface of ours that is attached to nothing: ISO 8601, UTC.
ORPHANED_TAG = "eks-outposts-servers:orphaned-since"
# What lasts for one run only: the access entries of the functions that talk to Kubernetes.
ACCESS_TAG = "eks-outposts-servers:access"
RUN_ACCESS = "run"
# The VPC CNI leaves interfaces alone that carry exactly this tag and value:
# amazon-vpc-cni-k8s pkg/ipamd/ipamd.go (facts: ten facts, row 3).
NO_MANAGE_TAG = "node.k8s.amazonaws.com/no_manage"
# Which Services MetalLB serves; any other class, or none, is not its business (Kubernetes, "Service",
# loadBalancerClass).
LOAD_BALANCER_CLASS = "eks-outposts-servers/metallb"
METALLB_NAMESPACE = "metallb-system"
METALLB_VERSION = "v0.16.1"
# Where each server's network attachment is, for pods of any namespace to name.
POD_NETWORKS_NAMESPACE = "eks-outposts-servers"
MULTUS_VERSION = "v4.3.0"
WHEREABOUTS_VERSION = "v0.9.4"
# On every Kubernetes object that we make and keep (Kubernetes, "Recommended labels"); what lacks it is another's.
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
MANAGED_BY = "eks-outposts-servers"

# Which of the pods that we make one is, where a selector must tell.
COMPONENT_LABEL = "eks-outposts-servers/component"

# Set on a node once VerifyLni has seen its LNI; MetalLB announces from these nodes alone.
LNI_READY_LABEL = "eks-outposts-servers/lni"
LNI_READY = "ready"

type Tags = dict[str, str]


def cluster_tags(cluster: str, extra: Mapping[str, str]) -> Tags:
    """The tags of a resource that belongs to the whole cluster; ours win over the request's."""
    return {**extra, CLUSTER_TAG: cluster}


def server_tags(cluster: str, outpost_id: str, extra: Mapping[str, str]) -> Tags:
    """The tags of a resource that belongs to one server of the cluster."""
    return {**cluster_tags(cluster, extra), OUTPOST_TAG: outpost_id, "Name": server_name(cluster, outpost_id)}


def server_name(cluster: str, outpost_id: str) -> str:
    """The name of what one server has exactly one of: launch template, Auto Scaling group, subnet."""
    return f"{cluster}-{outpost_id}"


def is_ours(tags: Mapping[str, str], cluster: str) -> bool:
    """Whether a resource with these tags was made for this cluster."""
    return tags.get(CLUSTER_TAG) == cluster


def client_token(cluster: str, step: str) -> str:
    """The same token for the same step of the same cluster: 64 hexadecimal digits.

    EKS takes 33 to 126 characters (CreateCluster's own refusal says so), EC2 at most 64.
    """
    return hashlib.sha256(f"{cluster}/{step}".encode()).hexdigest()


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as EC2 and Auto Scaling spell them: ``[{"Key": ..., "Value": ...}]``."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def as_dict(tags: list[dict[str, str]] | None) -> Tags:
    """The reverse of ``as_list``; no tags at all is an empty dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags or []}
