"""GrantKubernetesAccess: the functions that talk to Kubernetes may enter the cluster, until the run's end."""

import os
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import aws, teardown
from extended_cluster.access_policies import ADMIN_VIEW, CLUSTER_ADMIN, policy_arn
from extended_cluster.cluster import described
from extended_cluster.errors import AccessEntryConflict
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import ACCESS_TAG, RUN_ACCESS, cluster_tags


@state
def handler(event: Event) -> Result:
    """{name, tags, purpose: provision | teardown} -> {cluster: Cluster | None, granted: [principalArn]}.

    None, and nothing granted: no cluster of ours serves. AccessEntryConflict for an entry that is not ours.
    """
    policies = {
        "provision": dict.fromkeys(os.environ["READER_ROLE_ARNS"].split(","), ADMIN_VIEW)
        | dict.fromkeys(os.environ["WRITER_ROLE_ARNS"].split(","), CLUSTER_ADMIN),
        "teardown": dict.fromkeys(os.environ["TEARDOWN_WRITER_ROLE_ARNS"].split(","), CLUSTER_ADMIN),
    }
    return grant(aws.client("eks"), event["name"], policies[event["purpose"]], event["tags"])


def grant(eks: Any, cluster: str, policies: Mapping[str, str], tags: Mapping[str, str]) -> Result:
    """policies: an access policy's name by role ARN. EKS knows entries only of a cluster that is made."""
    found = teardown.our_cluster(eks, cluster)
    if found is None or found["status"] not in ("ACTIVE", "UPDATING"):
        return {"cluster": None, "granted": []}
    pages = eks.get_paginator("list_access_entries").paginate(clusterName=cluster)
    present = {principal for page in pages for principal in page["accessEntries"]}
    marks = cluster_tags(cluster, tags) | {ACCESS_TAG: RUN_ACCESS}
    for principal, policy in policies.items():
        created = principal not in present and _create(eks, cluster, principal, marks)
        if created or not _held(eks, cluster, principal, policy_arn(principal, policy)):
            eks.associate_access_policy(
                clusterName=cluster,
                principalArn=principal,
                policyArn=policy_arn(principal, policy),
                accessScope={"type": "cluster"},
            )
    return {"cluster": described(found), "granted": sorted(policies)}


def _create(eks: Any, cluster: str, principal: str, marks: Mapping[str, str]) -> bool:
    """Whether it was not there. No client token: EKS might take the next run's for a repetition of this one's."""
    try:
        eks.create_access_entry(clusterName=cluster, principalArn=principal, type="STANDARD", tags=marks)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":  # the list lags what was made before
            raise
        return False
    return True


def _held(eks: Any, cluster: str, principal: str, policy: str) -> bool:
    """Whether the entry, which must be ours, has that policy for the whole cluster."""
    entry = eks.describe_access_entry(clusterName=cluster, principalArn=principal)["accessEntry"]
    if entry.get("tags", {}).get(ACCESS_TAG) != RUN_ACCESS:
        raise AccessEntryConflict(
            f"Cluster {cluster} has an access entry for {principal} that no run of ours made: it lacks the tag "
            f"{ACCESS_TAG}={RUN_ACCESS}.",
            do=f"Delete it (aws eks delete-access-entry --cluster-name {cluster} --principal-arn "
            f"{principal}) and start the same request again.",
        )
    pages = eks.get_paginator("list_associated_access_policies").paginate(
        clusterName=cluster, principalArn=principal
    )
    policies = [policy for page in pages for policy in page["associatedAccessPolicies"]]
    return any((p["policyArn"], p["accessScope"]["type"]) == (policy, "cluster") for p in policies)
