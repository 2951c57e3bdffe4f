"""The user data that makes an EKS AL2023 instance a node with a local network interface. Pure, deterministic.

EKS guide "Customize nodes" and amazon-eks-ami "nodeadm": a MIME document with a part
``application/node.eks.aws`` that holds a NodeConfig. nodeadm reads YAML, and JSON is YAML. The other parts are
scripts for cloud-init, which runs each whatever became of the one before (cloud-init, runparts).
"""

import base64
import json

from extended_cluster import cloudwatch_agent, lni_guest, lni_script, session_manager
from extended_cluster.types import Cluster, LniSpec
from extended_cluster.vpc_cni import MAX_PODS_EXPRESSION

# Fixed, so that the same cluster gives the same bytes and a launch template compares equal. No line of JSON,
# of the script or of networkd's files starts with two hyphens, so none can end a part early.
_BOUNDARY = "node-config"
OUTPOST_LABEL = "eks-outposts-servers/outpost"


def build(
    cluster: Cluster, outpost_id: str, lni: LniSpec, *, session_manager_on: bool, log_group: str | None
) -> str:
    """The user data in base64, as a launch template takes it."""
    made = document(cluster, outpost_id, lni, session_manager_on=session_manager_on, log_group=log_group)
    return base64.b64encode(made.encode()).decode()


def document(
    cluster: Cluster,
    outpost_id: str,
    lni: LniSpec,
    *,
    session_manager_on: bool = True,
    log_group: str | None = None,
) -> str:
    """The MIME document: NodeConfig, then the script that sets up the LNI, then those of the agents.

    log_group: where the CloudWatch agent sends the journal; None for no agent.
    """
    scripts = [lni_script.script(lni["deviceIndex"], lni_guest.files(lni))]
    if not session_manager_on:
        scripts.append(session_manager.OFF)
    if log_group is not None:
        scripts.append(cloudwatch_agent.script(outpost_id, log_group))
    return _mime(
        ("application/node.eks.aws", node_config(cluster, outpost_id)),
        *(('text/x-shellscript; charset="us-ascii"', script) for script in scripts),
    )


def node_config(cluster: Cluster, outpost_id: str) -> str:
    """The NodeConfig. Its ``cidr`` is the service CIDR, never the VPC's (nodeadm API, ClusterDetails).

    The label's key is outside kubernetes.io and k8s.io, where kubelet may set none; an Outpost's id is short
    and plain enough for a label's value (Kubernetes, "Labels and Selectors").
    """
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
                },
                "kubelet": {
                    "maxPodsExpression": MAX_PODS_EXPRESSION,
                    "flags": [f"--node-labels={OUTPOST_LABEL}={outpost_id}"],
                },
            },
        },
        indent=2,
    )


def _mime(*parts: tuple[str, str]) -> str:
    lines = ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"', ""]
    for content_type, content in parts:
        lines += [f"--{_BOUNDARY}", f"Content-Type: {content_type}", "", content.rstrip("\n"), ""]
    return "\n".join([*lines, f"--{_BOUNDARY}--", ""])
