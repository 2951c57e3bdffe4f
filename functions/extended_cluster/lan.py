"""The LANs behind the servers' local network interfaces, as the whole cluster sees them. Pure."""

from collections.abc import Sequence
from typing import Final

from extended_cluster.cidr import overlapping
from extended_cluster.errors import NetworkUnsupported
from extended_cluster.types import OutpostSpec

# EKS API, CreateKubernetesNetworkConfigRequest: "assigns addresses from either" of these; which one is known
# only once the cluster exists, and then it cannot be changed.
_SERVICE_CIDRS: Final = ("10.100.0.0/16", "172.20.0.0/16")


def cidrs(outposts: Sequence[OutpostSpec]) -> list[str]:
    """The LANs of all servers, each once. Two sites may well use the same one: servers are islands."""
    return sorted({outpost["lni"]["localCidr"] for outpost in outposts if outpost["lni"]["localCidr"]})


def require_apart(outposts: Sequence[OutpostSpec], vpc_cidrs: Sequence[str]) -> None:
    """NetworkUnsupported for a LAN that overlaps the VPC or the cluster's services: no route could tell them apart."""
    for place, outpost in enumerate(outposts):
        lan = outpost["lni"]["localCidr"]
        if lan is None:
            continue
        for what, blocks in (("the VPC", vpc_cidrs), ("what EKS gives Kubernetes services", _SERVICE_CIDRS)):
            if clashes := overlapping(lan, blocks):
                raise NetworkUnsupported(
                    f"`outposts[{place}].lni.localCidr` {lan} overlaps {what} ({', '.join(clashes)}).",
                    do="Deploy the stack with another VPC, or renumber the LAN: the two must not overlap.",
                )


def warnings(outposts: Sequence[OutpostSpec]) -> list[str]:
    """One for each server whose LAN is not known."""
    return [
        f"lni.localCidr of {outpost['outpostId']} is not given: its local network interface gets an address, but "
        "pods cannot answer the LAN (their replies are translated and leave through the VPC)."
        for outpost in outposts
        if outpost["lni"]["localCidr"] is None
    ]
