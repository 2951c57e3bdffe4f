"""The stand-in for the verification's probe: it tells the guest layer's truth, and only for the program it knows."""

import json
from datetime import datetime
from typing import Any

import pytest

from extended_cluster import metallb_manifest
from extended_cluster.address_pools import advertisement, pool
from extended_cluster.types import LniSpec, ServerPlan
from extended_cluster.verification import objects as verification
from simulator.kube.controllers import probe
from simulator.kube.objects import How
from simulator.kube.resources import CONFIG_MAPS, DAEMON_SETS, NAMESPACES, ROLES, SERVICES
from tests.simulator.edge_nodes import FIRST, SECOND, begin, nodes
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_guest_join import NAME
from tests.simulator.test_kube_controllers import account, settled
from tests.unit.server_plan import LNI, SERVER

__all__ = ["account"]

RUN = "0123456789abcdef"
OURS = How("eks-outposts-servers", force=True)
STATIC: LniSpec = {**LNI, "addressing": "static", "address": "192.168.10.21/24"}
ELSEWHERE: LniSpec = {**LNI, "localCidr": "192.168.20.0/24"}


def apply(account: EksAccount, obj: dict[str, Any]) -> None:
    objects = settled(account).objects
    resource = next(
        r for r in objects.resources() if (r.api_version, r.kind) == (obj["apiVersion"], obj["kind"])
    )
    objects.apply(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"], obj, OURS)


def verify(account: EksAccount, *servers: ServerPlan) -> None:
    """What the application puts into a cluster, and the time that its pods need."""
    for obj in verification.build(RUN, servers or (SERVER,), "python:3.13-alpine"):
        apply(account, obj)
    settled(account, 60)


def addons(account: EksAccount, *names: str) -> None:
    for name in names or ("vpc-cni", "kube-proxy"):
        account.eks.create_addon(clusterName=NAME, addonName=name)


def reports(account: EksAccount) -> dict[str, Any]:
    found = settled(account).objects.list(CONFIG_MAPS, verification.NAMESPACE, verification.REPORT_LABEL)
    told = [json.loads(one["data"]["report"]) for one in found]
    assert all(one["runId"] == RUN for one in told)
    return {one["node"]: one for one in told}


def pair(account: EksAccount, first: LniSpec = LNI, second: LniSpec = LNI, server: str = FIRST) -> list[str]:
    """Two nodes with running probes; their names."""
    addons(account)
    names = nodes(account, begin(account, first), begin(account, second, server))
    servers = [SERVER] if server == FIRST else [SERVER, {**SERVER, "outpostId": SECOND, "lni": second}]
    verify(account, *servers)
    return names


def test_the_application_s_probe_is_the_one_that_is_known() -> None:
    """If this fails the probe was changed: see what the stand-in must tell now, then put the new digest there."""
    assert probe.digest(verification.program()) == probe.KNOWN


def test_two_nodes_of_a_server_reach_each_other(account: EksAccount) -> None:
    one, other = pair(account)
    told = reports(account)
    first, second = told[one]["lni"], told[other]["lni"]

    assert (first["interface"], first["state"], first["mtu"], first["prefixLength"]) == (
        "ens6",
        "up",
        1500,
        24,
    )
    assert first["address"].startswith("192.168.10.")
    assert first["address"] != second["address"]
    assert first["mac"] != second["mac"]
    assert told[one]["peers"] == {
        other: {
            "outpostId": FIRST,
            "address": second["address"],
            "reached": True,
            "rttMs": 0.4,
            "mtu": 1500,
            "failures": 0,
        }
    }
    assert told[one]["duplicates"] == []
    assert list(told[other]["peers"]) == [one]


def test_a_report_comes_every_ten_seconds_until_the_probe_falls_silent(account: EksAccount) -> None:
    addons(account)
    instance = begin(account)
    (node,) = nodes(account, instance)
    verify(account)
    before = reports(account)[node]["sequence"]
    settled(account, 30)
    assert reports(account)[node]["sequence"] == before + 3
    account.cloud.guest.lan.silent = {instance}
    settled(account, 300)
    assert reports(account)[node]["sequence"] == before + 3
    (found,) = settled(account).objects.list(CONFIG_MAPS, verification.NAMESPACE, verification.REPORT_LABEL)
    (entry,) = [e for e in found["metadata"]["managedFields"] if e["manager"] == "probe"]
    age = account.cloud.clock.now() - datetime.fromisoformat(entry["time"])
    assert age.total_seconds() >= 300


@pytest.mark.parametrize(("second", "reached"), [(LNI, True), (ELSEWHERE, False)])
def test_servers_on_one_lan_reach_each_other(account: EksAccount, second: LniSpec, reached: bool) -> None:
    one, other = pair(account, second=second, server=SECOND)
    settled(account, 30)
    told = reports(account)[one]["peers"][other]
    assert (told["outpostId"], told["reached"]) == (SECOND, reached)
    assert (told["failures"] > 3) is not reached


def test_an_address_that_two_nodes_have(account: EksAccount) -> None:
    one, other = pair(account, STATIC, STATIC)
    told = reports(account)
    assert told[one]["lni"]["address"] == told[other]["lni"]["address"] == "192.168.10.21"
    assert told[one]["duplicates"] == [told[other]["lni"]["mac"]]
    assert told[one]["peers"][other]["reached"] is False
    account.cloud.guest.lan.strangers = {"192.168.10.21": "02:00:00:00:00:99"}
    settled(account, 10)
    assert "02:00:00:00:00:99" in reports(account)[one]["duplicates"]


def test_a_cable_that_is_pulled_and_a_switch_that_takes_less(account: EksAccount) -> None:
    addons(account)
    first, second = begin(account), begin(account)
    one, other = nodes(account, first, second)
    verify(account)
    account.cloud.guest.lan.mtu = 1450
    settled(account, 10)
    assert reports(account)[one]["peers"][other]["mtu"] == 1400
    account.cloud.guest.lan.unplugged = {second}
    settled(account, 50)
    told = reports(account)
    assert (told[other]["lni"]["state"], told[other]["lni"]["address"], told[other]["peers"]) == (
        "down",
        None,
        {},
    )
    assert told[one]["peers"] == {}
    assert told[other]["lni"]["mac"]


def test_files_that_are_wrong_and_an_interface_by_another_name(account: EksAccount) -> None:
    addons(account)
    vlan: LniSpec = {**LNI, "vlan": 20}
    plan: ServerPlan = {**SERVER, "lni": vlan}
    (node,) = nodes(account, begin(account, vlan))
    verify(account, plan)
    assert reports(account)[node]["lni"]["interface"] == "lni.20"
    assert reports(account)[node]["lni"]["state"] == "up"
    verify(account, SERVER)
    settled(account, 60)
    assert reports(account)[node]["lni"]["state"] == "missing"


def test_names_resolve_only_where_coredns_answers(account: EksAccount) -> None:
    one, other = pair(account, server=SECOND)
    assert {report["dns"]["ok"] for report in replies(account, one, 1)} == {False}
    addons(account, "coredns")
    settled(account, 600)
    # Two replicas, one on each server: what kube-proxy picks is now reached, now not.
    assert {report["dns"]["ok"] for report in replies(account, one, 12)} == {True, False}
    local = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": "kube-system"},
    }
    apply(account, {**local, "spec": {"internalTrafficPolicy": "Local"}})
    for node in (one, other):
        assert {report["dns"]["ok"] for report in replies(account, node, 4)} == {True}


def replies(account: EksAccount, node: str, rounds: int) -> list[Any]:
    found = []
    for _ in range(rounds):
        settled(account, 10)
        found.append(reports(account)[node])
    return found


def test_an_address_is_owned_and_answers_through_its_announcer_s_lni(account: EksAccount) -> None:
    one, other = pair(account)
    for obj in metallb_manifest.objects(""):
        apply(account, obj)
    settled(account, 90)
    plan: ServerPlan = {**SERVER, "metallb": {"addresses": ["192.168.10.200/32"]}}
    for obj in (pool(FIRST, {"addresses": ["192.168.10.200/32"]}), advertisement(plan)):
        apply(account, obj)
    verify(account, plan)
    objects = settled(account).objects
    resource = objects.resource("metallb.io", "v1beta1", "servicel2statuses")
    assert resource
    (status,) = objects.list(resource, "metallb-system")
    announcer = status["status"]["node"]
    listener = other if announcer == one else one
    told = reports(account)
    name = f"smoke-{FIRST}"

    assert told[listener]["vips"][name] == {
        "address": "192.168.10.200",
        "macs": [told[announcer]["lni"]["mac"]],
        "answered": True,
        "failures": 0,
    }
    assert told[announcer]["vips"][name]["macs"] == []
    account.cloud.guest.lan.strangers = {"192.168.10.200": "02:00:00:00:00:99"}
    settled(account, 10)
    assert len(reports(account)[listener]["vips"][name]["macs"]) == 2
    assert objects.get(SERVICES, verification.NAMESPACE, name)["spec"]["externalTrafficPolicy"] == "Local"


@pytest.mark.parametrize("lack", ["program", "right", "capability", "kube-proxy"])
def test_a_probe_that_cannot_work_reports_nothing(account: EksAccount, lack: str) -> None:
    addons(account, *(["vpc-cni"] if lack == "kube-proxy" else []))
    nodes(account, begin(account))
    for obj in verification.build(RUN, (SERVER,), "python:3.13-alpine"):
        kind, name = obj["kind"], obj["metadata"]["name"]
        if lack == "program" and (kind, name) == ("ConfigMap", "probe"):
            obj["data"]["link.py"] += "# another one\n"
        if lack == "right" and kind == "Role":
            obj["rules"] = obj["rules"][:1]
        if lack == "capability" and (kind, name) == ("DaemonSet", f"probe-{FIRST}"):
            container = obj["spec"]["template"]["spec"]["containers"][0]
            container["securityContext"]["capabilities"] = {"drop": ["ALL"]}
        apply(account, obj)
    settled(account, 120)
    objects = settled(account).objects
    assert objects.get(DAEMON_SETS, verification.NAMESPACE, f"probe-{FIRST}")["status"]["numberReady"] == 1
    assert reports(account) == {}


def test_its_namespace_goes_with_all_it_wrote(account: EksAccount) -> None:
    pair(account)
    assert reports(account)
    objects = settled(account).objects
    objects.delete(NAMESPACES, "", verification.NAMESPACE, OURS)
    settled(account, 60)
    assert objects.store.get(NAMESPACES, "", verification.NAMESPACE) is None
    assert objects.store.all(ROLES, verification.NAMESPACE) == []
    assert reports(account) == {}
