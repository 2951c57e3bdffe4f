"""One server's pods on its LAN: a NetworkAttachmentDefinition, and who has its addresses. Pure.

ipvlan, because the LNI takes no MAC address but its own, which rules out macvlan and bridges; and whereabouts, because
ipvlan's DHCP has no MAC address of its own to ask with (facts.md section 2).
"""

import json
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from extended_cluster import lni_guest
from extended_cluster.address_ranges import Range, parse
from extended_cluster.names import MANAGED_BY, MANAGED_BY_LABEL, POD_NETWORKS_NAMESPACE
from extended_cluster.types import PodNetworkSpec, ServerPlan
from extended_cluster.user_data import OUTPOST_LABEL

type Json = dict[str, Any]

API_VERSION: Final = "k8s.cni.cncf.io/v1"
KIND: Final = "NetworkAttachmentDefinition"
# That of Multus's own examples (docs/configuration.md).
_CNI_VERSION: Final = "0.3.1"


def attachment(server: ServerPlan, wanted: PodNetworkSpec) -> Json:
    """The attachment, named by the Outpost's id: pods name it, and select their node by the same id themselves.

    ``range`` is the whole LAN, so that a pod has its mask and whereabouts one pool for all servers on it, in which no
    address is given twice. The pod's default route stays in the VPC: ``gateway`` is for those that ask for another
    (Multus's ``default-route`` annotation).
    """
    lni, asked = server["lni"], parse(wanted["addresses"])
    ipam = {
        "type": "whereabouts",
        "range": lni["localCidr"],
        "range_start": str(asked.first),
        "range_end": str(asked.last),
    }
    config = {
        "cniVersion": _CNI_VERSION,
        "name": server["outpostId"],
        "type": "ipvlan",
        "master": lni_guest.name(lni),
        "mode": "l2",
        "ipam": ipam if lni["gateway"] is None else {**ipam, "gateway": lni["gateway"]},
    }
    labels = {MANAGED_BY_LABEL: MANAGED_BY, OUTPOST_LABEL: server["outpostId"]}
    meta = {"name": server["outpostId"], "namespace": POD_NETWORKS_NAMESPACE, "labels": labels}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": meta, "spec": {"config": json.dumps(config)}}


def addresses(attachment: Json) -> Range | None:
    """The addresses of an attachment of ours; None where somebody gave it another form."""
    try:
        ipam = json.loads(attachment["spec"]["config"])["ipam"]
        return Range(IPv4Address(ipam["range_start"]), IPv4Address(ipam["range_end"]))
    except (ValueError, KeyError, TypeError):
        return None


def losers(before: Range, after: Range, pools: Iterable[Json]) -> list[str]:
    """The pods with an address that would be in the range no more, each with that address.

    An IPPool's allocations are numbered from its range's first address (whereabouts v0.9.4,
    pkg/storage/kubernetes/ipam.go, toAllocationMap).
    """
    return sorted(
        f"{allocation['podref']} ({address})"
        for pool in pools
        if ":" not in pool["spec"]["range"]
        for offset, allocation in pool["spec"]["allocations"].items()
        if (address := IPv4Network(pool["spec"]["range"]).network_address + int(offset)) in before
        and address not in after
    )
