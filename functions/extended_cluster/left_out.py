"""What a run with ``kubernetes: "skip"`` leaves out, as commands to be run by hand in their order. Pure."""

import json
from collections.abc import Iterable
from typing import Any

from extended_cluster import address_pools
from extended_cluster.names import (
    LNI_READY,
    LNI_READY_LABEL,
    LOAD_BALANCER_CLASS,
    METALLB_NAMESPACE,
    METALLB_VERSION,
)
from extended_cluster.types import ServerPlan
from extended_cluster.user_data import OUTPOST_LABEL

type Json = dict[str, Any]

_MANIFEST = f"https://raw.githubusercontent.com/metallb/metallb/{METALLB_VERSION}/config/manifests/metallb-native.yaml"
_CLASS = [
    {
        "op": "add",
        "path": "/spec/template/spec/containers/0/args/-",
        "value": f"--lb-class={LOAD_BALANCER_CLASS}",
    }
]


def commands(servers: Iterable[ServerPlan]) -> list[str]:
    """Each a command for a shell, some of several lines. Without pools the nodes' labels alone.

    CoreDNS on each node and the verification have no such commands: start the request with ``verify`` for them.
    """
    servers = list(servers)
    labelled = [
        f"kubectl label nodes --overwrite --selector {OUTPOST_LABEL}={server['outpostId']} "
        f"{LNI_READY_LABEL}={LNI_READY}"
        for server in servers
    ]
    return [*labelled, *(_metallb(servers) if any(server["metallb"] for server in servers) else [])]


def _metallb(servers: Iterable[ServerPlan]) -> list[str]:
    """The class before the pools: without it MetalLB would serve every Service that has none."""
    kubectl = f"kubectl --namespace {METALLB_NAMESPACE}"
    patch = json.dumps(_CLASS)
    pools = [
        obj
        for server in servers
        if server["metallb"]
        for obj in (
            address_pools.pool(server["outpostId"], server["metallb"]),
            address_pools.advertisement(server),
        )
    ]
    return [
        f"kubectl apply --server-side --filename {_MANIFEST}",
        f"{kubectl} patch deployment controller --type json --patch '{patch}'",
        f"{kubectl} patch daemonset speaker --type json --patch '{patch}'",
        f"{kubectl} rollout status deployment/controller --timeout 10m",
        *(
            f"kubectl apply --server-side --filename - <<'EOF'\n{json.dumps(obj, indent=2)}\nEOF"
            for obj in pools
        ),
    ]
