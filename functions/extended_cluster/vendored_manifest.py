"""Manifests of others as they are applied: read from functions/manifests, marked as ours. Pure but for the files.

What every one of them needs is here; what one of them needs besides, in its own module.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from extended_cluster.names import LNI_READY, LNI_READY_LABEL, MANAGED_BY, MANAGED_BY_LABEL

type Json = dict[str, Any]

FOLDER: Final = Path(__file__).parents[1] / "manifests"
# libyaml reads it in a tenth of the time; PyYAML has it where its compiled part fits the machine.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What others need to be there, and what refuses the rest as long as nobody answers for it.
_FIRST: Final = {"Namespace": 0, "CustomResourceDefinition": 1}
_LAST: Final = {"ValidatingWebhookConfiguration": 3}


def read(*files: Path) -> Iterator[Json]:
    """Every object, with a label that says whose it is, and without ``creationTimestamp: null``, which is no time."""
    for file in files:
        for obj in yaml.load_all(file.read_text(), Loader=_LOADER):
            meta = {key: value for key, value in obj["metadata"].items() if value is not None}
            labels = {**meta.get("labels", {}), MANAGED_BY_LABEL: MANAGED_BY}
            yield {**obj, "metadata": {**meta, "labels": labels}}


def in_order(found: Iterable[Json]) -> list[Json]:
    """Namespace, definitions, the rest as it stood, webhooks."""
    return sorted(found, key=lambda obj: (_FIRST | _LAST).get(obj["kind"], 2))


def with_containers(obj: Json, change: Callable[[Json], Json]) -> Json:
    """A Deployment or DaemonSet with each of its containers changed, and of a DaemonSet only pods on nodes with a
    verified LNI: elsewhere it would be an image over the service link for nothing. Other kinds as they are."""
    if obj["kind"] not in {"Deployment", "DaemonSet"}:
        return obj
    template = obj["spec"]["template"]
    pod = dict(template["spec"])
    for kind in {"containers", "initContainers"} & pod.keys():
        pod[kind] = [change(container) for container in pod[kind]]
    if obj["kind"] == "DaemonSet":
        pod["nodeSelector"] = {**pod.get("nodeSelector", {}), LNI_READY_LABEL: LNI_READY}
    return {**obj, "spec": {**obj["spec"], "template": {**template, "spec": pod}}}


def mirrored(image: str, registry: str) -> str:
    """The image by the same name and tag in another registry.

    registry: what stands in place of registry and project, without a slash at its end; empty for the image's own.
    """
    return f"{registry}/{image.rpartition('/')[2]}" if registry else image
