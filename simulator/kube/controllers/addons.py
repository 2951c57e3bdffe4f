"""What each EKS add-on puts into the cluster: applied server-side by the field manager ``eks``.

EKS user guide, "Determine fields you can customize for Amazon EKS add-ons". EKS applies when an add-on is made or
updated, and not in between: what somebody deletes meanwhile stays away.
"""

import json
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from simulator.kube.objects import How
from simulator.kube.status import not_modelled

if TYPE_CHECKING:
    from simulator.eks.records import Addon
    from simulator.kube.controllers.loop import Controllers

type Json = dict[str, Any]

_EKS = How("eks", force=True)
_FILE = Path(__file__).parents[2] / "data" / "kube_addons.yaml"
# Of configurationValues, what changes the objects; other members change nothing here that anybody looks at.
_UNMODELLED = {"affinity", "nodeSelector", "tolerations", "topologySpreadConstraints", "autoScaling"}


@cache
def _text() -> dict[str, str]:
    found: dict[str, list[Json]] = yaml.safe_load(_FILE.read_text())
    return {addon: json.dumps(objects) for addon, objects in found.items()}


def addons(loop: "Controllers") -> None:
    """The objects of each add-on, as of its latest version and configuration."""
    for name, addon in loop.cluster.addons.items():
        said = (addon.arn, addon.version, addon.settings.get("configurationValues", ""))
        if loop.applied.get(name) != said:
            loop.applied[name] = said
            for obj in _objects(loop, addon):
                resource = _resource(loop, obj)
                meta = obj["metadata"]
                loop.objects.apply(resource, meta.get("namespace", ""), meta["name"], obj, _EKS)
    for name in set(loop.applied) - set(loop.cluster.addons):
        del loop.applied[name]
        for obj in json.loads(_text()[name]):
            resource, meta = _resource(loop, obj), obj["metadata"]
            if loop.store.get(resource, meta.get("namespace", ""), meta["name"]):
                loop.objects.delete(resource, meta.get("namespace", ""), meta["name"], _EKS, "Background")


def _resource(loop: "Controllers", obj: Json) -> Any:
    group, _, version = obj["apiVersion"].rpartition("/")
    found = (
        r for r in loop.objects.resources() if (r.group, r.version, r.kind) == (group, version, obj["kind"])
    )
    return next(found)


def _objects(loop: "Controllers", addon: "Addon") -> list[Json]:
    cluster = loop.cluster
    network = IPv4Network(cluster.settings["kubernetesNetworkConfig"]["serviceIpv4Cidr"])
    text = _text()[addon.name]
    for name, value in {
        "version": addon.version,
        "dns": str(network[10]),
        "cluster": cluster.name,
        "endpoint": cluster.endpoint,
        "vpc": cluster.vpc_id,
    }.items():
        text = text.replace("{" + name + "}", value)
    objects: list[Json] = json.loads(text)
    values: Json = yaml.safe_load(addon.settings.get("configurationValues", "")) or {}
    if unknown := sorted(_UNMODELLED & set(values)):
        raise not_modelled(f"{unknown[0]} in the configuration of add-on {addon.name}")
    for obj in objects:
        _configure(obj, values)
    return objects


def _configure(obj: Json, values: Json) -> None:
    if obj["kind"] == "ConfigMap" and "corefile" in values:
        obj["data"]["Corefile"] = values["corefile"]
    if obj["kind"] == "Deployment" and "replicaCount" in values:
        obj["spec"]["replicas"] = values["replicaCount"]
    if obj["kind"] == "DaemonSet" and "env" in values:
        container = obj["spec"]["template"]["spec"]["containers"][0]
        own = {variable["name"]: variable for variable in container["env"]}
        given = {name: {"name": name, "value": value} for name, value in values["env"].items()}
        container["env"] = list((own | given).values())
