"""A NodeConfig and what nodeadm makes of it.

Source: awslabs/amazon-eks-ami nodeadm/api/v1alpha1/nodeconfig_types.go and internal/api/validation.go (2026-07).
nodeadm drops a field that it does not know; here that is a fault, because a field that does nothing is a mistake.
"""

import base64
import binascii
from ipaddress import IPv4Network
from typing import Any

import yaml

from simulator.guest.fault import BootFault

_ANY = {"type": "object"}
_TEXT, _FLAG, _TEXTS = {"type": "string"}, {"type": "boolean"}, {"type": "array"}
_FIELDS: dict[str, Any] = {
    "apiVersion": _TEXT,
    "kind": _TEXT,
    "metadata": _ANY,
    "spec": {
        "cluster": {
            "name": _TEXT,
            "apiServerEndpoint": _TEXT,
            "certificateAuthority": _TEXT,
            "cidr": _TEXT,
            "enableOutpost": _FLAG,
            "id": _TEXT,
        },
        "containerd": {"config": _TEXT, "baseRuntimeSpec": _ANY},
        "instance": {
            "localStorage": {"strategy": _TEXT, "mountPath": _TEXT, "disabledMounts": _TEXTS},
            "environment": _ANY,
            "network": {"nameservers": _TEXTS, "domains": _TEXTS},
        },
        "kubelet": {"config": _ANY, "flags": _TEXTS, "maxPodsExpression": _TEXT},
        "featureGates": _ANY,
    },
}
_TYPES = {"string": str, "boolean": bool, "array": list, "object": dict}


def cluster_details(text: str) -> dict[str, str]:
    """``spec.cluster`` of a NodeConfig in YAML or JSON; BootFault for one that nodeadm refuses."""
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as wrong:
        raise BootFault("nodeadm: failed to decode node config: not YAML") from wrong
    _check(config, _FIELDS, "")
    if (config.get("apiVersion"), config.get("kind")) != ("node.eks.aws/v1alpha1", "NodeConfig"):
        raise BootFault(
            f"nodeadm: failed to decode {config.get('kind')} of {config.get('apiVersion')} (wrong Kind)"
        )
    cluster: dict[str, str] = config.get("spec", {}).get("cluster", {})
    for field in ("name", "apiServerEndpoint", "certificateAuthority", "cidr"):
        if not cluster.get(field):
            raise BootFault(f"nodeadm: {field} is missing in cluster configuration")
    try:
        base64.b64decode(cluster["certificateAuthority"], validate=True)
        IPv4Network(cluster["cidr"])
    except (binascii.Error, ValueError) as wrong:
        raise BootFault(f"nodeadm: cluster configuration: {wrong}") from wrong
    if cluster.get("enableOutpost"):
        # "used when your node is running on an AWS Outpost" of a local cluster (EKS guide, local clusters).
        raise BootFault("nodeadm: enableOutpost is for local clusters, which servers cannot have")
    return cluster


def _check(value: Any, fields: dict[str, Any], path: str) -> None:
    if "type" in fields and isinstance(fields["type"], str):
        if not isinstance(value, _TYPES[fields["type"]]):
            raise BootFault(f"nodeadm: {path} is no {fields['type']}")
        return
    if not isinstance(value, dict):
        raise BootFault(f"nodeadm: {path or 'the node config'} is no object")
    for name, inner in value.items():
        if name not in fields:
            raise BootFault(f"nodeadm: unknown field {path}{'.' if path else ''}{name}")
        _check(inner, fields[name], f"{path}{'.' if path else ''}{name}")
