"""Discovery, version and health. Source: API concepts, "Discovery API"; the aggregated form is not offered."""

from collections.abc import Sequence
from typing import Any

from simulator.kube import status
from simulator.kube.resources import NOT_MODELLED, Resource

type Json = dict[str, Any]


def answer(path: str, resources: Sequence[Resource], version: Json) -> Json | str:
    """The answer to a path that is about no resource: an object, or plain text."""
    parts = path.strip("/").split("/")
    groups = sorted({r.group for r in resources} - {""})
    match parts:
        case ["version"]:
            return version
        case ["healthz" | "livez" | "readyz"]:
            return "ok"
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["api", found] if found == "v1":
            return _resource_list("", "v1", resources)
        case ["apis"]:
            told = [_group(group, resources) for group in groups]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": told}
        case ["apis", group] if group in groups:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, resources)}
        case ["apis", group, found] if found in _versions(group, resources):
            return _resource_list(group, found, resources)
        case ["apis", group, *_] if group in NOT_MODELLED:
            raise status.not_modelled(f"the API group {group}")
        case ["openapi", *_]:
            raise status.not_modelled("the OpenAPI endpoint (kubectl: --validate=false)")
    raise status.no_such_resource()


def _versions(group: str, resources: Sequence[Resource]) -> list[str]:
    found = {r.version for r in resources if r.group == group}
    # "v1" before "v1beta2" before "v1beta1" (CRD documentation, "Version priority").
    return sorted(found, key=lambda v: ("beta" in v or "alpha" in v, "alpha" in v, [-ord(c) for c in v]))


def _group(group: str, resources: Sequence[Resource]) -> Json:
    versions = [{"groupVersion": f"{group}/{v}", "version": v} for v in _versions(group, resources)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resource_list(group: str, version: str, resources: Sequence[Resource]) -> Json:
    found = []
    for one in resources:
        if (one.group, one.version) != (group, version):
            continue
        told: Json = {
            "name": one.plural,
            "singularName": one.singular or one.kind.lower(),
            "namespaced": one.namespaced,
            "kind": one.kind,
            "verbs": list(one.verbs),
        }
        if one.short:
            told["shortNames"] = list(one.short)
        if one.categories:
            told["categories"] = list(one.categories)
        found.append(told)
        if one.status:
            below = {"name": f"{one.plural}/status", "singularName": "", "verbs": ["get", "patch", "update"]}
            found.append({**below, "namespaced": one.namespaced, "kind": one.kind})
    name = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": found}
