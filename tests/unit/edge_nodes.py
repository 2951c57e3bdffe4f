"""Nodes, leases and servers as the Kubernetes API and the run tell of them, with what a test wants changed."""

from typing import Any

from extended_cluster.types import ClusterNode, Server
from tests.unit.server_plan import OUTPOST

type Json = dict[str, Any]

OTHER_OUTPOST = "op-0a1b2c3d4e5f60002"
NOW = "2026-11-23T12:00:00.000000Z"
CLUSTER: Any = {"name": "edge-1", "version": "1.35"}
# The members that the API server wants of a Node's system information.
_INFO = dict.fromkeys(
    (
        "architecture",
        "bootID",
        "containerRuntimeVersion",
        "kernelVersion",
        "kubeProxyVersion",
        "machineID",
        "operatingSystem",
        "osImage",
        "systemUUID",
    ),
    "",
)


def instance_id(number: int) -> str:
    return f"i-0a1b2c3d4e5f6000{number}"


def node(
    number: int,
    *,
    outpost: str = OUTPOST,
    ready: tuple[str, str, str] | None = ("True", "KubeletReady", "kubelet is posting ready status"),
    kubelet: str = "v1.35.2-eks-0000000",
    labels: dict[str, str] | None = None,
    **metadata: Any,
) -> Json:
    """ready: status, reason and message of the condition; None: there is none yet."""
    conditions = [{"type": "MemoryPressure", "status": "False"}]
    if ready:
        conditions.append(dict(zip(("type", "status", "reason", "message"), ("Ready", *ready), strict=True)))
    own = {"kubernetes.io/os": "linux", "eks-outposts-servers/outpost": outpost}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": f"node-{number}",
            "uid": f"uid-{number}",
            "labels": own | (labels or {}),
            **metadata,
        },
        "spec": {"providerID": f"aws:///us-west-2a/{instance_id(number)}"},
        "status": {"conditions": conditions, "nodeInfo": _INFO | {"kubeletVersion": kubelet}},
    }


def lease(name: str, namespace: str = "kube-node-lease", renewed: str | None = NOW) -> Json:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"leaseDurationSeconds": 40} | ({"renewTime": renewed} if renewed else {}),
    }


def control_plane(renewed: str = NOW) -> Json:
    return lease("kube-controller-manager", "kube-system", renewed)


def server(*numbers: int, outpost: str = OUTPOST) -> Server:
    """A server of the run whose instances have these numbers."""
    lni: Any = {"networkInterfaceId": "eni-1", "macAddress": "0a:00:00:00:00:01", "privateIp": "10.0.64.10"}
    return {
        "outpostId": outpost,
        "subnetId": "subnet-1",
        "launchTemplateId": "lt-1",
        "autoScalingGroupName": f"edge-1-{outpost}",
        "instances": [{"instanceId": instance_id(number), "lni": lni} for number in numbers],
    }


def found(number: int, outpost: str = OUTPOST) -> ClusterNode:
    """What AwaitNodes answers of the node."""
    return {"name": f"node-{number}", "instanceId": instance_id(number), "outpostId": outpost}
