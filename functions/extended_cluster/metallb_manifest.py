"""MetalLB as it is applied: its own manifest, changed only in what Outposts servers need. Pure but for one file.

The file is MetalLB's native manifest as published (manifests/metallb/SOURCE.md). Changed are:
- the arguments of controller and speaker: a load balancer class of our own, so that neither AWS's cloud provider
  makes a load balancer for a Service of ours nor MetalLB minds Services of others (facts.md section 5);
- the images' registry, where the stack names one;
- the speakers' node selector: an address may only be announced by a node with a verified LNI, and the advertisements
  select those alone (address_pools.py), so a speaker elsewhere is an image over the service link for nothing;
- a label that says whose the objects are, and no ``creationTimestamp: null``, which is no time.
The webhook's certificate (Secret's data, ``caBundle``) is the controller's to write, and is in the manifest nowhere.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from extended_cluster.names import (
    LNI_READY,
    LNI_READY_LABEL,
    LOAD_BALANCER_CLASS,
    MANAGED_BY,
    MANAGED_BY_LABEL,
)

type Json = dict[str, Any]

FILE: Final = Path(__file__).parents[1] / "manifests" / "metallb" / "metallb-native.yaml"
# libyaml reads it in a tenth of the time; PyYAML has it where its compiled part fits the machine.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORKLOADS: Final = frozenset({"Deployment", "DaemonSet"})
# What others need to be there, and what refuses MetalLB's objects as long as nobody answers for it.
_FIRST: Final = {"Namespace": 0, "CustomResourceDefinition": 1}
_LAST: Final = {"ValidatingWebhookConfiguration": 3}


def objects(registry: str) -> list[Json]:
    """The objects in the order in which they are applied.

    registry: what stands in place of the manifest's registry and project, without a slash at its end; empty for
    the manifest's own.
    """
    manifest = yaml.load_all(FILE.read_text(), Loader=_LOADER)
    return in_order(_as_applied(obj, registry) for obj in manifest)


def in_order(found: Iterable[Json]) -> list[Json]:
    """Namespace, definitions, the rest as it stood, webhooks."""
    return sorted(found, key=lambda obj: (_FIRST | _LAST).get(obj["kind"], 2))


def _as_applied(obj: Json, registry: str) -> Json:
    meta = {key: value for key, value in obj["metadata"].items() if value is not None}
    made = {**obj, "metadata": {**meta, "labels": {**meta.get("labels", {}), MANAGED_BY_LABEL: MANAGED_BY}}}
    if obj["kind"] in _WORKLOADS:
        template = obj["spec"]["template"]
        pod = {
            **template["spec"],
            "containers": [_container(c, registry) for c in template["spec"]["containers"]],
        }
        if obj["kind"] == "DaemonSet":
            pod["nodeSelector"] = {**pod["nodeSelector"], LNI_READY_LABEL: LNI_READY}
        made["spec"] = {**obj["spec"], "template": {**template, "spec": pod}}
    return made


def _container(container: Json, registry: str) -> Json:
    image = container["image"]
    if registry:
        image = f"{registry}/{image.rpartition('/')[2]}"
    return {**container, "image": image, "args": [*container["args"], f"--lb-class={LOAD_BALANCER_CLASS}"]}
