"""ApplyPodNetworks: Multus and whereabouts are in the cluster, and each server's pods may have addresses on its LAN."""

import os
from collections.abc import Sequence

from extended_cluster import install_manifest, pod_faults, pod_network
from extended_cluster.address_ranges import Range
from extended_cluster.errors import NetworkServicesConflict, PodNetworksNotReady
from extended_cluster.handler import Event, Result, state
from extended_cluster.install_manifest import is_ours
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.names import MULTUS_VERSION, POD_NETWORKS_NAMESPACE, WHEREABOUTS_VERSION
from extended_cluster.pod_faults import READY_NODES, Fault
from extended_cluster.pod_networks_manifest import objects

NAMESPACE = "kube-system"  # of both manifests
_PODS = {"Multus": "name=multus", "whereabouts": "name=whereabouts"}


@state
def handler(event: Event) -> Result:
    """{cluster, servers: [ServerPlan], look, lastLook} -> {podNetworks: {multus, whereabouts, attachments} | None}.

    None, and no call at all, when no server of the request has addresses for pods. Raises NetworkServicesConflict for
    what is not ours or in use, FieldConflict where somebody changed ours, NotReadyYet, and at the last look
    PodNetworksNotReady.
    """
    wanted = [
        pod_network.attachment(server, server["podNetwork"])
        for server in event["servers"]
        if server["podNetwork"] is not None
    ]
    if not wanted:
        return {"podNetworks": None}
    kubernetes = connect(event["cluster"])
    install(kubernetes, objects(os.environ["POD_NETWORKS_REGISTRY"]), wanted)
    names = [each["metadata"]["name"] for each in wanted]
    if missing := faults(kubernetes, names):
        raise pod_faults.not_ready(
            f"Multus {MULTUS_VERSION} with whereabouts {WHEREABOUTS_VERSION} in cluster {event['cluster']['name']}",
            missing,
            namespace=NAMESPACE,
            parameter="PodNetworksRegistry",
            error=PodNetworksNotReady,
            last=event["look"] >= event["lastLook"],
        )
    for each in wanted:
        kubernetes.apply(each)
    versions = {"multus": MULTUS_VERSION, "whereabouts": WHEREABOUTS_VERSION}
    return {"podNetworks": {**versions, "attachments": names}}


def install(kubernetes: Kubernetes, manifest: Sequence[Json], wanted: Sequence[Json]) -> None:
    """Apply Multus and whereabouts, once nothing speaks against the attachments that come after them.

    What a server without addresses has of an earlier run is left alone: pods may name it.
    """
    there = kubernetes.list(pod_network.API_VERSION, pod_network.KIND, POD_NETWORKS_NAMESPACE)
    before = {found["metadata"]["name"]: found for found in there}
    for each in wanted:
        if found := before.get(each["metadata"]["name"]):
            _require_unused(kubernetes, _range_of(found), each)
    install_manifest.install(
        kubernetes,
        manifest,
        name="A Multus or whereabouts",
        do="Remove it, or leave `podNetwork` out of the request and keep yours.",
    )


def faults(kubernetes: Kubernetes, outposts: Sequence[str]) -> list[Fault]:
    """What is missing, in one look; empty when pods on these servers may have their addresses."""
    nodes = kubernetes.list("v1", "Node", labels=READY_NODES)
    pods = {what: kubernetes.list("v1", "Pod", NAMESPACE, labels) for what, labels in _PODS.items()}
    found = [
        fault
        for outpost_id in outposts
        for what, of_it in pods.items()
        for fault in pod_faults.without(outpost_id, nodes, of_it, f"pod of {what}")
    ]
    why = [fault for of_it in pods.values() for pod in of_it for fault in pod_faults.waiting(pod)]
    return [*dict.fromkeys(found), *why] if found else []


def _range_of(found: Json) -> Range:
    before = pod_network.addresses(found) if is_ours(found) else None
    if before is None:
        raise NetworkServicesConflict(
            f"NetworkAttachmentDefinition {found['metadata']['name']} in namespace {POD_NETWORKS_NAMESPACE} has the "
            "name of ours, and is not ours or not as we made it.",
            do="Rename or delete it, and start the same request again.",
        )
    return before


def _require_unused(kubernetes: Kubernetes, before: Range, wanted: Json) -> None:
    """A pod keeps its address as long as it lives, so one that leaves the range could be given to somebody else."""
    after = _range_of(wanted)
    pools = kubernetes.list("whereabouts.cni.cncf.io/v1alpha1", "IPPool", NAMESPACE)
    if users := pod_network.losers(before, after, pools):
        raise NetworkServicesConflict(
            f"`podNetwork` of {wanted['metadata']['name']} asks for {after.first}-{after.last} in place of "
            f"{before.first}-{before.last}, and {', '.join(users)} would be outside.",
            do="Delete these pods, or ask for addresses that contain theirs.",
        )
