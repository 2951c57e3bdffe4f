"""A stand-in for the one probe that this layer knows: it writes the reports that the program would write there.

No program runs here. The probe is told by the digest of its ConfigMap, as the guest layer tells scripts by their text:
whatever differs runs in name only and reports nothing, so that no change to it passes without a look at what it would
see. What it says is the guest layer's truth; format: docs/verification.md. Times of answers are made up.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.guest.lan import Link
from simulator.kube import authorization
from simulator.kube.authentication import User
from simulator.kube.authorization import Attributes
from simulator.kube.controllers import cluster_dns, lan_view
from simulator.kube.controllers.workloads import is_ready
from simulator.kube.objects import How
from simulator.kube.resources import CONFIG_MAPS, NAMESPACES, PODS, SERVICES

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers
    from simulator.kube.controllers.nodes import Member

type Json = dict[str, Any]

# sha256 over the program's files (digest); tests/simulator/test_kube_probe.py compares it with the application's.
KNOWN = "dbb47bfcabe58abc8b2194fe8234aaa6a6b9c66b735979ccd21893bed96d6ceb"
_RUN, _REPORT = "eks-outposts-servers/run", "eks-outposts-servers/report"
_COMMAND = ["python", "-m", "probe"]
_HOW = How("probe", force=True)
_NEEDED = {"RUN_ID", "NAMESPACE", "OUTPOST_ID", "LNI_INTERFACE", "LNI_MTU", "PERIOD_SECONDS"}


def digest(program: dict[str, str]) -> str:
    """Of file names and texts."""
    return hashlib.sha256(json.dumps(program, sort_keys=True).encode()).hexdigest()


@dataclass
class Progress:
    """What a running probe remembers: when it began (clock seconds), its round, how often in a row what failed."""

    began: float
    sequence: int = 0
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Probe:
    """A running one. link: its node's LNI, if it is up and has the name that the probe looks for."""

    pod: Json
    member: "Member"
    environment: dict[str, str]
    link: Link | None

    @property
    def node(self) -> str:
        """Its node's name."""
        return self.member.name

    @property
    def lan_address(self) -> str | None:
        """Where its peers find it."""
        return str(self.link.address.ip) if self.link else None


def report(loop: "Controllers") -> None:
    """Each running probe's latest round, unless it is written already."""
    now = loop.cloud.clock.time()
    probes = _running(loop)
    for uid in set(loop.probes) - {probe.pod["metadata"]["uid"] for probe in probes}:
        del loop.probes[uid]
    due = []
    for probe in probes:
        progress = loop.probes.setdefault(probe.pod["metadata"]["uid"], Progress(now))
        sequence = 1 + int((now - progress.began) // float(probe.environment["PERIOD_SECONDS"]))
        if sequence > progress.sequence and probe.member.lost_at is None and not _is_silent(loop, probe):
            due.append((probe, progress, sequence))
    known = [(probe, _known(loop, probe, probes, now)) for probe, _, _ in due]
    for (probe, progress, sequence), (_, peers) in zip(due, known, strict=True):
        _write(loop, probe, _told(loop, probe, probes, peers, progress, sequence))
        progress.sequence = sequence


def _running(loop: "Controllers") -> list[Probe]:
    members = {member.name: member for member in loop.joined.values()}
    found = []
    for pod in loop.store.all(PODS):
        container, meta = pod["spec"]["containers"][0], pod["metadata"]
        if container.get("command") != _COMMAND or not is_ready(pod) or not _works(loop, pod):
            continue
        member = members[pod["spec"]["nodeName"]]
        environment = {one["name"]: one["value"] for one in container.get("env", ()) if "value" in one}
        if environment.keys() < _NEEDED or environment["NAMESPACE"] != meta["namespace"]:
            continue
        link = member.link if pod["spec"].get("hostNetwork") else None
        named = link and link.interface == environment["LNI_INTERFACE"]
        found.append(Probe(pod, member, environment, link if named else None))
    return sorted(found, key=lambda probe: probe.node)


def _works(loop: "Controllers", pod: Json) -> bool:
    """Whether the program is the known one, may open its sockets, and reaches the API with the rights it needs."""
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    maps = [volume["configMap"]["name"] for volume in spec.get("volumes", ()) if "configMap" in volume]
    programs = [loop.store.get(CONFIG_MAPS, namespace, name) for name in maps]
    if not any(one and digest(one.get("data", {})) == KNOWN for one in programs):
        return False
    capabilities = spec["containers"][0].get("securityContext", {}).get("capabilities", {})
    if "NET_RAW" not in capabilities.get("add", ()) and capabilities.get("drop"):
        return False
    space = loop.store.get(NAMESPACES, "", namespace)
    if space is None or "deletionTimestamp" in space["metadata"]:
        return False
    if spec.get("automountServiceAccountToken") is False or not _has_proxy(loop, spec["nodeName"]):
        return False
    user = User(
        authorization.service_account(namespace, spec["serviceAccountName"]), ("system:authenticated",)
    )
    wanted = [("list", "configmaps"), ("list", "services"), ("create", "configmaps"), ("patch", "configmaps")]
    return all(
        authorization.allowed(loop.store, user, Attributes(verb, "", resource, namespace))
        for verb, resource in wanted
    )


def _has_proxy(loop: "Controllers", node: str) -> bool:
    """Without kube-proxy no address of a Service leads anywhere, the API's among them."""
    return any(
        pod["spec"].get("nodeName") == node and is_ready(pod)
        for pod in loop.store.all(PODS, "kube-system")
        if pod["metadata"].get("labels", {}).get("k8s-app") == "kube-proxy"
    )


def _is_silent(loop: "Controllers", probe: Probe) -> bool:
    return probe.member.instance["InstanceId"] in loop.cloud.guest.lan.silent


def _known(loop: "Controllers", probe: Probe, probes: list[Probe], now: float) -> list[Json]:
    """The reports that others of the run have written before this round."""
    namespace, run = probe.pod["metadata"]["namespace"], probe.environment["RUN_ID"]
    written = {
        one["node"]: one
        for one in (
            json.loads(found["data"]["report"])
            for found in loop.objects.list(CONFIG_MAPS, namespace, f"{_RUN}={run},{_REPORT}")
        )
    }
    for other in probes:  # those that have begun meanwhile, while nobody looked
        began = loop.probes[other.pod["metadata"]["uid"]].began
        period = float(other.environment["PERIOD_SECONDS"])
        if other.environment["RUN_ID"] == run and now - began >= period and not _is_silent(loop, other):
            lni = {"address": other.lan_address}
            written[other.node] = {
                "node": other.node,
                "outpostId": other.environment["OUTPOST_ID"],
                "lni": lni,
            }
    return [one for node, one in sorted(written.items()) if node != probe.node and one["lni"]["address"]]


def _told(
    loop: "Controllers",
    probe: Probe,
    probes: list[Probe],
    known: list[Json],
    progress: Progress,
    sequence: int,
) -> Json:
    environment, link = probe.environment, probe.link
    rounds = sequence - progress.sequence

    def counted(what: str, told: Json, good: str) -> Json:
        before = progress.failures.get(what, 0)
        progress.failures[what] = 0 if told[good] else before + (rounds if before else 1)
        return {**told, "failures": progress.failures[what]}

    peers, vips = {}, {}
    if link:
        wanted = int(environment["LNI_MTU"])
        for one in known:
            seen = lan_view.peer(loop, probe, one, probes, wanted)
            peers[one["node"]] = counted(f"peer/{one['node']}", seen, "reached")
        namespace = probe.pod["metadata"]["namespace"]
        for service in loop.objects.list(SERVICES, namespace, f"{_RUN}={environment['RUN_ID']}"):
            if address := lan_view.address_of(service):
                seen = lan_view.vip(loop, link, service, address)
                vips[service["metadata"]["name"]] = counted(f"vip/{address}", seen, "answered")
    ok = probe.pod["spec"]["dnsPolicy"] == "ClusterFirstWithHostNet" and cluster_dns.answers(
        loop, probe.member, sequence
    )
    dns = {"server": cluster_dns.address(loop), "ok": ok, "rttMs": 0.5 if ok else None}
    return {
        "runId": environment["RUN_ID"],
        "sequence": sequence,
        "node": probe.node,
        "outpostId": environment["OUTPOST_ID"],
        "lni": lan_view.interface(loop, probe.member, link, environment["LNI_INTERFACE"]),
        "duplicates": lan_view.claimants(loop, link, str(link.address.ip)) if link else [],
        "peers": peers,
        "vips": vips,
        "dns": counted("dns", dns, "ok"),
    }


def _write(loop: "Controllers", probe: Probe, told: Json) -> None:
    namespace, name = probe.pod["metadata"]["namespace"], f"probe-{probe.node}"
    labels = {_RUN: probe.environment["RUN_ID"], _REPORT: "true"}
    body = {"metadata": {"name": name, "labels": labels}, "data": {"report": json.dumps(told)}}
    loop.objects.apply(CONFIG_MAPS, namespace, name, body, _HOW)
