"""Multus and whereabouts as they are applied: their own manifests, changed only in what they need. Pure but for files.

The files are theirs as published (manifests/multus/SOURCE.md, manifests/whereabouts/SOURCE.md). Changed are:
- the images' tags, ``snapshot`` and ``latest`` in the files of the very releases, to those releases; and their
  registry, where the stack names one;
- Multus's arguments: only with ``--cleanup-config-on-exit`` does its container follow the node's CNI configuration and
  its own token, which expires, and take its configuration from a node that it leaves, where no pod could start with it
  (multus-cni v4.3.0, cmd/thin_entrypoint/main.go);
- what is changed in every manifest (vendored_manifest.py).
"""

from typing import Any, Final

from extended_cluster.names import (
    MANAGED_BY,
    MANAGED_BY_LABEL,
    MULTUS_VERSION,
    POD_NETWORKS_NAMESPACE,
    WHEREABOUTS_VERSION,
)
from extended_cluster.vendored_manifest import FOLDER, in_order, mirrored, read, with_containers

type Json = dict[str, Any]

MULTUS: Final = (FOLDER / "multus" / "multus-daemonset.yml",)
_DEFINED: Final = ("ippools", "nodeslicepools", "overlappingrangeipreservations")
WHEREABOUTS: Final = (
    *(FOLDER / "whereabouts" / f"whereabouts.cni.cncf.io_{plural}.yaml" for plural in _DEFINED),
    FOLDER / "whereabouts" / "daemonset-install.yaml",
)
_TAGS: Final = {"multus-cni": MULTUS_VERSION, "whereabouts": WHEREABOUTS_VERSION}


def objects(registry: str) -> list[Json]:
    """The objects in the order in which they are applied, our namespace among them. registry: of ``mirrored``."""

    def changed(container: Json) -> Json:
        project, _, name = container["image"].partition(":")[0].rpartition("/")
        made = {**container, "image": mirrored(f"{project}/{name}:{_TAGS[name]}", registry)}
        if container["name"] == "kube-multus":
            made["args"] = [*container["args"], "--cleanup-config-on-exit=true"]
        return made

    return in_order([_namespace(), *(with_containers(obj, changed) for obj in read(*MULTUS, *WHEREABOUTS))])


def _namespace() -> Json:
    meta = {"name": POD_NETWORKS_NAMESPACE, "labels": {MANAGED_BY_LABEL: MANAGED_BY}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}
