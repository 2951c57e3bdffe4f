"""The cluster's EKS add-ons: look, create what is missing, say how they are."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import vpc_cni
from extended_cluster.errors import AddonFailed, KubernetesVersionUnsupported
from extended_cluster.names import client_token, cluster_tags, is_ours

# coredns is not among them: it never becomes ACTIVE without a node (facts: EKS).
VPC_CNI = "vpc-cni"
BEFORE_NODES = (VPC_CNI, "kube-proxy", "eks-pod-identity-agent")
AFTER_NODES = ("coredns",)

_BROKEN = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "DELETING"})

type EksAddon = dict[str, Any]


def ensure(
    eks: Any,
    cluster: str,
    kubernetes_version: str,
    names: Sequence[str],
    tags: Mapping[str, str],
    local_cidrs: Sequence[str],
) -> list[EksAddon]:
    """The named add-ons as EKS describes them, the missing ones just created at their default version.

    An existing add-on is kept at its version; vpc-cni's configuration is completed if the add-on is ours by
    tag. AddonFailed for one that EKS calls failed.
    """
    pages = eks.get_paginator("list_addons").paginate(clusterName=cluster)
    present = {name for page in pages for name in page["addons"]}
    addons = [
        _describe(eks, cluster, name)
        if name in present
        else _create(eks, cluster, kubernetes_version, name, tags, local_cidrs)
        for name in names
    ]
    for addon in addons:
        if addon["status"] in _BROKEN:
            raise AddonFailed(
                f"Add-on {addon['addonName']} of cluster {cluster} is {addon['status']}: {issues(addon)}.",
                do=f"Correct the cause, delete the add-on (aws eks delete-addon --cluster-name {cluster} "
                f"--addon-name {addon['addonName']}) and start the same request again.",
            )
    return [
        _configured(eks, cluster, addon, local_cidrs) if addon["addonName"] == VPC_CNI else addon
        for addon in addons
    ]


def issues(addon: EksAddon) -> str:
    """The add-on's health issues in one line; says so when EKS names none."""
    found = addon.get("health", {}).get("issues", [])
    return "; ".join(f"{issue['code']}: {issue['message']}" for issue in found) or "EKS names no health issue"


def summary(addons: list[EksAddon]) -> list[dict[str, str]]:
    """``[{name, version, status}]``, and ``remark`` where something was left as it is."""
    return [
        {"name": addon["addonName"], "version": addon["addonVersion"], "status": addon["status"]}
        | ({"remark": addon["remark"]} if "remark" in addon else {})
        for addon in addons
    ]


def _configured(eks: Any, cluster: str, addon: EksAddon, local_cidrs: Sequence[str]) -> EksAddon:
    """vpc-cni with the configuration that it needs here: given now, or left alone with a remark."""
    existing = addon.get("configurationValues", "")
    wanted = vpc_cni.configuration(local_cidrs, existing)
    if wanted is not None and json.loads(wanted) == json.loads(existing or "{}"):
        return addon
    if wanted is None or not is_ours(addon.get("tags", {}), cluster):
        why = "is not ours by tag"
        if wanted is None:
            # Nothing to merge with: what a new add-on would get.
            why, wanted = "has no JSON of the known form", vpc_cni.configuration(local_cidrs)
        return {**addon, "remark": f"it {why}, so its configuration was left; it should hold {wanted}"}
    if addon["status"] not in ("ACTIVE", "DEGRADED"):
        return addon  # EKS changes one thing at a time; EnsureCoreDns looks again
    try:
        eks.update_addon(
            clusterName=cluster,
            addonName=VPC_CNI,
            configurationValues=wanted,
            resolveConflicts="OVERWRITE",
            clientRequestToken=client_token(cluster, f"addon/{VPC_CNI}/{addon['modifiedAt']}/{wanted}"),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":  # another run was faster
            raise
    return _describe(eks, cluster, VPC_CNI)


def _create(
    eks: Any,
    cluster: str,
    kubernetes_version: str,
    name: str,
    tags: Mapping[str, str],
    local_cidrs: Sequence[str],
) -> EksAddon:
    # vpc-cni must be right before the first node starts it.
    values = vpc_cni.configuration(local_cidrs) if name == VPC_CNI else None
    try:
        addon: EksAddon = eks.create_addon(
            clusterName=cluster,
            addonName=name,
            addonVersion=_default_version(eks, name, kubernetes_version),
            clientRequestToken=client_token(cluster, f"addon/{name}"),
            tags=cluster_tags(cluster, tags),
            **({"configurationValues": values} if values else {}),
        )["addon"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":  # another run was faster
            raise
        return _describe(eks, cluster, name)
    return addon


def _describe(eks: Any, cluster: str, name: str) -> EksAddon:
    addon: EksAddon = eks.describe_addon(clusterName=cluster, addonName=name)["addon"]
    return addon


def _default_version(eks: Any, name: str, kubernetes_version: str) -> str:
    pages = eks.get_paginator("describe_addon_versions").paginate(
        addonName=name, kubernetesVersion=kubernetes_version
    )
    for page in pages:
        for addon in page["addons"]:
            for version in addon["addonVersions"]:
                if any(
                    fit["clusterVersion"] == kubernetes_version and fit["defaultVersion"]
                    for fit in version["compatibilities"]
                ):
                    default: str = version["addonVersion"]
                    return default
    raise KubernetesVersionUnsupported(
        f"EKS has no default version of add-on {name} for Kubernetes {kubernetes_version}.",
        do="Ask for another kubernetesVersion.",
    )
