"""Findings about the LAN, as the nodes' probes see it through their LNIs. Pure."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from extended_cluster.kubernetes.api import Json
from extended_cluster.types import ClusterNode
from extended_cluster.verification.observed import Observed, Server
from extended_cluster.verification.verdict import Verdict, nothing_to_see, verdict

# Seconds: six rounds of the probe (objects.PERIOD).
STALE_AFTER: Final = 60
# A peer may just have begun; after so many rounds in vain it is no matter of time any more: about two minutes.
FAILED_ROUNDS: Final = 12


def probe_report(seen: Observed) -> Verdict:
    """Every node has told something in this run."""
    missing = [
        f"{node['name']} has written no report"
        for _, node in seen.expected()
        if node["name"] not in seen.reports
    ]
    return verdict(f"{len(seen.reports)} report(s)", waiting=missing)


def probe_fresh(seen: Observed) -> Verdict:
    """No report is older than it may be, by the API server's clock."""
    reports = [
        (node, seen.reports[node["name"]]) for _, node in seen.expected() if node["name"] in seen.reports
    ]
    waiting = [
        f"the report of {node['name']} is {report.age:.0f} s old (round {report.told['sequence']})"
        if report.age is not None
        else "the control plane has no lease, so the age of a report cannot be told"
        for node, report in reports
        if report.age is None or report.age > STALE_AFTER
    ]
    return verdict(f"none is older than {STALE_AFTER} s", waiting=waiting)


def lni_up(seen: Observed) -> Verdict:
    """Every LNI is up, with an address of the LAN."""
    waiting, failed, addresses = [], [], []
    for server, node, lni in _lnis(seen):
        name, lan = f"{lni['interface']} of {node['name']}", server.plan["lni"]["localCidr"]
        if lni["state"] != "up":
            waiting.append(f"{name} is {lni['state']}")
        elif lan and IPv4Address(lni["address"]) not in IPv4Network(lan):
            failed.append(f"{name} has {lni['address']}, which is not of the LAN {lan}")
        else:
            addresses.append(f"{node['name']} has {lni['address']}")
    return verdict(", ".join(addresses), failed=failed, waiting=waiting)


def no_duplicate_address(seen: Observed) -> Verdict:
    """Nobody else claims a node's address, and every Service's address has one owner, on its own server's LAN."""
    failed, waiting = [], []
    for server, node, lni in _lnis(seen):
        report = seen.reports[node["name"]].told
        failed += [f"{lni['address']} of {node['name']} is claimed by {mac}" for mac in report["duplicates"]]
        if server.service is None:
            continue
        vip: Json = report["vips"].get(server.service["metadata"]["name"], {"address": None, "macs": []})
        whose = f"{vip['address']} of {server.outpost_id}, seen by {node['name']}"
        strangers = [mac for mac in vip["macs"] if mac not in _macs(seen, server)]
        told = [f"{whose}, is claimed by {mac}, which is none of its nodes" for mac in strangers]
        # Whose it is cannot be told before every node of the server has named its own.
        if all(each["name"] in seen.reports for each in server.nodes):
            failed += told
        else:
            waiting += told
        if len(vip["macs"]) > 1:
            failed.append(f"{whose}, has several owners: {', '.join(vip['macs'])}")
    return verdict("every address has one owner", failed=failed, waiting=waiting)


def lni_mtu(seen: Observed) -> Verdict:
    """The interface has the request's MTU, and packets of that size reach the peers of the same server."""
    failed, waiting = [], []
    for server, node, lni in _lnis(seen):
        wanted = server.plan["lni"]["mtu"]
        if lni["state"] == "up" and lni["mtu"] != wanted:  # else lni-up says more
            failed.append(f"{lni['interface']} of {node['name']} has MTU {lni['mtu']} instead of {wanted}")
        for peer, told in _peers(seen, server, node):
            if told and told["reached"] and (told["mtu"] or 0) < wanted:
                waiting.append(f"from {node['name']} to {peer} pass {told['mtu'] or 'no'} bytes of {wanted}")
    return verdict("packets of the LNI's MTU pass whole", failed=failed, waiting=waiting)


def lni_reach(seen: Observed) -> Verdict:
    """Every node reaches every other one of its server."""
    return _reach(seen, lambda server, other: other is server) or nothing_to_see(
        "no server has two nodes, so there is no way on the LAN to try"
    )


def lni_reach_across(seen: Observed) -> Verdict:
    """Nodes of different servers. Told only: they may stand at two sites."""
    told = _reach(seen, lambda server, other: other is not server)
    return told._replace(required=False) if told else nothing_to_see("there is one server")


def _reach(seen: Observed, wanted: Callable[[Server, Server], bool]) -> Verdict | None:
    pairs = [
        (node["name"], peer["name"])
        for server, node in seen.expected()
        for other, peer in seen.expected()
        if wanted(server, other) and node["name"] != peer["name"]
    ]
    failed: list[str] = []
    waiting: list[str] = []
    for name, peer in pairs:
        told = seen.reports[name].told["peers"].get(peer) if name in seen.reports else None
        if told is None:
            waiting.append(f"{name} has not tried {peer} yet")
        elif not told["reached"]:
            which = failed if told["failures"] >= FAILED_ROUNDS else waiting
            which.append(
                f"{name} does not reach {peer} at {told['address']}, {told['failures']} round(s) in a row"
            )
    return (
        verdict(f"{len(pairs)} way(s) between nodes work", failed=failed, waiting=waiting) if pairs else None
    )


def _lnis(seen: Observed) -> Iterator[tuple[Server, ClusterNode, Json]]:
    for server, node in seen.expected():
        if node["name"] in seen.reports:
            yield server, node, seen.reports[node["name"]].told["lni"]


def _peers(seen: Observed, server: Server, node: ClusterNode) -> Iterator[tuple[str, Json | None]]:
    told = seen.reports[node["name"]].told["peers"]
    return ((peer["name"], told.get(peer["name"])) for peer in server.nodes if peer is not node)


def _macs(seen: Observed, server: Server) -> set[str]:
    names = (node["name"] for node in server.nodes)
    return {seen.reports[name].told["lni"]["mac"] for name in names if name in seen.reports}
