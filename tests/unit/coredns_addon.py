"""The EKS add-on's CoreDNS as the API tells of it: shape of v1.11 and later, with what the API server filled in."""

from typing import Any

type Json = dict[str, Any]

_LABELS = {"eks.amazonaws.com/component": "coredns", "k8s-app": "kube-dns"}
_ZONES = {
    "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    "maxSkew": 1,
    "topologyKey": "topology.kubernetes.io/zone",
    "whenUnsatisfiable": "ScheduleAnyway",
}
_LINUX = {
    "matchExpressions": [
        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]},
    ]
}
CONTAINER: Json = {
    "name": "coredns",
    "image": "REGISTRY/eks/coredns:v1.12.4-eksbuild.1",
    "imagePullPolicy": "IfNotPresent",
    "args": ["-conf", "/etc/coredns/Corefile"],
    "ports": [
        {"containerPort": 53, "name": "dns", "protocol": "UDP"},
        {"containerPort": 53, "name": "dns-tcp", "protocol": "TCP"},
        {"containerPort": 9153, "name": "metrics", "protocol": "TCP"},
    ],
    "resources": {"limits": {"memory": "170Mi"}, "requests": {"cpu": "100m", "memory": "70Mi"}},
    "volumeMounts": [{"mountPath": "/etc/coredns", "name": "config-volume", "readOnly": True}],
}
_SPEC: Json = {
    "affinity": {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [_LINUX]}}
    },
    "containers": [CONTAINER],
    "dnsPolicy": "Default",
    "priorityClassName": "system-cluster-critical",
    "serviceAccountName": "coredns",
    "tolerations": [
        {"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane"},
        {"key": "CriticalAddonsOnly", "operator": "Exists"},
    ],
    "topologySpreadConstraints": [_ZONES],
    "volumes": [
        {
            "configMap": {"items": [{"key": "Corefile", "path": "Corefile"}], "name": "coredns"},
            "name": "config-volume",
        }
    ],
}
DEPLOYMENT: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "coredns", "namespace": "kube-system", "labels": _LABELS},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": _LABELS},
        "strategy": {"rollingUpdate": {"maxUnavailable": 1}, "type": "RollingUpdate"},
        "template": {
            "metadata": {
                "annotations": {
                    "example.com/team": "edge",
                    "kubectl.kubernetes.io/restartedAt": "2026-11-23",
                },
                "labels": _LABELS,
            },
            "spec": _SPEC,
        },
    },
}
SERVICE: Json = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "kube-dns", "namespace": "kube-system"},
    "spec": {
        "clusterIP": "172.20.0.10",
        "internalTrafficPolicy": "Cluster",
        "ports": [
            {"name": "dns", "port": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
        ],
        "selector": {"k8s-app": "kube-dns"},
    },
}
