"""ApplyMetalLb: MetalLB is in the cluster as we want it, and works where Services shall have addresses."""

import os
from collections.abc import Sequence

from extended_cluster import install_manifest, pod_faults
from extended_cluster.errors import NetworkServicesNotReady
from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.metallb_manifest import objects
from extended_cluster.metallb_readiness import faults
from extended_cluster.names import LOAD_BALANCER_CLASS, METALLB_NAMESPACE, METALLB_VERSION


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
        raise pod_faults.not_ready(
            f"MetalLB {METALLB_VERSION} in cluster {event['cluster']['name']}",
            missing,
            namespace=METALLB_NAMESPACE,
            parameter="MetalLbRegistry",
            error=NetworkServicesNotReady,
            last=event["look"] >= event["lastLook"],
        )
    return {"metallb": {"version": METALLB_VERSION, "loadBalancerClass": LOAD_BALANCER_CLASS}}


def install(kubernetes: Kubernetes, wanted: Sequence[Json]) -> None:
    """Apply MetalLB. Raises NetworkServicesConflict where it is another's."""
    install_manifest.install(
        kubernetes,
        wanted,
        name="A MetalLB",
        do="Remove it (its pools and Services with it), or leave `metallb` out of the request and keep yours.",
    )
