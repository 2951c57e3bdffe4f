"""StartVerification: what looks at the cluster from inside is put into it."""

import os
from collections.abc import Sequence

from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.types import ServerPlan
from extended_cluster.verification import objects, removal


@state
def handler(event: Event) -> Result:
    """{cluster, servers: [ServerPlan], look, lastLook} -> {runId, objects: how many}.

    What another run left behind goes first: NotReadyYet until it is gone, at the last look VerificationLeftBehind;
    VerificationConflict when the namespace is not ours.
    """
    last = event["look"] >= event["lastLook"]
    run, image = objects.run_id(event["executionId"]), os.environ["VERIFICATION_IMAGE"]
    return start(connect(event["cluster"]), run, event["servers"], image, last=last)


def start(
    kubernetes: Kubernetes, run: str, servers: Sequence[ServerPlan], image: str, *, last: bool
) -> Result:
    """Applied again by a second call of the same run, to the same end."""
    namespace = removal.found(kubernetes)
    if namespace and (_run_of(namespace) != run or "deletionTimestamp" in namespace["metadata"]):
        removal.remove(kubernetes, namespace, last=last)
    made = objects.build(run, servers, image)
    for obj in made:
        kubernetes.apply(obj)
    return {"runId": run, "objects": len(made)}


def _run_of(namespace: dict[str, dict[str, dict[str, str]]]) -> str | None:
    return namespace["metadata"].get("labels", {}).get(objects.RUN_LABEL)
