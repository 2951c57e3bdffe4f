"""The stand-in for the verification's probe: it tells the guest layer's truth, and only for the program it knows.

All tests share one cluster, which takes seconds to make, and leave it as it was.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from extended_cluster import metallb_manifest
from extended_cluster.address_pools import advertisement, pool
from extended_cluster.types import LniSpec, ServerPlan
from extended_cluster.verification import objects as verification
from simulator.guest.lan import Lan
from simulator.kube.controllers import probe
from simulator.kube.objects import How
from simulator.kube.resources import CONFIG_MAPS, DAEMON_SETS, NAMESPACES, PODS, ROLES
from tests.simulator import test_kube_controllers
from tests.simulator.edge_nodes import FIRST, SECOND, begin, nodes
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_guest_join import NAME
from tests.simulator.test_kube_controllers import settled
from tests.unit.server_plan import LNI, SERVER

RUN = "0123456789abcdef"
OURS = How("eks-outposts-servers", force=True)
ELSEWHERE: LniSpec = {**LNI, "localCidr": "192.168.20.0/24"}
STATIC: LniSpec = {
    **LNI,
    "addressing": "static",
    "address": "192.168.30.21/24",
    "localCidr": "192.168.30.0/24",
}
VLAN: LniSpec = {**LNI, "vlan": 20}
THIRD, FOURTH, FIFTH = (f"op-0a1b2c3d4e5f6000{letter}" for letter in "abc")
PLANS: list[ServerPlan] = [
    {**SERVER, "metallb": {"addresses": ["192.168.10.200/32"]}},
    {**SERVER, "outpostId": SECOND},
    {**SERVER, "outpostId": THIRD, "lni": ELSEWHERE},
    {**SERVER, "outpostId": FOURTH, "lni": STATIC},
    {**SERVER, "outpostId": FIFTH},  # not as its node has it: a VLAN
]


class Verified(EksAccount):
    """Two nodes on the first server; one on each of two others, one of them on the same LAN; two with one address
    set by hand; one with a VLAN that its plan does not know."""

    def __init__(self) -> None:
        super().__init__()
        test_kube_controllers.make_edge(self)
        for name in ("vpc-cni", "kube-proxy"):
            self.eks.create_addon(clusterName=NAME, addonName=name)
        self.instances = [
            begin(self),
            begin(self),
            begin(self, LNI, SECOND),
            begin(self, ELSEWHERE, THIRD),
            begin(self, STATIC, FOURTH),
            begin(self, STATIC, FOURTH),
            begin(self, VLAN, FIFTH),
        ]
        self.nodes = nodes(self, *self.instances)
        for obj in verification.build(RUN, PLANS, "python:3.13-alpine"):
            apply(self, obj)
        settled(self, 60)


@pytest.fixture(scope="module")
def made() -> Verified:
    return Verified()


@pytest.fixture
def account(made: Verified) -> Iterator[Verified]:
    """With LANs to which nobody has done anything."""
    yield made
    made.cloud.guest.lan = Lan()
    settled(made, 10)


def apply(account: EksAccount, obj: dict[str, Any]) -> None:
    objects = settled(account).objects
    resource = next(
        r for r in objects.resources() if (r.api_version, r.kind) == (obj["apiVersion"], obj["kind"])
    )
    objects.apply(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"], obj, OURS)


def reports(account: EksAccount) -> dict[str, Any]:
    found = settled(account).objects.list(CONFIG_MAPS, verification.NAMESPACE, verification.REPORT_LABEL)
    told = [json.loads(one["data"]["report"]) for one in found]
    assert all(one["runId"] == RUN for one in told)
    return {one["node"]: one for one in told}


def test_the_application_s_probe_is_the_one_that_is_known() -> None:
    """If this fails the probe was changed: see what the stand-in must tell now, then put the new digest there."""
    assert probe.digest(verification.program()) == probe.KNOWN


def test_nodes_on_one_lan_reach_each_other(account: Verified) -> None:
    one, other, second, elsewhere, *_ = account.nodes
    settled(account, 30)
    told = reports(account)
    first, peer = told[one]["lni"], told[other]["lni"]

    assert (first["interface"], first["state"], first["mtu"], first["prefixLength"]) == (
        "ens6",
        "up",
        1500,
        24,
    )
    assert first["address"].startswith("192.168.10.")
    assert len({told[name]["lni"]["address"] for name in account.nodes[:4]}) == 4
    assert first["mac"] != peer["mac"]
    assert told[one]["peers"][other] == {
        "outpostId": FIRST,
        "address": peer["address"],
        "reached": True,
        "rttMs": 0.4,
        "mtu": 1500,
        "failures": 0,
    }
    assert told[one]["duplicates"] == []
    across = told[one]["peers"][second]
    assert (across["outpostId"], across["reached"]) == (SECOND, True)
    beyond = told[one]["peers"][elsewhere]
    assert (beyond["reached"], beyond["failures"] > 3) == (False, True)


def test_a_report_comes_every_ten_seconds_until_the_probe_falls_silent(account: Verified) -> None:
    node, instance = account.nodes[0], account.instances[0]
    before = reports(account)[node]["sequence"]
    settled(account, 30)
    assert reports(account)[node]["sequence"] == before + 3
    account.cloud.guest.lan.silent = {instance}
    settled(account, 300)
    assert reports(account)[node]["sequence"] == before + 3
    found = settled(account).objects.get(CONFIG_MAPS, verification.NAMESPACE, f"probe-{node}")
    (entry,) = [e for e in found["metadata"]["managedFields"] if e["manager"] == "probe"]
    age = account.cloud.clock.now() - datetime.fromisoformat(entry["time"])
    assert age.total_seconds() >= 300


def test_an_address_that_two_have(account: Verified) -> None:
    told, (one, other) = reports(account), account.nodes[4:6]
    assert told[one]["lni"]["address"] == told[other]["lni"]["address"] == "192.168.30.21"
    assert told[one]["duplicates"] == [told[other]["lni"]["mac"]]
    assert told[one]["peers"][other]["reached"] is False
    account.cloud.guest.lan.strangers = {"192.168.30.21": "02:00:00:00:00:99"}
    settled(account, 10)
    assert "02:00:00:00:00:99" in reports(account)[one]["duplicates"]


def test_a_cable_that_is_pulled_and_a_switch_that_takes_less(account: Verified) -> None:
    one, other = account.nodes[:2]
    account.cloud.guest.lan.mtu = 1450
    settled(account, 10)
    assert reports(account)[one]["peers"][other]["mtu"] == 1400
    account.cloud.guest.lan.unplugged = {account.instances[1]}
    settled(account, 20)
    told = reports(account)
    assert (told[other]["lni"]["state"], told[other]["lni"]["address"], told[other]["peers"]) == (
        "down",
        None,
        {},
    )
    assert told[other]["lni"]["mac"]
    assert other not in told[one]["peers"]


def test_an_interface_by_another_name_is_missing(account: Verified) -> None:
    told = reports(account)[account.nodes[6]]
    assert (told["lni"]["state"], told["lni"]["mac"], told["peers"]) == ("missing", None, {})


def replies(account: Verified, node: str, rounds: int) -> set[bool]:
    """What became of the questions for a name."""
    found = set()
    for _ in range(rounds):
        settled(account, 10)
        found.add(reports(account)[node]["dns"]["ok"])
    return found


def test_names_resolve_only_where_coredns_answers(account: Verified) -> None:
    assert replies(account, account.nodes[0], 1) == {False}
    account.eks.create_addon(clusterName=NAME, addonName="coredns")
    settled(account, 600)
    pods = settled(account).objects.list(PODS, "kube-system", "k8s-app=kube-dns")
    homes = {pod["spec"]["nodeName"] for pod in pods}
    assert len({reports(account)[name]["outpostId"] for name in homes}) == 2
    alone = min(homes)
    # Replicas on two servers: what kube-proxy picks is now reached, now not.
    assert replies(account, alone, 12) == {True, False}
    policy = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": "kube-system"},
    }
    apply(account, {**policy, "spec": {"internalTrafficPolicy": "Local"}})
    assert replies(account, alone, 4) == {True}
    assert replies(account, next(name for name in account.nodes if name not in homes), 2) == {False}


def test_an_address_is_owned_and_answers_through_its_announcer_s_lni(account: Verified) -> None:
    for obj in metallb_manifest.objects(""):
        apply(account, obj)
    settled(account, 90)
    for obj in (pool(FIRST, {"addresses": ["192.168.10.200/32"]}), advertisement(PLANS[0])):
        apply(account, obj)
    settled(account, 30)
    objects = settled(account).objects
    resource = objects.resource("metallb.io", "v1beta1", "servicel2statuses")
    assert resource
    (status,) = objects.list(resource, "metallb-system")
    announcer = status["status"]["node"]
    (listener,) = [name for name in account.nodes[:2] if name != announcer]
    told, name = reports(account), f"smoke-{FIRST}"

    assert told[listener]["vips"][name] == {
        "address": "192.168.10.200",
        "macs": [told[announcer]["lni"]["mac"]],
        "answered": True,
        "failures": 0,
    }
    assert told[announcer]["vips"][name]["macs"] == []
    assert told[account.nodes[3]]["vips"][name]["macs"] == []  # another LAN
    account.cloud.guest.lan.strangers = {"192.168.10.200": "02:00:00:00:00:99"}
    settled(account, 10)
    assert len(reports(account)[listener]["vips"][name]["macs"]) == 2


@pytest.mark.parametrize("lack", ["program", "right", "capability", "kube-proxy"])
def test_a_probe_that_cannot_work_reports_no_more(account: Verified, lack: str) -> None:
    if lack == "kube-proxy":
        settled(account).objects.delete(DAEMON_SETS, "kube-system", "kube-proxy", OURS, "Background")
    for obj in verification.build(RUN, PLANS, "python:3.13-alpine"):
        kind, name = obj["kind"], obj["metadata"]["name"]
        if lack == "program" and (kind, name) == ("ConfigMap", "probe"):
            obj["data"]["link.py"] += "# another one\n"
        if lack == "right" and kind == "Role":
            obj["rules"] = obj["rules"][:1]
        if lack == "capability" and (kind, name) == ("DaemonSet", f"probe-{FIRST}"):
            container = obj["spec"]["template"]["spec"]["containers"][0]
            container["securityContext"]["capabilities"] = {"drop": ["ALL"]}
        apply(account, obj)
    settled(account, 90)
    node = account.nodes[0]
    before = reports(account)[node]["sequence"]
    settled(account, 60)
    assert reports(account)[node]["sequence"] == before
    running = settled(account).objects.get(DAEMON_SETS, verification.NAMESPACE, f"probe-{FIRST}")["status"]
    assert running["numberReady"] == 2


def test_its_namespace_goes_with_all_it_wrote(account: Verified) -> None:
    assert reports(account)
    objects = settled(account).objects
    objects.delete(NAMESPACES, "", verification.NAMESPACE, OURS)
    settled(account, 60)
    assert objects.store.get(NAMESPACES, "", verification.NAMESPACE) is None
    assert objects.store.all(ROLES, verification.NAMESPACE) == []
