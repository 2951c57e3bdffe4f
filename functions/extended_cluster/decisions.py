"""The plan in sentences: one decision for each resource, with its reason, and the warnings."""

from datetime import date
from typing import Final

from extended_cluster.errors import LniConflict
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

SUPPORT_WARNING_DAYS: Final = 90
# EKS user guide, "Amazon EKS on AWS Outposts" (facts: ten facts, row 10).
NOT_SUPPORTED: Final = (
    "EKS nodes on Outposts servers are not supported by AWS: EKS on Outposts is supported on racks only."
)


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


def for_image(image: Image, facts: ImageFacts, version: str) -> Decision:
    """The image that the nodes boot from."""
    because = (
        "the request names it"
        if facts["source"] == "request"
        else f"EKS recommends it for Kubernetes {version} on Amazon Linux 2023"
    )
    resource = f"image {image['imageId']} ({image['name']}, {image['architecture']})"
    return Decision(action="reuse", resource=resource, reason=f"{because}; it has one EBS snapshot")


def for_nodes(server: ServerPlan, wanted: OutpostSpec, outpost: OutpostFacts) -> Decision:
    """Launch template and Auto Scaling group are looked at when they are made, not by preflight."""
    slots, nodes = outpost["slots"], server["nodes"]
    resource = (
        f"launch template and Auto Scaling group {server['name']}: {nodes['desired']} node(s) of "
        f"{server['instanceType']} (min {nodes['min']}, max {nodes['max']})"
    )
    because = (
        "as the request asks"
        if wanted["instanceType"]
        else "the largest type with room, or that of our nodes"
    )
    room = f"{slots['ours']} of ours running, {slots['free']} of {slots['total']} slots free; {because}"
    return Decision(
        action="keep" if slots["ours"] >= nodes["desired"] else "create", resource=resource, reason=room
    )


def support_warnings(cluster: ClusterFacts, today: date) -> list[str]:
    """A warning when standard support ends within ``SUPPORT_WARNING_DAYS``."""
    end = date.fromisoformat(cluster["endOfStandardSupport"])
    days = (end - today).days
    if days > SUPPORT_WARNING_DAYS:
        return []
    return [
        f"Standard support for Kubernetes {cluster['version']} ends on {end.isoformat()}, in {days} days; "
        "EKS then upgrades the cluster by itself (upgrade policy STANDARD). Its nodes are yours to upgrade."
    ]
