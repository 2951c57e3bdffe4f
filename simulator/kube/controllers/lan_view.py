"""What a node sees of its LAN through its local network interface (LNI)."""

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from simulator.guest.lan import Link
from simulator.kube.controllers.cluster_dns import same_server
from simulator.kube.controllers.workloads import is_ready
from simulator.kube.resources import PODS

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers
    from simulator.kube.controllers.nodes import Member
    from simulator.kube.controllers.probe import Probe

type Json = dict[str, Any]

# docs/verification.md, peers.*.mtu: the sizes that a probe tries.
_SIZES = (1472, 1400, 1300, 1280, 576)


def interface(loop: "Controllers", member: "Member", link: Link | None, name: str) -> Json:
    """The LNI as the kernel has it. One that is wrong in any other way than without carrier is shown as without an
    address, with the MTU of nodeadm's own file (assumed)."""
    nothing = {"interface": name, "address": None, "prefixLength": None, "mac": None, "mtu": None}
    if link:
        network = link.address.network
        return {
            **nothing,
            "state": "up",
            "address": str(link.address.ip),
            "prefixLength": network.prefixlen,
            "mac": link.mac,
            "mtu": link.mtu,
        }
    mac = loop.cloud.guest.lni_mac(member.instance["InstanceId"])
    if mac is None or member.link:  # none, or one by another name
        return {**nothing, "state": "missing"}
    unplugged = member.instance["InstanceId"] in loop.cloud.guest.lan.unplugged
    return {**nothing, "state": "down" if unplugged else "unaddressed", "mac": mac, "mtu": 9001}


def claimants(loop: "Controllers", link: Link, address: str) -> list[str]:
    """The MAC addresses of others on the LAN that have an address of their own by that name, in order."""
    found = {
        other.link.mac
        for other in loop.joined.values()
        if other.link and other.link.lan == link.lan and str(other.link.address.ip) == address
    }
    stranger = loop.cloud.guest.lan.strangers.get(address)
    if stranger and IPv4Address(address) in link.address.network:
        found.add(stranger)
    return sorted(found - {link.mac})


def peer(loop: "Controllers", probe: "Probe", told: Json, probes: list["Probe"], wanted_mtu: int) -> Json:
    """told: the peer's own report. It is reached if the one that has the address on this LAN is that very probe."""
    link, address = probe.link, told["lni"]["address"]
    holders = [
        one
        for one in probes
        if link and one.link and one.link.lan == link.lan and one.lan_address == address and one is not probe
    ]
    reached = (
        link is not None
        and address != probe.lan_address
        and len(holders) == 1
        and holders[0].node == told["node"]
        and holders[0].environment["RUN_ID"] == probe.environment["RUN_ID"]
    )
    answer = {
        "outpostId": told["outpostId"],
        "address": address,
        "reached": reached,
        "rttMs": None,
        "mtu": None,
    }
    if not reached or link is None or holders[0].link is None:
        return answer
    limit = min(link.mtu, holders[0].link.mtu, loop.cloud.guest.lan.mtu)
    sizes = [wanted_mtu, *(size for size in _SIZES if size < wanted_mtu)]
    return {**answer, "rttMs": 0.4, "mtu": next((size for size in sizes if size <= limit), None)}


def address_of(service: Json) -> str | None:
    """A Service's address on the LAN."""
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    found: str | None = ingress[0].get("ip")
    return found


def vip(loop: "Controllers", link: Link, service: Json, address: str) -> Json:
    """Who owns a Service's address by ARP, and whether a stranger's connection is taken."""
    announcers = [
        member for member in _announcers(loop, service) if member.link and member.link.lan == link.lan
    ]
    if IPv4Address(address) not in link.address.network:
        announcers = []
    owners = {member.link.mac: member for member in announcers if member.link and member.link.mac != link.mac}
    macs = sorted({*owners, *claimants(loop, link, address)})
    answered = any(_has_endpoint(loop, service, member) for member in owners.values())
    return {"address": address, "macs": macs, "answered": answered}


def _announcers(loop: "Controllers", service: Json) -> list["Member"]:
    """The nodes whose speaker announces the address on the LNI."""
    resource = loop.objects.resource("metallb.io", "v1beta1", "servicel2statuses")
    members = {member.name: member for member in loop.joined.values()}
    found = []
    for one in loop.store.all(resource) if resource else ():
        told, meta = one.get("status", {}), service["metadata"]
        names = [entry["name"] for entry in told.get("interfaces", ())]
        member = members.get(told.get("node", ""))
        mine = (told.get("serviceNamespace"), told.get("serviceName")) == (meta["namespace"], meta["name"])
        if mine and member and member.lni and (not names or member.lni in names):
            found.append(member)
    return found


def _has_endpoint(loop: "Controllers", service: Json, member: "Member") -> bool:
    """Whether a connection that arrives at the node gets to a pod."""
    others = {other.name: other for other in loop.joined.values()}
    selector = service["spec"].get("selector", {}).items()
    nodes = [
        pod["spec"]["nodeName"]
        for pod in loop.store.all(PODS, service["metadata"]["namespace"])
        if is_ready(pod) and selector <= pod["metadata"].get("labels", {}).items()
    ]
    if service["spec"].get("externalTrafficPolicy") == "Local":
        return member.name in nodes
    return any(node in others and same_server(member, others[node]) for node in nodes)
