"""The EKS cluster of a name, whoever made it."""

from typing import Any

from botocore.exceptions import ClientError


def find_cluster(eks: Any, name: str) -> dict[str, Any] | None:
    """DescribeCluster's answer; None when there is none."""
    try:
        cluster: dict[str, Any] = eks.describe_cluster(name=name)["cluster"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None
    return cluster
