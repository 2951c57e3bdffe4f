"""A CreateCluster request's settings, checked and filled in as DescribeCluster returns them."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.call import AwsError, Call, NotModelled, only
from simulator.eks import principals

if TYPE_CHECKING:
    from simulator.cloud import Cloud

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9\-_]{0,99}")  # API model, ClusterName


def check_request(call: Call) -> None:
    """What can be said without looking at anything else."""
    if "outpostConfig" in call.params:
        raise NotModelled("outpostConfig of eks.CreateCluster: local clusters do not run on Outposts servers")
    only(
        call,
        "name",
        "version",
        "roleArn",
        "resourcesVpcConfig",
        "kubernetesNetworkConfig",
        "logging",
        "clientRequestToken",
        "tags",
        "encryptionConfig",
        "accessConfig",
        "bootstrapSelfManagedAddons",
        "upgradePolicy",
        "deletionProtection",
    )
    if not _NAME.fullmatch(call.params["name"]):
        # Pattern: API model, ClusterName; wording assumed.
        raise _invalid(
            f"The cluster name {call.params['name']} must match ^[0-9A-Za-z][A-Za-z0-9-_]*, up to 100"
        )
    token = call.params.get("clientRequestToken")
    if token is not None and not 33 <= len(token) <= 126:
        # Not in the API model; ansible-collections/community.aws #817 and #844 quote the refusal.
        raise _invalid("The client request token parameter must be between 33 and 126 characters.")


def check_role(cloud: "Cloud", arn: str) -> str | None:
    """Check the cluster's role; returns why it cannot do its work, or None. User guide, EKS cluster IAM role."""
    role = principals.role(cloud, arn)
    if role is None or not principals.trusts(role["AssumeRolePolicyDocument"], "eks.amazonaws.com"):
        # Wording from public reports.
        raise _invalid(
            f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not"
            " correct"
        )
    policies = principals.policies(cloud, role["RoleName"])
    if principals.CLUSTER_POLICY in policies:
        return None
    if policies:
        raise NotModelled("cluster roles with custom policies instead of AmazonEKSClusterPolicy")
    # The guide wants the policy to be there before; that the cluster FAILS for want of it, and the words: assumed.
    return f"The role {arn} does not have the permissions that the control plane needs."


def access_mode(asked: Mapping[str, Any]) -> tuple[str, bool]:
    """authenticationMode and bootstrapClusterCreatorAdminPermissions; defaults: API model."""
    mode = asked.get("authenticationMode", "CONFIG_MAP")
    bootstrap = asked.get("bootstrapClusterCreatorAdminPermissions", True)
    if mode == "CONFIG_MAP" and not bootstrap:
        # Wording: terraform-aws-modules/terraform-aws-eks #3026.
        raise _invalid(
            "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP"
        )
    return mode, bootstrap


def upgrade_policy(asked: Mapping[str, Any], version: Mapping[str, Any]) -> dict[str, str]:
    """EXTENDED by default: API model. STANDARD for a version past standard support is refused (assumed)."""
    support = asked.get("supportType", "EXTENDED")
    if support == "STANDARD" and version["versionStatus"] != "STANDARD_SUPPORT":
        raise _invalid(f"Kubernetes version {version['clusterVersion']} is not in standard support")
    return {"supportType": support}


def logging(asked: Mapping[str, Any]) -> dict[str, Any]:
    """All five types, those that are on first; sample answers in the user guide and public logs."""
    enabled: set[str] = set()
    for setup in asked.get("clusterLogging", []):
        for kind in setup.get("types", []):
            if kind not in LOG_TYPES:
                raise _invalid(f"Unknown log type {kind}")  # wording assumed
            (enabled.add if setup.get("enabled") else enabled.discard)(kind)
    on = [kind for kind in LOG_TYPES if kind in enabled]
    off = [kind for kind in LOG_TYPES if kind not in enabled]
    setups = [{"types": on, "enabled": True}, {"types": off, "enabled": False}]
    return {"clusterLogging": [setup for setup in setups if setup["types"]]}


def encryption(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One configuration at most, for secrets alone: API model, EncryptionConfigList. The key is not looked up."""
    if len(asked) > 1 or any(config.get("resources") != ["secrets"] for config in asked):
        raise _invalid(
            "encryptionConfig supports one configuration, whose resources are [secrets]"
        )  # assumed
    return list(asked)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
