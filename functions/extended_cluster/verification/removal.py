"""Everything of a verification goes with its namespace."""

from typing import Final

from extended_cluster.errors import NotReadyYet, VerificationConflict, VerificationLeftBehind
from extended_cluster.install_manifest import is_ours
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.names import MANAGED_BY, MANAGED_BY_LABEL
from extended_cluster.verification.objects import NAMESPACE

_KINDS: Final = (
    ("apps/v1", "DaemonSet"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "Role"),
)


def found(kubernetes: Kubernetes) -> Json | None:
    """The namespace; None: it is not there. VerificationConflict when it is not ours."""
    namespace = kubernetes.get("v1", "Namespace", NAMESPACE)
    if namespace and not is_ours(namespace):
        raise VerificationConflict(
            f"Namespace {NAMESPACE} exists without the label {MANAGED_BY_LABEL}={MANAGED_BY}, so it is not ours.",
            do="Find out whose it is, and delete or rename it; then start the same request again.",
        )
    return namespace


def remove(kubernetes: Kubernetes, namespace: Json, *, last: bool) -> None:
    """Start the deletion unless it is under way; returns when the namespace is gone.

    NotReadyYet before; at the last look VerificationLeftBehind, which names what is left.
    """
    if "deletionTimestamp" not in namespace["metadata"]:
        kubernetes.delete("v1", "Namespace", NAMESPACE)
    still = kubernetes.get("v1", "Namespace", NAMESPACE)
    if still is None:
        return
    what = f"Namespace {NAMESPACE} is not gone: {_left(kubernetes, still)}."
    if not last:
        raise NotReadyYet(what)
    raise VerificationLeftBehind(
        what,
        do=f"Look at 'kubectl get namespace {NAMESPACE} --output yaml': its conditions say what holds it up. An object "
        "with a finalizer waits for the controller of that name.",
    )


def _left(kubernetes: Kubernetes, namespace: Json) -> str:
    objects = [
        f"{kind} {obj['metadata']['name']}{_held(obj)}"
        for api_version, kind in _KINDS
        for obj in kubernetes.list(api_version, kind, NAMESPACE)
    ]
    said = [
        condition["message"]
        for condition in namespace.get("status", {}).get("conditions", ())
        if condition["status"] == "True" and condition.get("message")
    ]
    return "; ".join([*objects, *said]) or "nothing of ours is in it any more"


def _held(obj: Json) -> str:
    finalizers = obj["metadata"].get("finalizers")
    return f" (waits for {', '.join(finalizers)})" if finalizers else ""
