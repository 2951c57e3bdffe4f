"""The plan in sentences: one decision for each resource, with its reason."""

from collections.abc import Sequence
from typing import Final, Literal

from extended_cluster import lni_guest
from extended_cluster.errors import LniConflict
from extended_cluster.names import (
    LOAD_BALANCER_CLASS,
    METALLB_NAMESPACE,
    METALLB_VERSION,
    MULTUS_VERSION,
    POD_NETWORKS_NAMESPACE,
    WHEREABOUTS_VERSION,
)
from extended_cluster.types import (
    ClusterFacts,
    Decision,
    Image,
    ImageFacts,
    NodeSubnet,
    OutpostFacts,
    OutpostSpec,
    ServerPlan,
)

# In the order in which they are made; extended_cluster/addons.py makes them.
ADDONS: Final = {
    "vpc-cni": "pods get their addresses from it",
    "kube-proxy": "services are reached through it",
    "eks-pod-identity-agent": "pods get roles of their own from it",
    "coredns": "names are resolved by it, once there is a node",
}


def for_cluster(cluster: ClusterFacts) -> Decision:
    """The cluster: made, or ours found again."""
    because = {
        "request": "as the request asks",
        "default": "EKS's default version",
        "existing": "the version it has",
    }[cluster["versionSource"]]
    resource = f"cluster {cluster['name']}, Kubernetes {cluster['version']}"
    if cluster["exists"]:
        return Decision(
            action="reuse", resource=resource, reason=f"it is ours and {cluster['status']}; {because}"
        )
    return Decision(action="create", resource=resource, reason=f"it does not exist yet; {because}")


def for_subnet(server: ServerPlan, wanted: OutpostSpec, existing: NodeSubnet | None) -> Decision:
    """The node subnet: made, or ours found again by its tags."""
    on = f"on Outpost {server['outpostId']}"
    if existing:
        resource = f"subnet {existing['subnetId']}, {existing['cidr']}"
        return Decision(action="reuse", resource=resource, reason=f"it is tagged as our node subnet {on}")
    chosen = "as the request asks" if wanted["subnetCidr"] else "the next free block of the VPC"
    resource = f"subnet {server['name']}, {server['subnetCidr']}"
    return Decision(action="create", resource=resource, reason=f"there is none of ours {on}; {chosen}")


def for_lni(server: ServerPlan, existing: NodeSubnet | None) -> Decision:
    """The subnet's device index. Raises LniConflict when it has another: nodes may hang on it."""
    index = server["lni"]["deviceIndex"]
    resource = f"local network interfaces in subnet {server['name']} at device index {index}"
    if existing is None:
        return Decision(action="enable", resource=resource, reason="a new subnet has them disabled")
    current = existing["lniDeviceIndex"]
    if current is None:
        return Decision(action="enable", resource=resource, reason="the subnet has them disabled")
    if current != index:
        raise LniConflict(
            f"The node subnet {existing['subnetId']} has local network interfaces at device index {current}, "
            f"and lni.deviceIndex asks for {index}.",
            do=f"Set lni.deviceIndex to {current}, or end its instances and change the index yourself.",
        )
    return Decision(action="keep", resource=resource, reason="the subnet has that device index already")


def for_guest(server: ServerPlan) -> Decision:
    """What the node's user data makes of its local network interface."""
    lni = server["lni"]
    how = "by DHCP" if lni["addressing"] == "dhcp" else f"as {lni['address']}"
    tagged = "" if lni["vlan"] is None else f" in VLAN {lni['vlan']}"
    default = "" if lni["gateway"] is None else f", LAN addresses answer through {lni['gateway']}"
    return Decision(
        action="keep" if lni["localCidr"] is None else "enable",
        resource=f"LAN {lni['localCidr'] or 'unknown'} of {server['name']}: addressed {how}{tagged}, "
        f"MTU {lni['mtu']}{default}",
        reason="no source address translation to the LAN, and its answers leave by the LNI"
        if lni["localCidr"]
        else "lni.localCidr is not given, so routing and address translation stay as they are",
    )


def for_agents(server: ServerPlan, outpost: OutpostFacts) -> Decision:
    """What runs on the nodes beside Kubernetes."""
    session = "on" if server["sessionManager"] else "off for good"
    cloudwatch = f"on, to log group {server['logGroup']}" if server["logGroup"] else "off"
    return Decision(
        action="keep" if outpost["launchTemplate"] else "enable",
        resource=f"agents on the nodes of {server['name']}: Session Manager {session}, CloudWatch agent {cloudwatch}",
        reason="sessionManager of the request and NodeCloudWatchAgent of the stack",
    )


def for_image(image: Image, facts: ImageFacts, version: str) -> Decision:
    """The image that the nodes boot from."""
    because = (
        "the request names it"
        if facts["source"] == "request"
        else f"EKS recommends it for Kubernetes {version} on Amazon Linux 2023"
    )
    resource = f"image {image['imageId']} ({image['name']}, {image['architecture']})"
    return Decision(action="reuse", resource=resource, reason=f"{because}; it has one EBS snapshot")


def for_access(admins: Sequence[str], cluster: ClusterFacts) -> list[Decision]:
    """The nodes' access entry and the administrators'."""
    nodes = "access entry of the nodes' role, type EC2_LINUX"
    wanted = [(admin, f"access entry of {admin}, cluster administrator") for admin in admins]
    found = [(cluster["nodesMayEnter"], nodes, "without it no node joins")]
    found += [
        (admin in cluster["accessEntries"], resource, "the request names it") for admin, resource in wanted
    ]
    return [
        Decision(
            action="keep" if exists else "create",
            resource=resource,
            reason="the cluster has it" if exists else because,
        )
        for exists, resource, because in found
    ]


def for_addons(cluster: ClusterFacts) -> list[Decision]:
    """The add-ons: what is missing is made at EKS's default version, what is there keeps its own."""
    return [
        Decision(action="keep", resource=f"add-on {name}", reason="the cluster has it, and keeps its version")
        if name in cluster["addons"]
        else Decision(
            action="create",
            resource=f"add-on {name}",
            reason=f"{because}; EKS's default version for Kubernetes {cluster['version']}",
        )
        for name, because in ADDONS.items()
    ]


def for_metallb(servers: Sequence[ServerPlan], cluster: ClusterFacts) -> list[Decision]:
    """MetalLB, and each server's addresses. What an existing cluster has of them is seen when they are applied."""
    with_addresses = [(server, server["metallb"]) for server in servers if server["metallb"] is not None]
    if not with_addresses:
        return []
    action: Literal["create", "enable"] = "enable" if cluster["exists"] else "create"
    then = "; what is there of ours is made the same" if cluster["exists"] else ""
    metallb = Decision(
        action=action,
        resource=f"MetalLB {METALLB_VERSION} in namespace {METALLB_NAMESPACE}",
        reason=f"metallb of the request asks for addresses on the LAN; it serves load balancer class "
        f"{LOAD_BALANCER_CLASS} alone, so that no AWS load balancer is made{then}",
    )
    return [
        metallb,
        *(
            Decision(
                action=action,
                resource=f"IPAddressPool and L2Advertisement {server['outpostId']}: "
                f"{', '.join(wanted['addresses'])}, announced on {lni_guest.name(server['lni'])}",
                reason="servers are islands, so each has addresses of its own, announced by its nodes with a verified "
                f"local network interface alone{then}",
            )
            for server, wanted in with_addresses
        ),
    ]


def for_pod_networks(servers: Sequence[ServerPlan], cluster: ClusterFacts) -> list[Decision]:
    """Multus, whereabouts, and each server's attachment. What a cluster has of them is seen when they are applied."""
    with_addresses = [
        (server, server["podNetwork"]) for server in servers if server["podNetwork"] is not None
    ]
    if not with_addresses:
        return []
    action: Literal["create", "enable"] = "enable" if cluster["exists"] else "create"
    then = "; what is there of ours is made the same" if cluster["exists"] else ""
    return [
        Decision(
            action=action,
            resource=f"Multus {MULTUS_VERSION} and whereabouts {WHEREABOUTS_VERSION} in namespace kube-system",
            reason="podNetwork of the request asks for pods with addresses on the LAN; Multus gives a pod the second "
            f"interface that it names, whereabouts its address{then}",
        ),
        *(
            Decision(
                action=action,
                resource=f"NetworkAttachmentDefinition {POD_NETWORKS_NAMESPACE}/{server['outpostId']}: "
                f"{wanted['addresses']}, ipvlan on {lni_guest.name(server['lni'])}",
                reason="servers are islands, so each has addresses of its own; a local network interface takes no MAC "
                f"address but its own, which ipvlan shares{then}",
            )
            for server, wanted in with_addresses
        ),
    ]


def for_launch_template(server: ServerPlan, outpost: OutpostFacts) -> Decision:
    """Its content is compared when it is made: the cluster's address is part of it."""
    resource = f"launch template {server['name']}: {server['instanceType']}, {server['imageId']}"
    if outpost["launchTemplate"]:
        return Decision(
            action="reuse",
            resource=resource,
            reason="it is ours; a new version only if it says something else",
        )
    return Decision(
        action="create",
        resource=resource,
        reason=f"there is none of ours; both interfaces, the second at device index {server['lni']['deviceIndex']}",
    )


def for_node_group(server: ServerPlan, wanted: OutpostSpec, outpost: OutpostFacts) -> Decision:
    """The server's Auto Scaling group: made, changed in size, or as it should be."""
    slots, nodes, has = outpost["slots"], server["nodes"], outpost["nodeGroup"]
    resource = (
        f"Auto Scaling group {server['name']}: {nodes['desired']} node(s) of {server['instanceType']} "
        f"(min {nodes['min']}, max {nodes['max']})"
    )
    because = (
        "as the request asks"
        if wanted["instanceType"]
        else "the largest type with room, or that of our nodes"
    )
    room = f"{slots['ours']} of ours running, {slots['free']} of {slots['total']} slots free; {because}"
    if has is None:
        return Decision(action="create", resource=resource, reason=f"there is none of ours; {room}")
    if has == nodes:
        return Decision(action="keep", resource=resource, reason=f"it is ours and of that size; {room}")
    change = f"it is ours with {has['desired']} node(s) (min {has['min']}, max {has['max']})"
    return Decision(action="change", resource=resource, reason=f"{change}; {room}")
