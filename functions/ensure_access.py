"""EnsureAccess: the node role and the administrators may enter the cluster."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import aws
from extended_cluster.access_policies import CLUSTER_ADMIN, policy_arn
from extended_cluster.errors import AccessEntryConflict
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import client_token, cluster_tags


@state
def handler(event: Event) -> Result:
    """{name, adminPrincipalArns, tags} -> {entries: [{principalArn, type}]}.

    AccessEntryConflict for an existing entry of another type.
    """
    return ensure(
        aws.client("eks"),
        event["name"],
        os.environ["NODE_ROLE_ARN"],
        event["adminPrincipalArns"],
        event["tags"],
    )


def ensure(eks: Any, cluster: str, node_role: str, admins: Sequence[str], tags: Mapping[str, str]) -> Result:
    """EC2_LINUX lets nodes join; an administrator has a STANDARD entry with the cluster admin policy."""
    pages = eks.get_paginator("list_access_entries").paginate(clusterName=cluster)
    present = {principal for page in pages for principal in page["accessEntries"]}
    wanted = [(node_role, "EC2_LINUX"), *((admin, "STANDARD") for admin in admins)]
    for principal, kind in wanted:
        _ensure_entry(eks, cluster, principal, kind, present, tags)
    for admin in admins:
        _ensure_admin(eks, cluster, admin)
    return {"entries": [{"principalArn": principal, "type": kind} for principal, kind in wanted]}


def _ensure_entry(
    eks: Any, cluster: str, principal: str, kind: str, present: set[str], tags: Mapping[str, str]
) -> None:
    if principal not in present:
        try:
            eks.create_access_entry(
                clusterName=cluster,
                principalArn=principal,
                type=kind,
                clientRequestToken=client_token(cluster, f"access-entry/{principal}"),
                tags=cluster_tags(cluster, tags),
            )
            return
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":  # another run was faster
                raise
    found = eks.describe_access_entry(clusterName=cluster, principalArn=principal)["accessEntry"]["type"]
    if found != kind:
        raise AccessEntryConflict(
            f"Cluster {cluster} has an access entry of type {found} for {principal}, which needs {kind}.",
            do=f"Delete it (aws eks delete-access-entry --cluster-name {cluster} --principal-arn "
            f"{principal}) and start the same request again.",
        )


def _ensure_admin(eks: Any, cluster: str, principal: str) -> None:
    policy = policy_arn(principal, CLUSTER_ADMIN)
    pages = eks.get_paginator("list_associated_access_policies").paginate(
        clusterName=cluster, principalArn=principal
    )
    held = {
        (found["policyArn"], found["accessScope"]["type"])
        for page in pages
        for found in page["associatedAccessPolicies"]
    }
    if (policy, "cluster") not in held:
        eks.associate_access_policy(
            clusterName=cluster, principalArn=principal, policyArn=policy, accessScope={"type": "cluster"}
        )
