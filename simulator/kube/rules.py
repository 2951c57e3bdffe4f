"""What built-in kinds demand beyond their schema: names, selectors, what may not change.

Source: kubernetes pkg/apis/*/validation; only the rules that our objects could break are modelled.
"""

import base64
import binascii
import re
from typing import Any

from simulator.kube import selectors
from simulator.kube.resources import Resource
from simulator.kube.status import Cause, not_modelled, wrong

type Json = dict[str, Any]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start"
    " and end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end"
    " with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")


def faults(obj: Json, resource: Resource, old: Json | None) -> list[Cause]:
    """Everything wrong in an object that fits its schema. old: the object before an update."""
    found = _metadata_faults(obj, resource)
    check = _CHECKS.get(resource.kind)
    return found if resource.custom or check is None else [*found, *check(obj, old)]


def _metadata_faults(obj: Json, resource: Resource) -> list[Cause]:
    found = []
    name = obj["metadata"]["name"]
    if resource.kind in {"Namespace", "Service"}:
        if not re.fullmatch(_LABEL, name):
            found.append(wrong("metadata.name", f'"{name}"', _LABEL_TEXT))
    elif resource.group != "rbac.authorization.k8s.io" and not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", name):
        found.append(wrong("metadata.name", f'"{name}"', _SUBDOMAIN_TEXT))
    for value in obj["metadata"].get("labels", {}).values():
        if not _VALUE.fullmatch(value) or len(value) > 63:
            found.append(
                wrong(
                    "metadata.labels",
                    f'"{value}"',
                    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
                    "and must start and end with an alphanumeric character",
                )
            )
    return found


def _pod(obj: Json, _: Json | None) -> list[Cause]:
    if "k8s.v1.cni.cncf.io/networks" in obj["metadata"].get("annotations", {}):
        raise not_modelled("Multus: a pod's further interfaces, and whereabouts' addresses for them")
    return []


def _workload(obj: Json, old: Json | None) -> list[Cause]:
    spec = obj["spec"]
    found = []
    labels = spec["template"].get("metadata", {}).get("labels", {})
    if not spec["selector"].get("matchLabels") and not spec["selector"].get("matchExpressions"):
        found.append(wrong("spec.selector", "{}", "empty selector is invalid for deployment"))
    elif not selectors.matches(spec["selector"], labels):
        shown = str(labels)
        found.append(
            wrong("spec.template.metadata.labels", shown, "`selector` does not match template `labels`")
        )
    if old is not None and old["spec"]["selector"] != spec["selector"]:
        found.append(wrong("spec.selector", str(spec["selector"]), "field is immutable"))
    return found


def _service(obj: Json, old: Json | None) -> list[Cause]:
    spec = obj["spec"]
    found = []
    if spec.get("loadBalancerClass") and spec["type"] != "LoadBalancer":
        shown = f'"{spec["loadBalancerClass"]}"'
        found.append(wrong("spec.loadBalancerClass", shown, "may only be used when `type` is 'LoadBalancer'"))
    for field in ("externalTrafficPolicy", "internalTrafficPolicy"):
        if spec.get(field, "Cluster") not in {"Cluster", "Local"}:
            shown = f'Unsupported value: "{spec[field]}": supported values: "Cluster", "Local"'
            found.append(Cause("FieldValueNotSupported", shown, f"spec.{field}"))
    if spec.get("externalTrafficPolicy") and spec["type"] not in {"LoadBalancer", "NodePort"}:
        shown = f'"{spec["externalTrafficPolicy"]}"'
        told = "may only be set for externally-accessible services"
        found.append(wrong("spec.externalTrafficPolicy", shown, told))
    if old is not None and old["spec"].get("type") == spec["type"] == "LoadBalancer":
        before, after = old["spec"].get("loadBalancerClass"), spec.get("loadBalancerClass")
        if before != after:
            found.append(wrong("spec.loadBalancerClass", f'"{after}"', "may not change once set"))
    return found


def _secret(obj: Json, _: Json | None) -> list[Cause]:
    return [
        wrong(f"data[{key}]", "<secret contents redacted>", "must be base64")
        for key, value in obj.get("data", {}).items()
        if not _is_base64(value)
    ]


def _role_binding(obj: Json, old: Json | None) -> list[Cause]:
    if old is not None and old["roleRef"] != obj["roleRef"]:
        return [wrong("roleRef", str(obj["roleRef"]), "cannot change roleRef")]
    return []


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


_CHECKS = {
    "DaemonSet": _workload,
    "Deployment": _workload,
    "Pod": _pod,
    "ReplicaSet": _workload,
    "Secret": _secret,
    "Service": _service,
    "RoleBinding": _role_binding,
    "ClusterRoleBinding": _role_binding,
}
