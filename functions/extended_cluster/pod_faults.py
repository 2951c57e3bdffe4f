"""What keeps pods of ours from running on servers' nodes, in words, and the error that says so. Pure."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from extended_cluster.errors import NotReadyYet, ProvisioningError
from extended_cluster.names import LNI_READY, LNI_READY_LABEL
from extended_cluster.node_readiness import is_ready
from extended_cluster.user_data import OUTPOST_LABEL

type Json = dict[str, Any]

# For ``Kubernetes.list``: nodes with a verified LNI.
READY_NODES: Final = f"{LNI_READY_LABEL}={LNI_READY}"
# kubelet's reasons for a container without its image (kubernetes, pkg/kubelet/images/types.go). It tries again after
# most of them; a name that is none, and a policy that forbids the pull, stay.
NO_IMAGE_YET: Final = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"})
NO_IMAGE_EVER: Final = frozenset({"InvalidImageName", "ErrImageNeverPull"})


class Fault(NamedTuple):
    """what: in words, with names; image: the one that a node could not get."""

    what: str
    image: str | None = None


def without(outpost_id: str, nodes: Iterable[Json], pods: Iterable[Json], what: str) -> list[Fault]:
    """The server's nodes with a verified LNI (``nodes``) without a ready one of these pods. what: one such pod."""
    ours = [
        node["metadata"]["name"]
        for node in nodes
        if node["metadata"]["labels"].get(OUTPOST_LABEL) == outpost_id
    ]
    if not ours:
        return [Fault(f"no node of {outpost_id} has the label {READY_NODES}")]
    served = {
        pod["spec"].get("nodeName")
        for pod in pods
        if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]
    }
    return [Fault(f"node {name} of {outpost_id} has no ready {what}") for name in ours if name not in served]


def waiting(pod: Json) -> list[Fault]:
    """Why the pod does not run: its containers' reasons, or the scheduler's."""
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    where = f"pod {name} on {pod['spec'].get('nodeName', 'no node')}"
    told = [
        Fault(
            f"{where}: {state.get('reason')} ({state.get('message', container['image'])})",
            container["image"] if state.get("reason") in NO_IMAGE_YET | NO_IMAGE_EVER else None,
        )
        for kind in ("initContainerStatuses", "containerStatuses")
        for container in status.get(kind, ())
        if (state := container.get("state", {}).get("waiting"))
    ]
    unplaced = [
        Fault(f"{where}: {condition.get('reason')}: {condition.get('message')}")
        for condition in status.get("conditions", ())
        if condition["type"] == "PodScheduled" and condition["status"] == "False"
    ]
    return told + unplaced


def not_ready(
    what: str,
    missing: Iterable[Fault],
    *,
    namespace: str,
    parameter: str,
    error: type[ProvisioningError],
    last: bool,
) -> ProvisioningError:
    """NotReadyYet, or at the last look the error. what: the subject; parameter: the stack's, for another registry."""
    missing = list(missing)
    told = f"{what} is not ready: {'; '.join(fault.what for fault in missing)}."
    if not last:
        return NotReadyYet(told)
    if images := sorted({fault.image for fault in missing if fault.image}):
        do = (
            f"Let the nodes reach {' and '.join(images)}, or put the images into a registry that they reach and "
            f"deploy the stack with its name in {parameter}; then start the same request again."
        )
    else:
        do = (
            f"Look at 'kubectl --namespace {namespace} describe pods' and at the nodes that are named, and start "
            "the same request again."
        )
    return error(told, do=do)
