"""The user data that makes an EKS AL2023 instance a node of the cluster. Pure and deterministic.

EKS guide "Customize nodes" and amazon-eks-ami "nodeadm": a MIME part ``application/node.eks.aws`` that holds
a NodeConfig. nodeadm reads YAML, and JSON is YAML.
"""

import base64
import json

from extended_cluster.types import Cluster

# Fixed, so that the same cluster gives the same bytes and a launch template compares equal. JSON has no line
# that starts with two hyphens, so it cannot end the part early.
_BOUNDARY = "node-config"


def build(cluster: Cluster) -> str:
    """The user data in base64, as a launch template takes it."""
    return base64.b64encode(_mime(node_config(cluster)).encode()).decode()


def node_config(cluster: Cluster) -> str:
    """The NodeConfig. Its ``cidr`` is the service CIDR, never the VPC's (nodeadm API, ClusterDetails)."""
    return json.dumps(
        {
            "apiVersion": "node.eks.aws/v1alpha1",
            "kind": "NodeConfig",
            "spec": {
                "cluster": {
                    "name": cluster["name"],
                    "apiServerEndpoint": cluster["endpoint"],
                    "certificateAuthority": cluster["certificateAuthority"],
                    "cidr": cluster["serviceCidr"],
                }
            },
        },
        indent=2,
    )


def _mime(config: str) -> str:
    return "\n".join(
        [
            "MIME-Version: 1.0",
            f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"',
            "",
            f"--{_BOUNDARY}",
            "Content-Type: application/node.eks.aws",
            "",
            config,
            "",
            f"--{_BOUNDARY}--",
            "",
        ]
    )
