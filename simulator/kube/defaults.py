"""Defaults of built-in kinds that something here depends on, or that a reader of the object would miss.

Source: API reference ("Defaults to ..."), kubernetes pkg/apis/*/v1/defaults.go. The other defaults are not modelled.
"""

import base64
from typing import Any

type Json = dict[str, Any]


def fill(kind: str, obj: Json) -> None:
    """Put them into an object of that kind that lacks them."""
    if filler := _FILLERS.get(kind):
        filler(obj)


def _service(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in {"LoadBalancer", "NodePort"}:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    for port in spec.get("ports", ()):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))


def _pod_spec(spec: Json) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("serviceAccountName", "default")
    for container in spec.get("containers", ()):
        tag = str(container.get("image", "")).rpartition("/")[2].partition("@")[0]
        latest = ":" not in tag or tag.endswith(":latest")
        container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
        for port in container.get("ports", ()):
            port.setdefault("protocol", "TCP")


def _pod(obj: Json) -> None:
    """With what admission adds: without a say of its own a pod leaves a lost node after five minutes
    (documentation, "Taints and Tolerations", DefaultTolerationSeconds)."""
    spec = obj.setdefault("spec", {})
    _pod_spec(spec)
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        own = spec.setdefault("tolerations", [])
        if not any(t.get("key", key) == key and t.get("effect", "NoExecute") == "NoExecute" for t in own):
            own.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})


def _template(obj: Json) -> None:
    _pod_spec(obj.setdefault("spec", {}).setdefault("template", {}).setdefault("spec", {}))


def _deployment(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    spec.setdefault("strategy", strategy)
    _template(obj)


def _daemon_set(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("revisionHistoryLimit", 10)
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    spec.setdefault("updateStrategy", update)
    _template(obj)


def _replica_set(obj: Json) -> None:
    obj.setdefault("spec", {}).setdefault("replicas", 1)
    _template(obj)


def _secret(obj: Json) -> None:
    obj.setdefault("type", "Opaque")
    # API reference, Secret: stringData is write-only and merged into data.
    for key, text in obj.pop("stringData", {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def _webhooks(obj: Json) -> None:
    for webhook in obj.get("webhooks", ()):
        webhook.setdefault("failurePolicy", "Fail")
        webhook.setdefault("matchPolicy", "Equivalent")
        webhook.setdefault("timeoutSeconds", 10)
        webhook.setdefault("namespaceSelector", {})
        webhook.setdefault("objectSelector", {})
        webhook.get("clientConfig", {}).get("service", {"port": 0}).setdefault("port", 443)
        for rule in webhook.get("rules", ()):
            rule.setdefault("scope", "*")


def _role_binding(obj: Json) -> None:
    group = "rbac.authorization.k8s.io"
    for subject in obj.get("subjects", ()):
        subject.setdefault("apiGroup", "" if subject.get("kind") == "ServiceAccount" else group)
        if not subject["apiGroup"]:
            del subject["apiGroup"]


def _namespace(obj: Json) -> None:
    # API reference: every namespace bears its name as a label; the finalizer is the namespace controller's.
    obj["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = obj["metadata"]["name"]
    obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    obj.setdefault("status", {}).setdefault("phase", "Active")


_FILLERS = {
    "DaemonSet": _daemon_set,
    "Deployment": _deployment,
    "Namespace": _namespace,
    "Pod": _pod,
    "ReplicaSet": _replica_set,
    "ClusterRoleBinding": _role_binding,
    "RoleBinding": _role_binding,
    "Secret": _secret,
    "Service": _service,
    "ValidatingWebhookConfiguration": _webhooks,
}
