"""A manifest of others is applied whole, or not at all where somebody else has it already."""

from collections.abc import Sequence

from extended_cluster.errors import NetworkServicesConflict
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.names import MANAGED_BY, MANAGED_BY_LABEL


def install(kubernetes: Kubernetes, wanted: Sequence[Json], *, name: str, do: str) -> None:
    """Apply all of it, without force; the second time nothing changes. Nothing is written unless all is ours.

    name: with an article, of what it is; do: what helps against one that is not ours. Raises NetworkServicesConflict.
    """
    if others := [told for obj in wanted if (told := _owner(_found(kubernetes, obj)))]:
        raise NetworkServicesConflict(
            f"{name} that is not ours is in the cluster: {'; '.join(others)}.", do=do
        )
    for obj in wanted:
        kubernetes.apply(obj)


def is_ours(found: Json) -> bool:
    """Whether we made it."""
    return bool(found["metadata"].get("labels", {}).get(MANAGED_BY_LABEL) == MANAGED_BY)


def _found(kubernetes: Kubernetes, obj: Json) -> Json | None:
    meta = obj["metadata"]
    return kubernetes.get(obj["apiVersion"], obj["kind"], meta["name"], meta.get("namespace", ""))


def _owner(found: Json | None) -> str | None:
    """Who made it, as far as it says; None for ours, and for what is not there."""
    if found is None or is_ours(found):
        return None
    meta = found["metadata"]
    release = meta.get("annotations", {}).get("meta.helm.sh/release-name")
    managers = sorted({each["manager"] for each in meta.get("managedFields", ()) if "manager" in each})
    by = f"Helm release {release}" if release else f"field manager {', '.join(managers) or 'unknown'}"
    return f"{found['kind']} {meta['name']} by {by}{_images(found)}"


def _images(found: Json) -> str:
    pod = found.get("spec", {}).get("template", {}).get("spec", {})
    images = ", ".join(container["image"] for container in pod.get("containers", ()))
    return f" ({images})" if images else ""
