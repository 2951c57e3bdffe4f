"""ReadVerification: every finding passes on a cluster that is right, and fails by its own name when spoilt."""

import re
from pathlib import Path
from typing import Any

import pytest
import read_verification

from extended_cluster import errors
from extended_cluster.errors import NotReadyYet
from extended_cluster.verification import findings, lan_findings
from tests.unit import edge_nodes
from tests.unit import verified_cluster as made
from tests.unit.edge_nodes import OTHER_OUTPOST
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.server_plan import OUTPOST

type Json = dict[str, Any]

READY = {"eks-outposts-servers/lni": "ready"}
DOCUMENT = Path(__file__).parents[2] / "docs" / "verification.md"


def read(kubernetes: FakeKubernetes, *, last: bool = False, nodes: Any = None, servers: Any = None) -> Json:
    return read_verification.read(
        kubernetes, "edge-1", made.RUN, nodes or made.NODES, servers or made.SERVERS, last=last
    )


def table(result: Json) -> dict[str, str]:
    return {one["id"]: one["status"] for one in result["findings"]}


def told(number: int, **changes: Any) -> Json:
    """A report with these parts changed; a dictionary's entries are merged."""
    report = made.told(number)
    for name, value in changes.items():
        report[name] = {**report[name], **value} if isinstance(value, dict) else value
    return made.report(report)


def peer(number: int, **changes: Any) -> Json:
    return {f"node-{number}": {**made.told(3 - number)["peers"][f"node-{number}"], **changes}}


def vip(**changes: Any) -> Json:
    name = f"smoke-{OUTPOST}"
    return {name: {**made.told(2)["vips"][name], **changes}}


def test_a_cluster_that_is_right_passes_everything() -> None:
    result = read(made.cluster())
    assert {name for name, status in table(result).items() if status != "pass"} == {"lni-reach-across"}
    assert [one["id"] for one in result["findings"] if not one["required"]] == ["lni-reach-across"]
    assert result["addresses"] == [
        {"outpostId": OUTPOST, "address": "192.168.10.200", "node": "node-1"},
        {"outpostId": OTHER_OUTPOST, "address": "192.168.20.240", "node": "node-3"},
    ]


# What is spoilt, the error of its own, and what the evidence names. These are wrong for good.
LASTING = [
    ([made.aws_node("192.168.10.0/24")], errors.SnatNotExcluded, "lacks 192.168.20.0/24"),
    ([made.aws_node("")], errors.SnatNotExcluded, "not set and lacks 192.168.10.0/24"),
    (
        [made.pod("smoke", 2, waiting={"reason": "InvalidImageName", "message": "no such form"})],
        errors.ImageNotPulled,
        r"smoke-2 on node-2: InvalidImageName \(no such form\)",
    ),
    (
        [told(1, lni={"address": "172.16.0.9"})],
        errors.LniWithoutAddress,
        "172.16.0.9, which is not of the LAN",
    ),
    ([told(2, duplicates=["0e:99"])], errors.DuplicateAddress, "192.168.10.22 of node-2 is claimed by 0e:99"),
    (
        [told(2, vips=vip(macs=["0e:99"]))],
        errors.DuplicateAddress,
        "claimed by 0e:99, which is none of its nodes",
    ),
    ([told(1, vips=vip(macs=["0e:99"]))], errors.DuplicateAddress, "seen by node-1, is claimed by 0e:99"),
    (
        [told(2, vips=vip(macs=[made.mac(1), made.mac(2)]))],
        errors.DuplicateAddress,
        "has several owners: 0a:00:00:00:00:01, 0a:00:00:00:00:02",
    ),
    (
        [told(1, peers=peer(2, reached=False, failures=lan_findings.FAILED_ROUNDS))],
        errors.LniUnreachable,
        "node-1 does not reach node-2 at 192.168.10.22, 12 round",
    ),
    ([told(1, lni={"mtu": 9001})], errors.LniMtuTooSmall, "ens6 of node-1 has MTU 9001 instead of 1500"),
    ([made.kube_dns("Cluster")], errors.LocalDnsFailed, "internalTrafficPolicy Cluster"),
    (
        [told(2, vips=vip(answered=False, failures=lan_findings.FAILED_ROUNDS))],
        errors.VipUnreachable,
        "its owner 0a:00:00:00:00:01 does not answer",
    ),
    (
        [told(2, vips=vip(answered=False, macs=[], failures=lan_findings.FAILED_ROUNDS))],
        errors.VipUnreachable,
        "nobody owns it",
    ),
]


@pytest.mark.parametrize(("spoilt", "error", "evidence"), LASTING)
def test_what_time_does_not_cure_ends_the_run_at_once(
    spoilt: list[Json], error: type[Exception], evidence: str
) -> None:
    with pytest.raises(error, match=evidence):
        read(made.cluster(*spoilt))


def test_what_aws_made_of_a_service_ends_the_run_at_once() -> None:
    taken = made.service(OUTPOST)
    taken["metadata"]["finalizers"] = ["service.kubernetes.io/load-balancer-cleanup"]
    with pytest.raises(errors.AwsLoadBalancerMade, match="has the finalizer service"):
        read(made.cluster(taken))
    named = made.service(OUTPOST)
    named["status"]["loadBalancer"]["ingress"] = [{"hostname": "x.elb.us-west-2.amazonaws.com"}]
    with pytest.raises(errors.AwsLoadBalancerMade, match=r"is x\.elb\.us-west-2"):
        read(made.cluster(named))


def test_an_address_of_no_pool_of_that_server_ends_the_run_at_once() -> None:
    moved = made.service(OUTPOST)
    moved["status"]["loadBalancer"]["ingress"] = [{"ip": "192.168.20.241"}]
    with pytest.raises(errors.AddressOutsidePool, match=r"192.168.20.241 of \S+ is not of 192.168.10.200-"):
        read(made.cluster(moved))


def test_an_announcement_must_be_of_that_server_and_on_its_lni_alone() -> None:
    with pytest.raises(errors.AnnouncedElsewhere, match="announced by node-3, not its node"):
        read(made.cluster(made.announcement(OUTPOST, 3)))
    both = made.announcement(OUTPOST, 1)
    both["status"]["interfaces"] = [{"name": "ens5"}, {"name": "ens6"}]
    with pytest.raises(errors.AnnouncedElsewhere, match="on ens5, ens6 of node-1"):
        read(made.cluster(both))
    del both["status"]["interfaces"]
    with pytest.raises(errors.AnnouncedElsewhere, match="on every interface of node-1"):
        read(made.cluster(both))


def unready() -> Json:
    return edge_nodes.node(2, ready=("Unknown", "NodeStatusUnknown", "stopped"), labels=READY)


def addressless() -> Json:
    return {**made.service(OUTPOST), "status": {}}


# What may still come: NotReadyYet, and at the last look the error.
PASSING = [
    ([unready()], (), errors.NodesNotReady, "node-2 .* is not Ready: NodeStatusUnknown"),
    ([], ("node-2",), errors.NodesNotReady, "node-2 .* is there no more"),
    (
        [edge_nodes.node(2)],
        (),
        errors.LniNotLabelled,
        "node-2 lacks the label eks-outposts-servers/lni=ready",
    ),
    (
        [made.pod("probe", 2, waiting={"reason": "ImagePullBackOff"})],
        (),
        errors.ImageNotPulled,
        "probe-2 on node-2: ImagePullBackOff",
    ),
    ([], ("smoke-3",), errors.SmokeNotRunning, "node-3 has no smoke pod"),
    ([made.pod("smoke", 3, ready=False)], (), errors.SmokeNotRunning, "node-3 has a pod that is not Ready"),
    (
        [made.pod("smoke", 3, waiting={"reason": "CrashLoopBackOff"})],
        (),
        errors.SmokeNotRunning,
        "smoke-3 on node-3: CrashLoopBackOff",
    ),
    ([], ("probe-node-2",), errors.ProbeReportMissing, "node-2 has written no report"),
    (
        [made.report(made.told(2), run="another")],
        (),
        errors.ProbeReportMissing,
        "node-2 has written no report",
    ),
    (
        [made.report(made.told(2), time="2026-11-23T11:58:59Z")],
        (),
        errors.ProbeReportStale,
        r"node-2 is 61 s old \(round 7\)",
    ),
    ([], ("kube-controller-manager",), errors.ProbeReportStale, "the control plane has no lease"),
    (
        [told(2, lni={"state": "unaddressed", "address": None})],
        (),
        errors.LniWithoutAddress,
        "node-2 is unaddressed",
    ),
    (
        [told(2, lni={"state": "down", "address": None, "mtu": 9001})],
        (),
        errors.LniWithoutAddress,
        "node-2 is down",
    ),
    (
        [told(1, peers=peer(2, reached=False, failures=lan_findings.FAILED_ROUNDS - 1))],
        (),
        errors.LniUnreachable,
        "node-1 does not reach node-2",
    ),
    (
        [made.report({**made.told(2), "peers": {}})],
        (),
        errors.LniUnreachable,
        "node-2 has not tried node-1 yet",
    ),
    (
        [told(1, peers=peer(2, mtu=1400))],
        (),
        errors.LniMtuTooSmall,
        "from node-1 to node-2 pass 1400 bytes of 1500",
    ),
    (
        [told(1, peers=peer(2, mtu=None))],
        (),
        errors.LniMtuTooSmall,
        "from node-1 to node-2 pass no bytes of 1500",
    ),
    (
        [told(3, dns={"ok": False, "failures": 4})],
        (),
        errors.LocalDnsFailed,
        r"node-3 got no answer from 10.100.0.10 in 4 round",
    ),
    ([addressless()], (), errors.AddressNotAssigned, f"Service smoke-{OUTPOST} has no address of pool"),
    ([], (f"l2-{OUTPOST}",), errors.AddressNotAnnounced, "192.168.10.200 of .* is announced by no node"),
    (
        [told(2, vips=vip(answered=False, failures=3))],
        (),
        errors.VipUnreachable,
        "node-2 does not reach 192.168.10.200",
    ),
    (
        [made.report({**made.told(2), "vips": {}})],
        (),
        errors.VipUnreachable,
        "node-2 has not tried the address",
    ),
]


@pytest.mark.parametrize(("spoilt", "without", "error", "evidence"), PASSING)
def test_what_may_still_come_is_waited_for_until_the_last_look(
    spoilt: list[Json], without: tuple[str, ...], error: type[Exception], evidence: str
) -> None:
    with pytest.raises(NotReadyYet, match=evidence):
        read(made.cluster(*spoilt, without=without))
    with pytest.raises(error, match=evidence):
        read(made.cluster(*spoilt, without=without), last=True)


def test_every_required_finding_has_been_made_to_fail_by_its_own_error() -> None:
    """With the three tests above that have no table."""
    by_hand = {errors.AwsLoadBalancerMade, errors.AddressOutsidePool, errors.AnnouncedElsewhere}
    shown = {row[1] for row in LASTING} | {row[2] for row in PASSING} | by_hand
    assert {row.error for row in findings._TABLE} == shown


def test_the_first_cause_is_told_and_what_follows_from_it_is_named() -> None:
    """A node that is gone has no pod, no report and no way to it."""
    gone = ("node-2", "smoke-2", "probe-node-2")
    with pytest.raises(errors.NodesNotReady) as refused:
        read(made.cluster(without=gone), last=True)
    said = str(refused.value)
    assert "finding nodes-ready: node-2" in said
    assert "Failed as well: lni-ready, smoke-running, probe-report, lni-reach, local-dns, vip-reach." in said
    assert "kubectl describe node NAME" in said


def test_what_lasts_is_told_before_what_may_pass() -> None:
    with pytest.raises(errors.SnatNotExcluded):
        read(made.cluster(unready(), made.aws_node("")))


def test_one_node_has_nobody_to_try_the_lan_with() -> None:
    nodes = [node for node in made.NODES if node["name"] == "node-1"]
    result = read(made.cluster(), nodes=nodes, servers=made.SERVERS[:1])
    optional = {one["id"]: one["evidence"] for one in result["findings"] if not one["required"]}
    assert optional == {
        "lni-reach": "no server has two nodes, so there is no way on the LAN to try",
        "vip-reach": "no server with a pool has a second node to try it from; try it from the LAN",
        "lni-reach-across": "there is one server",
    }
    assert {one["status"] for one in result["findings"] if not one["required"]} == {"pending"}


def test_servers_without_pools_have_no_addresses_to_see() -> None:
    servers = [{**server, "metallb": None} for server in made.SERVERS]
    result = read(made.cluster(without=tuple(f"smoke-{of}" for of in made.VIPS)), servers=servers)
    assert result["addresses"] == []
    assert {"address-assigned", "announced", "vip-reach"} <= {
        one["id"] for one in result["findings"] if not one["required"]
    }


def test_a_server_without_a_node_is_no_proof_of_anything() -> None:
    with pytest.raises(errors.NodesNotReady, match=f"{OTHER_OUTPOST} has no node in this run"):
        read(made.cluster(), nodes=made.NODES[:2])


def test_a_report_that_no_probe_wrote_counts_for_nothing() -> None:
    forged = made.report(made.told(2))
    forged["metadata"]["managedFields"][0]["manager"] = "kubectl"
    with pytest.raises(NotReadyYet, match="node-2 has written no report"):
        read(made.cluster(forged))


def test_a_lan_inside_an_excluded_block_is_excluded() -> None:
    assert table(read(made.cluster(made.aws_node("192.168.0.0/16"))))["snat-exclusion"] == "pass"


def test_the_list_is_the_documents() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| ?(\w*) \|$", DOCUMENT.read_text(), re.MULTILINE)
    assert [(row.name, row.error.__name__) for row in findings._TABLE if row.name != "lni-reach-across"] == [
        row for row in rows if row[1]
    ]
    assert ("lni-reach-across", "") in rows


def test_an_address_of_a_node_that_has_not_told_yet_is_nobody_else_s() -> None:
    """Its speaker answers ARP before its probe has written a report."""
    early = made.cluster(without=("probe-node-1",))
    with pytest.raises(NotReadyYet, match="probe-report: node-1 has written no report"):
        read(early)
