"""The cluster's EKS add-ons: look, create what is missing, say how they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster.errors import AddonFailed, KubernetesVersionUnsupported
from extended_cluster.names import client_token, cluster_tags

# coredns is not among them: it never becomes ACTIVE without a node (facts: EKS).
BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
AFTER_NODES = ("coredns",)

_BROKEN = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "DELETING"})

type EksAddon = dict[str, Any]


def ensure(
    eks: Any, cluster: str, kubernetes_version: str, names: Sequence[str], tags: Mapping[str, str]
) -> list[EksAddon]:
    """The named add-ons as EKS describes them, the missing ones just created at their default version.

    An existing add-on is kept at its version. AddonFailed for one that EKS calls failed.
    """
    pages = eks.get_paginator("list_addons").paginate(clusterName=cluster)
    present = {name for page in pages for name in page["addons"]}
    addons = [
        _describe(eks, cluster, name)
        if name in present
        else _create(eks, cluster, kubernetes_version, name, tags)
        for name in names
    ]
    for addon in addons:
        if addon["status"] in _BROKEN:
            raise AddonFailed(
                f"Add-on {addon['addonName']} of cluster {cluster} is {addon['status']}: {issues(addon)}.",
                do=f"Correct the cause, delete the add-on (aws eks delete-addon --cluster-name {cluster} "
                f"--addon-name {addon['addonName']}) and start the same request again.",
            )
    return addons


def issues(addon: EksAddon) -> str:
    """The add-on's health issues in one line; says so when EKS names none."""
    found = addon.get("health", {}).get("issues", [])
    return "; ".join(f"{issue['code']}: {issue['message']}" for issue in found) or "EKS names no health issue"


def summary(addons: list[EksAddon]) -> list[dict[str, str]]:
    """``[{name, version, status}]``."""
    return [
        {"name": addon["addonName"], "version": addon["addonVersion"], "status": addon["status"]}
        for addon in addons
    ]


def _create(eks: Any, cluster: str, kubernetes_version: str, name: str, tags: Mapping[str, str]) -> EksAddon:
    try:
        addon: EksAddon = eks.create_addon(
            clusterName=cluster,
            addonName=name,
            addonVersion=_default_version(eks, name, kubernetes_version),
            clientRequestToken=client_token(cluster, f"addon/{name}"),
            tags=cluster_tags(cluster, tags),
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
