"""The closed list of findings, in the order in which one explains the next, and what becomes of them."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from extended_cluster import errors
from extended_cluster.cause import shortened
from extended_cluster.errors import NotReadyYet, ProvisioningError
from extended_cluster.verification import address_findings, cluster_findings, lan_findings
from extended_cluster.verification.observed import Observed
from extended_cluster.verification.verdict import Finding, Verdict

# Characters of evidence for one finding: all of them travel in the machine's state.
_ROOM: Final = 1000


class _Row(NamedTuple):
    name: str
    judge: Callable[[Observed], Verdict]
    error: type[ProvisioningError]
    advice: str


_TABLE: Final = (
    _Row(
        "nodes-ready",
        cluster_findings.nodes_ready,
        errors.NodesNotReady,
        "Look at 'kubectl describe node NAME' and at the instance's console.",
    ),
    _Row(
        "lni-ready",
        cluster_findings.lni_ready,
        errors.LniNotLabelled,
        "Start the same request again: LabelNodes labels what VerifyLni has seen. Find out who took the label away.",
    ),
    _Row(
        "snat-exclusion",
        cluster_findings.snat_exclusion,
        errors.SnatNotExcluded,
        "Start the same request again: EnsureAddons adds each lni.localCidr to the vpc-cni add-on's configuration.",
    ),
    _Row(
        "image-pulled",
        cluster_findings.image_pulled,
        errors.ImageNotPulled,
        "Deploy the stack with a VerificationImage that the nodes can pull: a Python 3.13 for their architecture.",
    ),
    _Row(
        "smoke-running",
        cluster_findings.smoke_running,
        errors.SmokeNotRunning,
        "Look at the pod's events; too few addresses in the node subnet are a usual cause.",
    ),
    _Row(
        "probe-report",
        lan_findings.probe_report,
        errors.ProbeReportMissing,
        "Look at the log of the probe's pod on that node: it says what it could not do.",
    ),
    _Row(
        "probe-fresh",
        lan_findings.probe_fresh,
        errors.ProbeReportStale,
        "Look at the log of the probe's pod on that node, and at its way to the API server.",
    ),
    _Row(
        "lni-up",
        lan_findings.lni_up,
        errors.LniWithoutAddress,
        "Look at switch port, VLAN and the LAN's DHCP server; on the node at 'networkctl status'.",
    ),
    _Row(
        "no-duplicate-address",
        lan_findings.no_duplicate_address,
        errors.DuplicateAddress,
        "Find that hardware address on the LAN, and take the address from it; keep pools out of the DHCP range.",
    ),
    _Row(
        "lni-reach",
        lan_findings.lni_reach,
        errors.LniUnreachable,
        "Look at the switch between the LNIs (port isolation, VLAN), and at the nodes' host firewalls for TCP 61790.",
    ),
    _Row(
        "lni-mtu",
        lan_findings.lni_mtu,
        errors.LniMtuTooSmall,
        "Raise the LAN's MTU, or ask for a smaller lni.mtu and replace the nodes.",
    ),
    _Row(
        "local-dns",
        cluster_findings.local_dns,
        errors.LocalDnsFailed,
        "Look at the pods of DaemonSet coredns-node in kube-system, and at Service kube-dns.",
    ),
    _Row(
        "no-aws-load-balancer",
        cluster_findings.no_aws_load_balancer,
        errors.AwsLoadBalancerMade,
        "Find the controller that minds Services of every class, and restrict it to its own; delete what it made.",
    ),
    _Row(
        "address-assigned",
        address_findings.address_assigned,
        errors.AddressNotAssigned,
        "Look at 'kubectl --namespace metallb-system logs deployment/controller'; a full pool is a usual cause.",
    ),
    _Row(
        "address-in-pool",
        address_findings.address_in_pool,
        errors.AddressOutsidePool,
        "Look at the IPAddressPool of that Outpost: somebody changed it, or another pool serves our class.",
    ),
    _Row(
        "announced",
        address_findings.announced,
        errors.AddressNotAnnounced,
        "Look at the speaker's log on that server's nodes, and at the L2Advertisement of that Outpost.",
    ),
    _Row(
        "announced-on-lni",
        address_findings.announced_on_lni,
        errors.AnnouncedElsewhere,
        "Look for other L2Advertisements of that pool, and compare the LNI's name on the node with ours.",
    ),
    _Row(
        "vip-reach",
        address_findings.vip_reach,
        errors.VipUnreachable,
        "From a machine on the LAN: arping and curl the address; then look at kube-proxy on the announcing node.",
    ),
    _Row(
        "lni-reach-across",
        lan_findings.lni_reach_across,
        errors.LniUnreachable,
        "Nothing to do where the servers stand at different sites, or on LANs that are to be apart.",
    ),
)


def judge(seen: Observed) -> list[Finding]:
    """All findings, in their order."""
    told = [(row, row.judge(seen)) for row in _TABLE]
    return [
        Finding(
            id=row.name,
            required=said.required,
            status=said.status,
            evidence=shortened(said.evidence, _ROOM),
            advice=row.advice,
        )
        for row, said in told
    ]


def require(findings: Sequence[Finding], cluster: str, *, last: bool) -> None:
    """Raise the first required finding that failed, by its name; NotReadyYet while one is pending.

    last: at the last look what is pending has failed.
    """
    required = [finding for finding in findings if finding["required"]]
    bad = [
        finding
        for finding in required
        if finding["status"] == "fail" or (last and finding["status"] == "pending")
    ]
    if bad:
        first, *others = bad
        also = f" Failed as well: {', '.join(one['id'] for one in others)}." if others else ""
        error = next(row.error for row in _TABLE if row.name == first["id"])
        raise error(
            f"Cluster {cluster}, finding {first['id']}: {first['evidence']}.{also}",
            do=f"{first['advice']} Then start the same request again.",
        )
    if pending := [finding for finding in required if finding["status"] == "pending"]:
        told = "; ".join(f"{one['id']}: {shortened(one['evidence'], 300)}" for one in pending)
        raise NotReadyYet(f"Cluster {cluster} is not proven yet. {told}.")
