"""Findings about each server's address on the LAN. Pure."""

from ipaddress import IPv4Address

from extended_cluster import lni_guest
from extended_cluster.address_ranges import parse
from extended_cluster.verification.lan_findings import FAILED_ROUNDS
from extended_cluster.verification.objects import service_name
from extended_cluster.verification.observed import Observed, Server
from extended_cluster.verification.verdict import Verdict, nothing_to_see, verdict

_NO_POOL = "no server of the request has addresses for MetalLB"


def address_assigned(seen: Observed) -> Verdict:
    """Every server with a pool gives its Service an address."""
    servers = _with_pool(seen)
    waiting = [
        f"Service {service_name(server.outpost_id)} has no address of pool {server.outpost_id}"
        for server in servers
        if not server.address
    ]
    told = ", ".join(f"{server.outpost_id} gave {server.address}" for server in servers)
    return verdict(told, waiting=waiting) if servers else nothing_to_see(_NO_POOL)


def address_in_pool(seen: Observed) -> Verdict:
    """It is one of that server's own."""
    failed = []
    for server in _with_pool(seen):
        own = (server.plan["metallb"] or {"addresses": []})["addresses"]
        if server.address and not any(IPv4Address(server.address) in parse(text) for text in own):
            failed.append(f"{server.address} of {server.outpost_id} is not of {', '.join(own)}")
    return (
        verdict("each of its own server's pool", failed=failed)
        if _with_pool(seen)
        else nothing_to_see(_NO_POOL)
    )


def announced(seen: Observed) -> Verdict:
    """One speaker says that it announces the address."""
    waiting = [
        f"{server.address or 'the address'} of {server.outpost_id} is announced by "
        f"{', '.join(one['node'] for one in server.announcements) or 'no node'}"
        for server in _with_pool(seen)
        if len(server.announcements) != 1
    ]
    told = ", ".join(
        f"{server.address} by {server.announcements[0]['node']}"
        for server in _with_pool(seen)
        if server.announcements
    )
    return verdict(told, waiting=waiting) if _with_pool(seen) else nothing_to_see(_NO_POOL)


def announced_on_lni(seen: Observed) -> Verdict:
    """It is a node of that server, and the LNI is the interface, the only one."""
    failed = []
    for server in _with_pool(seen):
        names, lni = {node["name"] for node in server.nodes}, lni_guest.name(server.plan["lni"])
        for one in server.announcements:
            interfaces = [entry["name"] for entry in one.get("interfaces", ())]
            if one["node"] not in names:
                failed.append(
                    f"{server.address} of {server.outpost_id} is announced by {one['node']}, not its node"
                )
            elif interfaces != [lni]:
                on = ", ".join(interfaces) or "every interface"
                failed.append(
                    f"{server.address} of {server.outpost_id} is announced on {on} of {one['node']}, not {lni}"
                )
    return verdict("on the LNI alone", failed=failed) if _with_pool(seen) else nothing_to_see(_NO_POOL)


def vip_reach(seen: Observed) -> Verdict:
    """Every other node of the server gets an answer from the address on the LAN."""
    servers = [server for server in _with_pool(seen) if len(server.nodes) > 1]
    if not servers:
        return nothing_to_see("no server with a pool has a second node to try it from; try it from the LAN")
    failed: list[str] = []
    waiting: list[str] = []
    asked = 0
    for server in servers:
        announcer = next((one["node"] for one in server.announcements), None)
        for name in (node["name"] for node in server.nodes if node["name"] != announcer):
            told = (
                seen.reports[name].told["vips"].get(service_name(server.outpost_id))
                if name in seen.reports
                else None
            )
            if announcer is None or told is None:
                waiting.append(f"{name} has not tried the address of {server.outpost_id} yet")
            elif told["answered"]:
                asked += 1
            else:
                which = failed if told["failures"] >= FAILED_ROUNDS else waiting
                owner = (
                    f"its owner {', '.join(told['macs'])} does not answer"
                    if told["macs"]
                    else "nobody owns it"
                )
                which.append(
                    f"{name} does not reach {told['address']}: {owner}, {told['failures']} round(s) in a row"
                )
    return verdict(f"{asked} node(s) got an answer", failed=failed, waiting=waiting)


def _with_pool(seen: Observed) -> list[Server]:
    return [server for server in seen.servers if server.plan["metallb"]]
