"""What to check of an instance that does not become a node, the likeliest first (facts: EKS)."""

from typing import Final

CHECKS: Final = (
    "what its console says (aws ec2 get-console-output --instance-id ID --latest)",
    "that its first interface has the cluster security group",
    "that the node role has an access entry of type EC2_LINUX",
    "that the node subnet's default route leads to a NAT gateway and the service link is up",
    "that name, endpoint, certificate authority and service CIDR in its user data are the cluster's",
    "that it still runs: its Auto Scaling group may have replaced it",
)
