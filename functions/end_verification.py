"""EndVerification: all that the verification put into the cluster is gone again."""

from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.verification import removal


@state
def handler(event: Event) -> Result:
    """{cluster, look, lastLook} -> {removed: true}.

    NotReadyYet until everything is gone, at the last look VerificationLeftBehind; VerificationConflict when the
    namespace is not ours.
    """
    return end(connect(event["cluster"]), last=event["look"] >= event["lastLook"])


def end(kubernetes: Kubernetes, *, last: bool) -> Result:
    """Nothing is outside the namespace."""
    namespace = removal.found(kubernetes)
    if namespace:
        removal.remove(kubernetes, namespace, last=last)
    return {"removed": True}
