"""ApplyMetalLb: MetalLB is in the cluster as we want it, and works where Services shall have addresses."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from extended_cluster.errors import NetworkServicesConflict, NetworkServicesNotReady, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.metallb_manifest import objects
from extended_cluster.metallb_readiness import Fault, faults
from extended_cluster.names import LOAD_BALANCER_CLASS, MANAGED_BY, MANAGED_BY_LABEL, METALLB_VERSION


@state
def handler(event: Event) -> Result:
    """{cluster, servers: [ServerPlan], look, lastLook} -> {metallb: {version, loadBalancerClass} | None}.

    None, and no call at all, when no server of the request has addresses. Raises NetworkServicesConflict for a
    MetalLB that is not ours, FieldConflict where somebody changed ours, NotReadyYet, and at the last look
    NetworkServicesNotReady.
    """
    outposts = [server["outpostId"] for server in event["servers"] if server["metallb"] is not None]
    if not outposts:
        return {"metallb": None}
    kubernetes = connect(event["cluster"])
    install(kubernetes, objects(os.environ["METALLB_REGISTRY"]))
    if missing := faults(kubernetes, outposts):
        raise _not_ready(event["cluster"], missing, last=event["look"] >= event["lastLook"])
    return {"metallb": {"version": METALLB_VERSION, "loadBalancerClass": LOAD_BALANCER_CLASS}}


def install(kubernetes: Kubernetes, wanted: Sequence[Json]) -> None:
    """Apply all of it, without force; the second time nothing changes. Nothing is written unless all is ours."""
    if others := [told for obj in wanted if (told := _owner(_found(kubernetes, obj)))]:
        raise NetworkServicesConflict(
            f"A MetalLB that is not ours is in the cluster: {'; '.join(others)}.",
            do="Remove it (its pools and Services with it), or leave `metallb` out of the request and keep yours.",
        )
    for obj in wanted:
        kubernetes.apply(obj)


def _found(kubernetes: Kubernetes, obj: Json) -> Json | None:
    meta = obj["metadata"]
    return kubernetes.get(obj["apiVersion"], obj["kind"], meta["name"], meta.get("namespace", ""))


def _owner(found: Json | None) -> str | None:
    """Who made it, as far as it says; None for ours, and for what is not there."""
    if found is None or found["metadata"].get("labels", {}).get(MANAGED_BY_LABEL) == MANAGED_BY:
        return None
    meta = found["metadata"]
    release = meta.get("annotations", {}).get("meta.helm.sh/release-name")
    managers = sorted({each["manager"] for each in meta.get("managedFields", ()) if "manager" in each})
    by = f"Helm release {release}" if release else f"field manager {', '.join(managers) or 'unknown'}"
    return f"{found['kind']} {meta['name']} by {by}{_images(found)}"


def _images(found: Json) -> str:
    pod = found.get("spec", {}).get("template", {}).get("spec", {})
    images = ", ".join(container["image"] for container in pod.get("containers", ()))
    return f" ({images})" if images else ""


def _not_ready(cluster: Mapping[str, Any], missing: Iterable[Fault], *, last: bool) -> Exception:
    missing = list(missing)
    what = f"MetalLB {METALLB_VERSION} in cluster {cluster['name']} is not ready: {'; '.join(f.what for f in missing)}."
    if not last:
        return NotReadyYet(what)
    if images := sorted({fault.image for fault in missing if fault.image}):
        do = (
            f"Let the nodes reach {' and '.join(images)}, or put the images into a registry that they reach and "
            "deploy the stack with its name in MetalLbRegistry; then start the same request again."
        )
    else:
        do = (
            "Look at 'kubectl --namespace metallb-system describe pods' and at the nodes that are named, and start "
            "the same request again."
        )
    return NetworkServicesNotReady(what, do=do)
