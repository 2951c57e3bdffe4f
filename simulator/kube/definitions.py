"""CustomResourceDefinitions: the kinds they make, their names' conditions, and what of them is not modelled."""

from typing import Any

from simulator.kube import schema, structural
from simulator.kube.resources import Resource
from simulator.kube.status import Cause, required, wrong

type Json = dict[str, Any]


def faults(crd: Json) -> list[Cause]:
    """What in a CRD the API refuses. Source: apiextensions-apiserver pkg/apis/apiextensions/validation."""
    spec = crd["spec"]
    names, found = spec["names"], []
    wanted = f"{names['plural']}.{spec['group']}"
    if crd["metadata"]["name"] != wanted:
        shown = f'"{crd["metadata"]["name"]}"'
        found.append(wrong("metadata.name", shown, 'must be spec.names.plural+"."+spec.group'))
    if sum(bool(version.get("storage")) for version in spec["versions"]) != 1:
        found.append(
            wrong("spec.versions", "null", "must have exactly one version marked as storage version")
        )
    for index, version in enumerate(spec["versions"]):
        structure = version.get("schema", {}).get("openAPIV3Schema")
        where = f"spec.versions[{index}].schema.openAPIV3Schema"
        if structure is None:
            found.append(required(where, "schemas are required"))
        elif structure.get("type") != "object":
            found.append(required(f"{where}.type", "must be object at the root"))
        else:
            structural.check_known(structure)
    return found


def fill(crd: Json) -> None:
    """Defaults, and the status of accepted names (at once; a real server takes a moment)."""
    spec = crd["spec"]
    names = spec["names"]
    names.setdefault("singular", names["kind"].lower())
    names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {"strategy": "None"})
    crd["status"] = {
        "acceptedNames": dict(names),
        "storedVersions": [version["name"] for version in spec["versions"] if version["storage"]],
        "conditions": [
            {
                "type": kind,
                "status": "True",
                "reason": reason,
                "message": message,
                "lastTransitionTime": crd["metadata"]["creationTimestamp"],
            }
            for kind, reason, message in (
                ("NamesAccepted", "NoConflicts", "no conflicts found"),
                ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            )
        ],
    }


def resources_of(crd: Json, kubernetes: str) -> list[Resource]:
    """The served versions' resources. Objects are not converted between versions: the schemas are assumed alike."""
    spec, names = crd["spec"], crd["spec"]["names"]
    return [
        Resource(
            group=spec["group"],
            version=version["name"],
            kind=names["kind"],
            plural=names["plural"],
            namespaced=spec["scope"] == "Namespaced",
            short=tuple(names.get("shortNames", ())),
            status="status" in version.get("subresources", {}),
            categories=tuple(names.get("categories", ())),
            node=schema.custom(kubernetes, version["schema"]["openAPIV3Schema"]),
            structural=version["schema"]["openAPIV3Schema"],
            list_kind=names["listKind"],
            singular=names["singular"],
        )
        for version in spec["versions"]
        if version["served"]
    ]
