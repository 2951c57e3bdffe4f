"""The commands with which each administrator of the request reaches the cluster. Pure."""

import shlex
from collections.abc import Sequence

from extended_cluster.access_policies import CLUSTER_ADMIN, policy_arn
from extended_cluster.names import LNI_READY_LABEL
from extended_cluster.types import ClusterPlan
from extended_cluster.user_data import OUTPOST_LABEL

type Access = dict[str, str | list[str]]


def commands(cluster: ClusterPlan, arn: str) -> list[Access]:
    """[{principalArn, commands, remark}], one for each of adminPrincipalArns; each command is one line for a shell.

    arn: the cluster's, which tells the Region.
    A role is taken on by its ARN, which whoever runs it must be allowed to do; a user runs it as that user.
    """
    return [
        {
            "principalArn": principal,
            "commands": [_update(cluster["name"], arn.split(":")[3], principal), _GET_NODES],
            "remark": _remark(cluster, principal),
        }
        for principal in cluster["adminPrincipalArns"]
    ]


_GET_NODES = f"kubectl get nodes --label-columns {OUTPOST_LABEL},{LNI_READY_LABEL}"


def grant(cluster: str, arn: str) -> list[str]:
    """How to become an administrator where the request names nobody: PRINCIPAL_ARN stands for a role or user."""
    where = (
        f"--cluster-name {shlex.quote(cluster)} --region {arn.split(':')[3]} --principal-arn PRINCIPAL_ARN"
    )
    policy = policy_arn(arn, CLUSTER_ADMIN)
    return [
        f"aws eks create-access-entry {where}",
        f"aws eks associate-access-policy {where} --policy-arn {policy} --access-scope type=cluster",
    ]


def _update(cluster: str, region: str, principal: str) -> str:
    words: Sequence[str] = ["aws", "eks", "update-kubeconfig", "--name", cluster, "--region", region]
    return shlex.join([*words, "--role-arn", principal] if ":role/" in principal else words)


def _remark(cluster: ClusterPlan, principal: str) -> str:
    settings = cluster["settings"]
    who = "whoever may assume the role" if ":role/" in principal else "this user"
    if not settings["publicCidrs"]:
        return f"For {who}, from inside the VPC: the endpoint is private."
    inside = "from inside the VPC or " if settings["endpointPrivate"] else ""
    return f"For {who}, {inside}from {', '.join(settings['publicCidrs'])}."
