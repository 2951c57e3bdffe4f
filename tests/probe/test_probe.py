"""The real probe on real network interfaces: seven nodes and a stranger on a LAN of network namespaces.

a and b are well; c hangs on a port that passes small packets only; d shares its address with a stranger, who also
owns the services' addresses; e is cut off the LAN, and its LAN address is reachable through the VPC; f has no LNI; g
has one with a small MTU of its own.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.probe.lab import API_ADDRESS, RUN_ID, Json, Lab

OUTPOST, OTHER = "op-0a1b2c3d4e5f60001", "op-0a1b2c3d4e5f60002"
NODES = {"a": 21, "b": 22, "c": 23, "d": 24, "e": 25, "f": 26, "g": 27}
LISTEN = """
import socket
listener = socket.create_server(("{address}", {port}))
while True:
    listener.accept()
"""


def address(name: str) -> str:
    return f"192.168.10.{NODES[name]}"


def service(name: str, ip: str | None, port: int = 80) -> dict[str, object]:
    ingress = [{"ip": ip}] if ip else []
    return {
        "metadata": {"name": name, "labels": {"eks-outposts-servers/run": RUN_ID}},
        "spec": {"ports": [{"port": port}]},
        "status": {"loadBalancer": {"ingress": ingress}},
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as made:
        for name, number in NODES.items():
            made.host(name, number, lan=f"{address(name)}/24")
        made.run("ip", "link", "set", "c-lan", "mtu", "1400")
        made.run("ip", "link", "set", "ens6", "mtu", "1400", node="g")
        made.host("stranger", 99, lan=f"{address('d')}/24")
        for vip in ("192.168.10.200", "192.168.10.201"):
            made.run("ip", "address", "add", f"{vip}/32", "dev", "ens6", node="stranger")
        listen = LISTEN.format(address="192.168.10.200", port=80)
        made.start([sys.executable, "-c", listen], made.folder, "stranger")
        made.run("ip", "link", "set", "e-lan", "nomaster")
        made.run("ip", "link", "set", "e-lan", "up")
        made.run("ip", "route", "add", f"{address('e')}/32", "via", f"10.0.0.{NODES['e']}", node="a")
        made.run("ip", "route", "add", f"{address('a')}/32", "via", f"10.0.0.{NODES['a']}", node="e")
        services = [
            service("open", "192.168.10.200"),
            service("closed", "192.168.10.201"),
            service("nobody", "192.168.10.202"),
            service("elsewhere", "192.168.77.200"),
            service("waiting", None),
        ]
        (made.folder / "services.json").write_text(json.dumps(services))
        for name in NODES:
            interface = "ens9" if name == "f" else "ens6"
            made.probe(name, OTHER if name == "e" else OUTPOST, interface)
        others = {name for name in NODES if name != "f"}
        made.until(lambda: all(set(made.report(n).get("peers", ())) == others - {n} for n in others))
        yield made


def test_a_report_says_whose_it_is(lab: Lab) -> None:
    report = lab.report("a")
    assert (report["runId"], report["node"], report["outpostId"]) == (RUN_ID, "a", OUTPOST)
    assert report["sequence"] >= 2
    lni = {"interface": "ens6", "state": "up", "address": address("a"), "prefixLength": 24}
    assert report["lni"] == {**lni, "mac": lab.mac("a"), "mtu": 1500}


def test_two_nodes_reach_each_other_by_the_largest_packet(lab: Lab) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        seen = lab.report(one)["peers"][other]
        assert seen.pop("rttMs") < 1000
        assert seen == {
            "outpostId": OUTPOST,
            "address": address(other),
            "reached": True,
            "mtu": 1500,
            "failures": 0,
        }


def test_a_port_that_passes_small_packets_only_is_noticed_from_both_sides(lab: Lab) -> None:
    assert lab.report("a")["peers"]["c"]["reached"]
    assert lab.report("a")["peers"]["c"]["mtu"] == lab.report("c")["peers"]["a"]["mtu"] == 1400


def test_a_small_mtu_of_its_own_is_noticed_because_nothing_may_be_fragmented(lab: Lab) -> None:
    assert lab.report("g")["lni"]["mtu"] == 1400
    assert lab.report("g")["peers"]["a"]["mtu"] == 1400


def test_somebody_else_with_the_same_address_is_noticed(lab: Lab) -> None:
    assert lab.report("d")["duplicates"] == [lab.mac("stranger")]
    assert [lab.report(name)["duplicates"] for name in "abc"] == [[], [], []]


def test_a_path_through_the_vpc_does_not_pass_for_the_lan(lab: Lab) -> None:
    """An ordinary socket does reach it, or this would prove nothing."""
    listener = lab.start(
        [sys.executable, "-c", LISTEN.format(address=address("e"), port=7000)], lab.folder, "e"
    )
    connect = f"import socket; socket.create_connection(('{address('e')}', 7000), 2)"

    def reachable() -> bool:
        try:
            lab.run(sys.executable, "-c", connect, node="a")
        except AssertionError:
            return False
        return listener.poll() is None

    lab.until(reachable)
    lab.until(lambda: lab.report("a")["peers"]["e"]["failures"] >= 1)
    assert not lab.report("a")["peers"]["e"]["reached"]
    assert not lab.report("e")["peers"]["a"]["reached"]
    assert lab.report("a")["peers"]["e"]["mtu"] is None


def test_an_address_is_answered_as_a_stranger_sees_it(lab: Lab) -> None:
    lab.until(lambda: len(lab.report("a")["vips"]) == 4)
    vips, owner = lab.report("a")["vips"], lab.mac("stranger")
    assert {name: (seen["macs"], seen["answered"]) for name, seen in vips.items()} == {
        "open": ([owner], True),
        "closed": ([owner], False),
        "nobody": ([], False),
        "elsewhere": ([], False),
    }
    assert vips["open"]["failures"] == 0 < vips["closed"]["failures"]


def test_a_node_without_an_lni_says_so(lab: Lab) -> None:
    report = lab.report("f")
    nothing = {"address": None, "prefixLength": None, "mac": None, "mtu": None}
    assert report["lni"] == {"interface": "ens9", "state": "missing", **nothing}
    assert (report["peers"], report["vips"], report["duplicates"]) == ({}, {}, [])


def test_the_clusters_dns_is_asked_for_the_apis_service(lab: Lab) -> None:
    seen = lab.report("b")["dns"]
    assert seen.pop("rttMs") < 1000
    assert seen == {"server": API_ADDRESS, "ok": True, "failures": 0}


def test_link_and_address_may_go_while_it_runs(lab: Lab) -> None:
    lab.run("ip", "address", "flush", "dev", "ens6", node="b")
    lab.run("ip", "link", "set", "ens6", "down", node="c")
    lab.until(
        lambda: lab.report("b")["lni"]["state"] == "unaddressed" and lab.report("c")["lni"]["state"] == "down"
    )
    lab.run("ip", "address", "add", "192.168.10.32/24", "dev", "ens6", node="b")

    def seen() -> Json:
        """Nobody asks a peer that tells no address."""
        return dict(lab.report("a")["peers"].get("b", {"address": None, "reached": False}))

    lab.until(lambda: seen()["address"] == "192.168.10.32" and bool(seen()["reached"]))


def test_it_ends_when_kubelet_says_so(lab: Lab) -> None:
    started: subprocess.Popen[bytes] = lab.probe("b", OUTPOST, "ens9")
    before = lab.report("b")["sequence"]
    lab.until(lambda: lab.report("b")["sequence"] < before)
    started.send_signal(signal.SIGTERM)
    assert started.wait(5) == 0


def test_the_program_is_what_the_config_map_carries(lab: Lab) -> None:
    carried = {path.name for path in Path(lab.folder / "probe").glob("*.py")}
    assert {"__init__.py", "__main__.py", "api.py"} <= carried
