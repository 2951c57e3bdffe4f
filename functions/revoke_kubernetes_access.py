"""RevokeKubernetesAccess: what GrantKubernetesAccess made for the run is gone, whatever became of the run."""

from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import aws, teardown
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import ACCESS_TAG, RUN_ACCESS


@state
def handler(event: Event) -> Result:
    """{name} -> {revoked: [principalArn]}. A cluster that is not there, or not ours, has nothing to revoke."""
    return revoke(aws.client("eks"), event["name"])


def revoke(eks: Any, cluster: str) -> Result:
    """Found by tag, so that entries of a role that an update of the stack replaced go as well."""
    if teardown.our_cluster(eks, cluster) is None:
        return {"revoked": []}
    pages = eks.get_paginator("list_access_entries").paginate(clusterName=cluster)
    principals = [principal for page in pages for principal in page["accessEntries"]]
    return {"revoked": [principal for principal in principals if _revoke(eks, cluster, principal)]}


def _revoke(eks: Any, cluster: str, principal: str) -> bool:
    """Whether it was a run's entry, and there until now."""
    try:
        entry = eks.describe_access_entry(clusterName=cluster, principalArn=principal)["accessEntry"]
        if entry.get("tags", {}).get(ACCESS_TAG) != RUN_ACCESS:
            return False
        eks.delete_access_entry(clusterName=cluster, principalArn=principal)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return True
