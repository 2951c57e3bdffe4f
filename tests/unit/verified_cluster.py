"""A cluster in which a verification of a run has found everything right, for tests that spoil one thing.

Server OUTPOST has two nodes, OTHER_OUTPOST one; both have pools. node-1 and node-3 announce.
"""

import copy
import json
from typing import Any

from extended_cluster.names import COMPONENT_LABEL, LNI_READY_LABEL
from extended_cluster.types import ClusterNode, ServerPlan
from extended_cluster.verification import objects
from tests.unit import edge_nodes
from tests.unit.edge_nodes import NOW, OTHER_OUTPOST
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.server_plan import OUTPOST, SERVER

type Json = dict[str, Any]

EXECUTION = "arn:aws:states:us-west-2:123456789012:execution:provision:run-1"
RUN = objects.run_id(EXECUTION)
IMAGE = "registry.example/python:3.13-alpine"
NAMESPACE = "eks-outposts-servers-verify"
SERVERS: list[ServerPlan] = [
    {**SERVER, "metallb": {"addresses": ["192.168.10.200-192.168.10.210"]}},
    {
        **SERVER,
        "outpostId": OTHER_OUTPOST,
        "name": f"edge-1-{OTHER_OUTPOST}",
        "lni": {**SERVER["lni"], "localCidr": "192.168.20.0/24"},
        "metallb": {"addresses": ["192.168.20.240/28"]},
    },
]
NODES: list[ClusterNode] = [
    edge_nodes.found(1),
    edge_nodes.found(2),
    edge_nodes.found(3, OTHER_OUTPOST),
]
_OUTPOSTS = {1: OUTPOST, 2: OUTPOST, 3: OTHER_OUTPOST}
_ADDRESSES = {1: "192.168.10.21", 2: "192.168.10.22", 3: "192.168.20.21"}
VIPS = {OUTPOST: "192.168.10.200", OTHER_OUTPOST: "192.168.20.240"}


def mac(number: int) -> str:
    return f"0a:00:00:00:00:0{number}"


def pod(component: str, number: int, *, waiting: Json | None = None, ready: bool = True) -> Json:
    state = {"waiting": waiting} if waiting else {"running": {}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{component}-{number}",
            "namespace": NAMESPACE,
            "labels": {COMPONENT_LABEL: component},
        },
        "spec": {"nodeName": f"node-{number}"},
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready and not waiting)}],
            "containerStatuses": [{"name": component, "image": IMAGE, "state": state}],
        },
    }


def service(outpost: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"smoke-{outpost}", "namespace": NAMESPACE},
        "spec": {},
        "status": {"loadBalancer": {"ingress": [{"ip": VIPS[outpost], "ipMode": "VIP"}]}},
    }


def announcement(outpost: str, number: int, since: str = "2026-11-23T11:59:00Z") -> Json:
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "ServiceL2Status",
        "metadata": {"name": f"l2-{outpost}", "namespace": "metallb-system", "creationTimestamp": since},
        "spec": {},
        "status": {
            "node": f"node-{number}",
            "serviceName": f"smoke-{outpost}",
            "serviceNamespace": NAMESPACE,
            "interfaces": [{"name": "ens6"}],
        },
    }


def told(number: int) -> Json:
    """What the node's probe says: all is well."""
    outpost = _OUTPOSTS[number]
    peers = {
        f"node-{n}": {
            "outpostId": _OUTPOSTS[n],
            "address": _ADDRESSES[n],
            "reached": _OUTPOSTS[n] == outpost,
            "rttMs": 0.4,
            "mtu": 1500 if _OUTPOSTS[n] == outpost else None,
            "failures": 0 if _OUTPOSTS[n] == outpost else 40,
        }
        for n in _OUTPOSTS
        if n != number
    }
    answered = number == 2
    vips = {
        f"smoke-{of}": {
            "address": VIPS[of],
            "macs": [mac(1)] if answered and of == OUTPOST else [],
            "answered": answered and of == OUTPOST,
            "failures": 0 if answered and of == OUTPOST else 40,
        }
        for of in VIPS
    }
    lni = {"interface": "ens6", "state": "up", "address": _ADDRESSES[number], "prefixLength": 24}
    return {
        "runId": RUN,
        "sequence": 7,
        "node": f"node-{number}",
        "outpostId": outpost,
        "lni": {**lni, "mac": mac(number), "mtu": 1500},
        "duplicates": [],
        "peers": peers,
        "vips": vips,
        "dns": {"server": "10.100.0.10", "ok": True, "rttMs": 0.9, "failures": 0},
    }


def report(content: Json, time: str = "2026-11-23T11:59:55Z", run: str = RUN) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"probe-{content['node']}",
            "namespace": NAMESPACE,
            "labels": {objects.RUN_LABEL: run, objects.REPORT_LABEL: "true"},
            "managedFields": [{"manager": "probe", "operation": "Apply", "time": time}],
        },
        "data": {"report": json.dumps(content)},
    }


def aws_node(excluded: str = "192.168.10.0/24,192.168.20.0/24") -> Json:
    env = [{"name": "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS", "value": excluded}] if excluded else []
    containers = [{"name": "aws-node", "env": env}, {"name": "aws-eks-nodeagent"}]
    meta = {"name": "aws-node", "namespace": "kube-system"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": meta,
        "spec": {"template": {"spec": {"containers": containers}}},
    }


def kube_dns(policy: str = "Local") -> Json:
    meta = {"name": "kube-dns", "namespace": "kube-system"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta,
        "spec": {"internalTrafficPolicy": policy},
    }


def cluster(*instead: Json, without: tuple[str, ...] = ()) -> FakeKubernetes:
    """instead: in place of those of the same kind and name; without: names of what is left out."""
    labels = {LNI_READY_LABEL: "ready"}
    there = [
        *(edge_nodes.node(n, outpost=_OUTPOSTS[n], labels=labels) for n in _OUTPOSTS),
        edge_nodes.control_plane(NOW),
        *(pod(component, n) for component in ("smoke", "probe") for n in _OUTPOSTS),
        *map(service, VIPS),
        announcement(OUTPOST, 1),
        announcement(OTHER_OUTPOST, 3),
        *(report(told(n)) for n in _OUTPOSTS),
        aws_node(),
        kube_dns(),
    ]
    kept = [one for one in there if one["metadata"]["name"] not in without]
    return FakeKubernetes(*kept, *copy.deepcopy(instead))
