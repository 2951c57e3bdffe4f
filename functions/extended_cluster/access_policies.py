"""EKS's own access policies (EKS guide, "Review access policy permissions"). Pure."""

from typing import Final

# Reads everything, Secrets too.
ADMIN_VIEW: Final = "AmazonEKSAdminViewPolicy"
# May do everything, which making CustomResourceDefinitions and ClusterRoles takes.
CLUSTER_ADMIN: Final = "AmazonEKSClusterAdminPolicy"


def policy_arn(of: str, policy: str) -> str:
    """The policy's ARN in the partition of another ARN."""
    return f"arn:{of.split(':')[1]}:eks::aws:cluster-access-policy/{policy}"
