"""What fields objects have: the OpenAPI schemas that Kubernetes publishes, and those of custom resources.

The published ones come with the package kubernetes-validate, per minor version, unchanged but for two things: every
type also allows null, and defaults are left out.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

_FOLDER = "kubernetes-json-schema"
_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
# The only default among the fields that are keys of lists (Kubernetes API reference: ports' protocol).
KEY_DEFAULTS = {"protocol": "TCP"}


@dataclass(frozen=True, slots=True)
class Node:
    """One place in a schema. raw: the JSON Schema there, references resolved by ``definitions``.

    custom: whether it is a custom resource's (OpenAPI v3 structural schema) and not a published one.
    """

    raw: Mapping[str, Any]
    definitions: Mapping[str, Any]
    custom: bool = False

    def at(self, field: str) -> "Node | None":
        """The schema of a named field; None for a field that the schema does not know."""
        properties = self.raw.get("properties", {})
        if field in properties:
            return self._node(properties[field])
        additional = self.raw.get("additionalProperties")
        if isinstance(additional, Mapping):
            return self._node(additional)
        if additional is True or self.anything:
            return Node({"x-kubernetes-preserve-unknown-fields": True}, self.definitions, self.custom)
        return None

    def declares(self, field: str) -> bool:
        """Whether the field is one of a fixed set, not a key of a map."""
        return field in self.raw.get("properties", {})

    @property
    def items(self) -> "Node":
        """The schema of a list's elements."""
        if "items" not in self.raw:
            return Node({"x-kubernetes-preserve-unknown-fields": True}, self.definitions, self.custom)
        return self._node(self.raw["items"])

    @property
    def anything(self) -> bool:
        """Whether unknown fields are kept: raw extensions, arbitrary JSON, preserve-unknown-fields."""
        if self.raw.get("x-kubernetes-preserve-unknown-fields") or self.raw.get(
            "x-kubernetes-embedded-resource"
        ):
            return True
        if self.custom:
            return False
        return not any(word in self.raw for word in ("properties", "additionalProperties")) and self.type in {
            "object",
            None,
        }

    @property
    def type(self) -> str | None:
        """object, array, string, ...; None where several are allowed."""
        kind = self.raw.get("type")
        if isinstance(kind, list):
            (kind,) = (name for name in kind if name != "null")
        return kind

    @property
    def list_type(self) -> str:
        """atomic, set or map. Without a mark a list is atomic (API reference, server-side apply)."""
        return str(self.raw.get("x-kubernetes-list-type", "atomic"))

    @property
    def list_keys(self) -> list[str]:
        """The fields that tell a map list's elements apart."""
        return list(self.raw.get("x-kubernetes-list-map-keys", ()))

    @property
    def atomic_map(self) -> bool:
        """Whether an object is owned as a whole."""
        return self.raw.get("x-kubernetes-map-type") == "atomic"

    def _node(self, raw: Mapping[str, Any]) -> "Node":
        reference = raw.get("$ref")
        if reference is None:
            return Node(raw, self.definitions, self.custom)
        target = self.definitions[reference.removeprefix("#/$defs/")]
        # Marks beside a reference, such as x-kubernetes-map-type, hold too.
        return Node({**target, **{k: v for k, v in raw.items() if k != "$ref"}}, self.definitions)


@functools.cache
def _definitions(version: str) -> Json:
    package = find_spec("kubernetes_validate")  # found, not imported: only its data is wanted
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("kubernetes-validate, which holds Kubernetes' published schemas")
    folder = Path(package.submodule_search_locations[0], _FOLDER, f"v{version}.0-local")
    found: Json = json.loads((folder / "_definitions.json").read_text())["$defs"]
    return found


@functools.cache
def _kinds(version: str) -> dict[tuple[str, str, str], str]:
    return {
        (mark["group"], mark["version"], mark["kind"]): name
        for name, definition in _definitions(version).items()
        for mark in definition.get("x-kubernetes-group-version-kind", ())
        if len(definition["x-kubernetes-group-version-kind"]) == 1
    }


def published(version: str, group: str, api_version: str, kind: str) -> Node:
    """The schema of a built-in kind in a Kubernetes version (``1.36``)."""
    definitions = _definitions(version)
    return Node(definitions[_kinds(version)[group, api_version, kind]], definitions)


def custom(version: str, structural: Mapping[str, Any]) -> Node:
    """The schema of a custom resource: its CRD's, with the metadata that every object has."""
    properties = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        **structural.get("properties", {}),
        "metadata": {"$ref": f"#/$defs/{_OBJECT_META}"},
    }
    return Node({**structural, "properties": properties}, _definitions(version), custom=True)
