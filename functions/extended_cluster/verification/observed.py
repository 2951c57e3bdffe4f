"""What one look at the cluster shows, gathered for the findings."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from extended_cluster import node_readiness
from extended_cluster.address_pools import API_VERSION as METALLB
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.names import COMPONENT_LABEL, METALLB_NAMESPACE
from extended_cluster.types import ClusterNode, ServerPlan
from extended_cluster.user_data import OUTPOST_LABEL
from extended_cluster.verification.objects import (
    NAMESPACE,
    PROBE,
    REPORT_LABEL,
    RUN_LABEL,
    service_name,
)

_LEASE: Final = "coordination.k8s.io/v1"


class Report(NamedTuple):
    """A probe's report; age: seconds by the API server's clock, None while the control plane has no lease."""

    told: Json
    age: float | None


class Server(NamedTuple):
    """One server: its plan, its nodes of this run, its Service (None: none) and who announces its address."""

    plan: ServerPlan
    nodes: list[ClusterNode]
    service: Json | None
    announcements: list[Json]

    @property
    def outpost_id(self) -> str:
        """The Outpost's id."""
        return self.plan["outpostId"]

    @property
    def address(self) -> str | None:
        """The Service's address; None while it has none."""
        return address_of(self.service)


@dataclass(frozen=True)
class Observed:
    """nodes: by name; pods: those of the verification; reports: by node."""

    servers: list[Server]
    nodes: Mapping[str, Json]
    pods: list[Json]
    reports: Mapping[str, Report]
    aws_node: Json | None
    kube_dns: Json | None

    def expected(self) -> Iterable[tuple[Server, ClusterNode]]:
        """Every node of the run, with its server."""
        return ((server, node) for server in self.servers for node in server.nodes)

    def pods_of(self, component: str) -> list[Json]:
        """Pods of one kind of ours, without those that are ending."""
        return [
            pod
            for pod in self.pods
            if pod["metadata"].get("labels", {}).get(COMPONENT_LABEL) == component
            and "deletionTimestamp" not in pod["metadata"]
        ]


def look(
    kubernetes: Kubernetes, run: str, nodes: Sequence[ClusterNode], servers: Sequence[ServerPlan]
) -> Observed:
    """One look; servers are those of the request, nodes AwaitNodes's answer."""
    leases = (kubernetes.get(_LEASE, "Lease", n, "kube-system") for n in node_readiness.CONTROL_PLANE_LEASES)
    now = node_readiness.control_plane_time(leases)
    written = kubernetes.list("v1", "ConfigMap", NAMESPACE, f"{RUN_LABEL}={run},{REPORT_LABEL}")
    services = {one["metadata"]["name"]: one for one in kubernetes.list("v1", "Service", NAMESPACE)}
    announced = announcements(kubernetes)
    return Observed(
        servers=[
            Server(
                plan,
                [node for node in nodes if node["outpostId"] == plan["outpostId"]],
                services.get(service_name(plan["outpostId"])),
                announced.get(service_name(plan["outpostId"]), []),
            )
            for plan in servers
        ],
        nodes={one["metadata"]["name"]: one for one in kubernetes.list("v1", "Node", labels=OUTPOST_LABEL)},
        pods=kubernetes.list("v1", "Pod", NAMESPACE),
        reports={report.told["node"]: report for one in written if (report := _report(one, now))},
        aws_node=kubernetes.get("apps/v1", "DaemonSet", "aws-node", "kube-system"),
        kube_dns=kubernetes.get("v1", "Service", "kube-dns", "kube-system"),
    )


def announcements(kubernetes: Kubernetes) -> dict[str, list[Json]]:
    """By the Service's name, MetalLB's status objects for ours: {node, interfaces: [{name}], since, ...}.

    since: when the node began to announce it, by the API server's clock.
    """
    told: dict[str, list[Json]] = {}
    for one in kubernetes.list(METALLB, "ServiceL2Status", METALLB_NAMESPACE):
        status = one.get("status", {})
        if status.get("serviceNamespace") == NAMESPACE:
            told.setdefault(status["serviceName"], []).append(
                {**status, "since": one["metadata"]["creationTimestamp"]}
            )
    return told


def address_of(service: Json | None) -> str | None:
    """The Service's first address; None while it has none."""
    ingress = (service or {}).get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    found: str | None = ingress[0].get("ip")
    return found


def _report(config_map: Json, now: datetime | None) -> Report | None:
    """None for what no probe wrote."""
    times: list[Any] = [
        entry["time"]
        for entry in config_map["metadata"].get("managedFields", ())
        if entry["manager"] == PROBE
    ]
    if not times:
        return None
    age = (now - max(map(datetime.fromisoformat, times))).total_seconds() if now else None
    return Report(json.loads(config_map["data"]["report"]), age)
