"""MetalLB as it is applied: its own manifest, changed only in what Outposts servers need. Pure but for one file.

The file is MetalLB's native manifest as published (manifests/metallb/SOURCE.md). Changed are:
- the arguments of controller and speaker: a load balancer class of our own, so that neither AWS's cloud provider
  makes a load balancer for a Service of ours nor MetalLB minds Services of others (facts.md section 5);
- the images' registry, where the stack names one;
- the speakers' node selector: an address may only be announced by a node with a verified LNI, and the advertisements
  select those alone (address_pools.py), so a speaker elsewhere is an image over the service link for nothing;
- what is changed in every manifest (vendored_manifest.py).
The webhook's certificate (Secret's data, ``caBundle``) is the controller's to write, and is in the manifest nowhere.
"""

from typing import Any, Final

from extended_cluster.names import LOAD_BALANCER_CLASS
from extended_cluster.vendored_manifest import FOLDER, in_order, mirrored, read, with_containers

type Json = dict[str, Any]

FILE: Final = FOLDER / "metallb" / "metallb-native.yaml"


def objects(registry: str) -> list[Json]:
    """The objects in the order in which they are applied. registry: of ``mirrored``."""

    def changed(container: Json) -> Json:
        return {
            **container,
            "image": mirrored(container["image"], registry),
            "args": [*container["args"], f"--lb-class={LOAD_BALANCER_CLASS}"],
        }

    return in_order(with_containers(obj, changed) for obj in read(FILE))
