"""What a verification puts into a cluster: docs/verification.md says what for. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from extended_cluster import lni_guest
from extended_cluster.names import (
    COMPONENT_LABEL,
    LNI_READY,
    LNI_READY_LABEL,
    LOAD_BALANCER_CLASS,
    MANAGED_BY,
    MANAGED_BY_LABEL,
)
from extended_cluster.types import ServerPlan
from extended_cluster.user_data import OUTPOST_LABEL

type Json = dict[str, Any]

NAMESPACE: Final = "eks-outposts-servers-verify"
RUN_LABEL: Final = "eks-outposts-servers/run"
REPORT_LABEL: Final = "eks-outposts-servers/report"
SMOKE, PROBE = "smoke", "probe"
# Seconds between two reports of a node.
PERIOD: Final = 10
_SMOKE_PORT: Final = 8080
_PROGRAM: Final = Path(__file__).with_name("probe")


def run_id(execution_id: str) -> str:
    """A label's value for one execution, whose name may be longer than a label may (63 characters)."""
    return hashlib.sha256(execution_id.encode()).hexdigest()[:16]


def service_name(outpost_id: str) -> str:
    """The name of a server's Service."""
    return f"{SMOKE}-{outpost_id}"


def program() -> dict[str, str]:
    """The probe: file name -> text. ``python -m probe`` runs them from the folder above the one they are in."""
    return {path.name: path.read_text() for path in sorted(_PROGRAM.glob("*.py"))}


def build(run: str, servers: Iterable[ServerPlan], image: str) -> list[Json]:
    """All objects, in the order in which they are applied."""
    made = [_namespace(), *_access(), _config_map(PROBE, program()), _config_map(SMOKE, {"index.html": run})]
    for server in servers:
        made += [_smoke(server, image), _probe(server, run, image)]
        made += [_service(server)] if server["metallb"] else []
    for obj in made:
        labels = {MANAGED_BY_LABEL: MANAGED_BY, RUN_LABEL: run}
        obj["metadata"]["labels"] = {**labels, **obj["metadata"].get("labels", {})}
    return made


def _namespace() -> Json:
    # hostNetwork and NET_RAW are of the profile "privileged" alone (Kubernetes, "Pod Security Standards").
    labels = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _object(api_version: str, kind: str, name: str, **content: Any) -> Json:
    meta: Json = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **content}


def _config_map(name: str, data: Mapping[str, str]) -> Json:
    return _object("v1", "ConfigMap", name, data=dict(data))


def _access() -> list[Json]:
    rbac = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create", "patch"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["list"]},
    ]
    role = {"apiGroup": rbac, "kind": "Role", "name": PROBE}
    subject = {"kind": "ServiceAccount", "name": PROBE, "namespace": NAMESPACE}
    return [
        _object("v1", "ServiceAccount", PROBE, automountServiceAccountToken=False),
        _object(f"{rbac}/v1", "Role", PROBE, rules=rules),
        _object(f"{rbac}/v1", "RoleBinding", PROBE, roleRef=role, subjects=[subject]),
    ]


def _service(server: ServerPlan) -> Json:
    outpost_id = server["outpostId"]
    made = _object(
        "v1",
        "Service",
        service_name(outpost_id),
        spec={
            "type": "LoadBalancer",
            "loadBalancerClass": LOAD_BALANCER_CLASS,
            # Only the node that announces the address answers: its pod is on its own server, with the client's address.
            "externalTrafficPolicy": "Local",
            "selector": _labels(SMOKE, outpost_id),
            "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": _SMOKE_PORT}],
        },
    )
    made["metadata"]["annotations"] = {"metallb.io/address-pool": outpost_id}
    made["metadata"]["labels"] = {OUTPOST_LABEL: outpost_id}
    return made


def _smoke(server: ServerPlan, image: str) -> Json:
    container = {
        "name": SMOKE,
        "image": image,
        "command": ["python", "-m", "http.server", str(_SMOKE_PORT), "--directory", "/srv/smoke"],
        "ports": [{"name": "http", "containerPort": _SMOKE_PORT, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": _SMOKE_PORT}, "periodSeconds": 5},
        "securityContext": {**_SECURITY, "runAsNonRoot": True, "runAsUser": 65534},
        **_mounted(SMOKE, "/srv/smoke"),
    }
    return _daemon_set(SMOKE, server, container, {"automountServiceAccountToken": False})


def _probe(server: ServerPlan, run: str, image: str) -> Json:
    given = {
        "RUN_ID": run,
        "NAMESPACE": NAMESPACE,
        "OUTPOST_ID": server["outpostId"],
        "LNI_INTERFACE": lni_guest.name(server["lni"]),
        "LNI_MTU": str(server["lni"]["mtu"]),
        "PERIOD_SECONDS": str(PERIOD),
    }
    own_name = {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    container = {
        "name": PROBE,
        "image": image,
        "command": ["python", "-m", PROBE],
        "workingDir": "/opt",
        "env": [own_name, *({"name": name, "value": value} for name, value in given.items())],
        "securityContext": {
            **_SECURITY,
            "runAsUser": 0,  # a capability that is added reaches root alone
            "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]},
        },
        **_mounted(PROBE, "/opt/probe"),
    }
    pod = {
        "serviceAccountName": PROBE,
        "automountServiceAccountToken": True,
        "hostNetwork": True,
        "dnsPolicy": "ClusterFirstWithHostNet",
    }
    return _daemon_set(PROBE, server, container, pod)


_SECURITY: Final[Json] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def _mounted(config_map: str, path: str) -> Json:
    return {
        "volumeMounts": [{"name": config_map, "mountPath": path, "readOnly": True}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "96Mi"}},
    }


def _labels(component: str, outpost_id: str) -> dict[str, str]:
    return {COMPONENT_LABEL: component, OUTPOST_LABEL: outpost_id}


def _daemon_set(component: str, server: ServerPlan, container: Json, pod: Json) -> Json:
    """One for each server, because the LNI is set up by server; on the nodes whose LNI VerifyLni has seen."""
    outpost_id = server["outpostId"]
    labels = _labels(component, outpost_id)
    made = _object(
        "apps/v1",
        "DaemonSet",
        f"{component}-{outpost_id}",
        spec={
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    **pod,
                    "nodeSelector": {OUTPOST_LABEL: outpost_id, LNI_READY_LABEL: LNI_READY},
                    "tolerations": [{"operator": "Exists"}],
                    "terminationGracePeriodSeconds": 5,
                    "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                    "containers": [container],
                    "volumes": [{"name": component, "configMap": {"name": component}}],
                },
            },
        },
    )
    made["metadata"]["labels"] = {OUTPOST_LABEL: outpost_id}
    return made
