"""Findings about nodes, pods and the cluster's own services. Each is a pure function of what was observed."""

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any, Final

from extended_cluster.kubernetes.api import Json
from extended_cluster.local_dns import LOCAL
from extended_cluster.names import LNI_READY, LNI_READY_LABEL
from extended_cluster.node_readiness import is_ready, ready_condition
from extended_cluster.pod_faults import NO_IMAGE_EVER, NO_IMAGE_YET
from extended_cluster.verification.objects import SMOKE
from extended_cluster.verification.observed import Observed
from extended_cluster.verification.verdict import Verdict, nothing_to_see, verdict

_EXCLUDED: Final = "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"
# cloud-provider-aws (in-tree name), aws-load-balancer-controller.
_AWS_FINALIZERS: Final = frozenset(
    {"service.kubernetes.io/load-balancer-cleanup", "service.k8s.aws/resources"}
)


def nodes_ready(seen: Observed) -> Verdict:
    """Every node of the run is there and Ready, and every server has one."""
    empty = [f"{server.outpost_id} has no node in this run" for server in seen.servers if not server.nodes]
    waiting = [
        f"{node['name']} ({node['instanceId']}) is not Ready: {ready_condition(there).get('reason', 'no condition')}"
        if (there := seen.nodes.get(node["name"]))
        else f"{node['name']} ({node['instanceId']}) is there no more"
        for _, node in seen.expected()
        if not is_ready(seen.nodes.get(node["name"], {}))
    ]
    return verdict(f"{_count(seen)} node(s) are Ready", failed=empty, waiting=waiting)


def lni_ready(seen: Observed) -> Verdict:
    """Every node has the label that lets MetalLB announce from it, and ours run on it."""
    waiting = [
        f"{node['name']} lacks the label {LNI_READY_LABEL}={LNI_READY}"
        for _, node in seen.expected()
        if (seen.nodes.get(node["name"], {}).get("metadata", {}).get("labels") or {}).get(LNI_READY_LABEL)
        != LNI_READY
    ]
    return verdict(f"{_count(seen)} node(s) have the label", waiting=waiting)


def snat_exclusion(seen: Observed) -> Verdict:
    """The CNI leaves the source address alone in what goes to a server's LAN (ten facts, row 6)."""
    lans = sorted({cidr for server in seen.servers if (cidr := server.plan["lni"]["localCidr"])})
    if not lans:
        return nothing_to_see("no server names its LAN (lni.localCidr), so pods cannot answer it")
    if seen.aws_node is None:
        return verdict("", failed=["there is no DaemonSet aws-node in kube-system"])
    told = _environment(seen.aws_node, "aws-node").get(_EXCLUDED, "")
    excluded = [IPv4Network(cidr.strip(), strict=False) for cidr in told.split(",") if cidr.strip()]
    missing = [lan for lan in lans if not any(IPv4Network(lan).subnet_of(block) for block in excluded)]
    return verdict(
        f"{_EXCLUDED} is {told}",
        failed=[
            f"{_EXCLUDED} of DaemonSet aws-node is {told or 'not set'} and lacks {lan}" for lan in missing
        ],
    )


def image_pulled(seen: Observed) -> Verdict:
    """No pod waits for its image."""
    waits = [(pod, why) for pod in seen.pods for why in _waiting(pod)]
    return verdict(
        f"{len(seen.pods)} pod(s) have their image",
        failed=[_tell(pod, why) for pod, why in waits if why.get("reason") in NO_IMAGE_EVER],
        waiting=[_tell(pod, why) for pod, why in waits if why.get("reason") in NO_IMAGE_YET],
    )


def smoke_running(seen: Observed) -> Verdict:
    """A plain pod is Ready on every node."""
    pods = seen.pods_of(SMOKE)
    running = {pod["spec"].get("nodeName") for pod in pods if is_ready(pod)}
    waiting = []
    for _, node in seen.expected():
        if node["name"] in running:
            continue
        there = [pod for pod in pods if pod["spec"].get("nodeName") == node["name"]]
        told = [_tell(pod, why) for pod in there for why in _waiting(pod)]
        waiting += told or [f"{node['name']} has {'a pod that is not Ready' if there else 'no smoke pod'}"]
    return verdict(f"{len(running)} smoke pod(s) are Ready", waiting=waiting)


def local_dns(seen: Observed) -> Verdict:
    """Every node resolves names, by a CoreDNS of its own: a query cannot leave the node."""
    policy = ((seen.kube_dns or {}).get("spec") or {}).get("internalTrafficPolicy")
    failed = [] if policy == LOCAL else [f"Service kube-dns has internalTrafficPolicy {policy or 'Cluster'}"]
    waiting = []
    for _, node in seen.expected():
        dns = seen.reports[node["name"]].told["dns"] if node["name"] in seen.reports else None
        if dns is None:
            waiting.append(f"{node['name']} has not told of its names yet")
        elif not dns["ok"]:
            waiting.append(f"{node['name']} got no answer from {dns['server']} in {dns['failures']} round(s)")
    return verdict(
        f"{_count(seen)} node(s) resolve by a CoreDNS of their own", failed=failed, waiting=waiting
    )


def no_aws_load_balancer(seen: Observed) -> Verdict:
    """None of AWS' controllers took a Service of ours for its own."""
    services = [server.service for server in seen.servers if server.service]
    failed = []
    for service in services:
        name = service["metadata"]["name"]
        taken = _AWS_FINALIZERS & set(service["metadata"].get("finalizers", ()))
        failed += [f"Service {name} has the finalizer {one}" for one in sorted(taken)]
        ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress", ())
        failed += [f"Service {name} is {entry['hostname']}" for entry in ingress if "hostname" in entry]
    return verdict(f"{len(services)} Service(s), none of AWS'", failed=failed)


def _count(seen: Observed) -> int:
    return len(list(seen.expected()))


def _environment(workload: Json, container_name: str) -> dict[str, str]:
    containers = workload["spec"]["template"]["spec"]["containers"]
    return {
        entry["name"]: entry.get("value", "")
        for container in containers
        if container["name"] == container_name
        for entry in container.get("env", ())
    }


def _waiting(pod: Json) -> Iterable[dict[str, Any]]:
    for container in pod.get("status", {}).get("containerStatuses", ()):
        if waiting := container.get("state", {}).get("waiting"):
            yield {**waiting, "image": container["image"]}


def _tell(pod: Json, why: dict[str, Any]) -> str:
    where = pod["spec"].get("nodeName", "no node")
    return f"pod {pod['metadata']['name']} on {where}: {why.get('reason')} ({why.get('message') or why['image']})"
