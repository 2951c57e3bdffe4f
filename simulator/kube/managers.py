"""Who manages which fields: ``metadata.managedFields``, kept as kube-apiserver keeps it.

Source: sigs.k8s.io/structured-merge-diff merge/update.go; KEP-555; API reference, "Server-Side Apply".
Simplified: a writer by other means than apply owns the leaves that it changed, not the maps around them.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.kube import fields, status
from simulator.kube.fields import Path
from simulator.kube.schema import Node

type Json = dict[str, Any]

# managedfields/internal/stripmeta.go: what nobody manages.
_NOBODYS = {
    ("f:apiVersion",),
    ("f:kind",),
    *(
        ("f:metadata", f"f:{name}")
        for name in (
            "clusterName",
            "creationTimestamp",
            "deletionGracePeriodSeconds",
            "deletionTimestamp",
            "generation",
            "managedFields",
            "name",
            "namespace",
            "resourceVersion",
            "selfLink",
            "uid",
        )
    ),
}


@dataclass(frozen=True, slots=True)
class Manager:
    """One entry's identity. operation: Apply or Update; an applier is the same whatever version it speaks."""

    name: str
    operation: str
    api_version: str
    subresource: str = ""

    def same(self, entry: Json) -> bool:
        """Whether a managedFields entry is this manager's."""
        return (
            entry["manager"] == self.name
            and entry["operation"] == self.operation
            and entry.get("subresource", "") == self.subresource
            and (self.operation == "Apply" or entry["apiVersion"] == self.api_version)
        )

    def printed(self) -> str:
        """As a conflict names it (managedfields/internal/conflict.go)."""
        return _printed(self.name, self.operation, self.api_version, self.subresource, "")


def entries_of(obj: Json) -> list[Json]:
    """The object's managedFields."""
    found: list[Json] = obj.get("metadata", {}).get("managedFields", [])
    return found


def without_times(obj: Json) -> Json:
    """The object as it is compared: when a manager wrote last is no content."""
    entries = [{**entry, "time": ""} for entry in entries_of(obj)]
    return {**obj, "metadata": {**obj["metadata"], "managedFields": entries}}


def updated(old: Json, new: Json, node: Node, manager: Manager, now: str) -> list[Json]:
    """managedFields after a write that is no apply: what it changed is the writer's and nobody else's."""
    changed, removed = fields.changes(_plain(old), _plain(new), node)
    changed, removed = _somebodys(changed, manager.subresource), _somebodys(removed, manager.subresource)
    if not changed and not removed:
        return entries_of(old)
    entries, own = [], set(changed)
    for entry in entries_of(old):
        owned = fields.from_fields_v1(entry["fieldsV1"])
        if manager.same(entry):
            own |= owned - removed
        elif left := owned - changed - removed:
            entries.append({**entry, "fieldsV1": fields.to_fields_v1(left)})
    return _in_order([*entries, _entry(manager, own, now)] if own else entries)


def applied(live: Json, config: Json, node: Node, manager: Manager, now: str, *, force: bool) -> Json:
    """The live object after an apply, with its managedFields. Raises the conflict Refusal, or UnknownField.

    config: the applied configuration; null values count as left out (assumed).
    """
    before = entries_of(live)
    wanted = _somebodys(fields.fields_of(_plain(config), node), manager.subresource)
    last: set[Path] = set()
    others: list[tuple[Json, set[Path]]] = []
    for entry in before:
        owned = fields.from_fields_v1(entry["fieldsV1"])
        if manager.same(entry):
            last = owned
        else:
            others.append((entry, owned))
    base = _plain(live)
    merged: Json = merge(base, _plain(config), node)
    _prune(merged, last, wanted | {path for _, owned in others for path in owned})
    changed, removed = fields.changes(base, merged, node)
    clashes = [(entry, sorted(owned & changed)) for entry, owned in others if owned & changed]
    if clashes and not force:
        raise status.apply_conflict(
            [(_printed_entry(entry), fields.printed(p)) for entry, paths in clashes for p in paths]
        )
    entries = []
    for entry, owned in others:
        if left := owned - changed - removed:
            entries.append(entry if left == owned else {**entry, "fieldsV1": fields.to_fields_v1(left)})
    own = next((entry for entry in before if manager.same(entry)), None)
    if own and last == wanted and base == merged:
        entries.append({**own, "apiVersion": manager.api_version})
    elif wanted:
        entries.append(_entry(manager, wanted, now))
    merged.setdefault("metadata", {})["managedFields"] = _in_order(entries)
    return merged


def _in_order(entries: list[Json]) -> list[Json]:
    """managedfields/internal/managedfields.go, sortEncodedManagedFields: what changes nothing writes nothing."""
    parts = ("operation", "time", "manager", "apiVersion", "subresource")
    return sorted(entries, key=lambda entry: [entry.get(part, "") for part in parts])


def merge(live: Any, config: Any, node: Node) -> Any:
    """The live value with the configuration put over it. New elements of lists go to the end (assumed)."""
    if isinstance(config, dict) and isinstance(live, dict) and not node.atomic_map:
        merged = dict(live)
        for name, value in config.items():
            below = node.at(name)
            merged[name] = merge(live[name], value, below) if name in live and below else copy.deepcopy(value)
        return merged
    if isinstance(config, list) and isinstance(live, list) and node.list_type == "map":
        wanted = {fields.element_key(element, node.list_keys): element for element in config}
        kept = []
        for element in live:
            update = wanted.pop(fields.element_key(element, node.list_keys), None)
            kept.append(element if update is None else merge(element, update, node.items))
        return [*kept, *copy.deepcopy(list(wanted.values()))]
    if isinstance(config, list) and isinstance(live, list) and node.list_type == "set":
        return [*live, *(element for element in config if element not in live)]
    return copy.deepcopy(config)


def _prune(merged: Json, last: set[Path], owned: set[Path]) -> None:
    """Remove what the applier owned, does not want any more, and nobody else owns (merge/update.go, prune)."""
    for path in sorted(last - owned, key=len):
        if not any(other[: len(path)] == path for other in owned):
            fields.remove(merged, path)


def _plain(obj: Json) -> Json:
    """A copy without managedFields, in which null is left out."""
    copied: Json = _without_null(obj)
    if "metadata" in copied:
        copied["metadata"].pop("managedFields", None)
    return copied


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(inner) for key, inner in value.items() if inner is not None}
    return [_without_null(inner) for inner in value] if isinstance(value, list) else value


def _somebodys(paths: Iterable[Path], subresource: str) -> set[Path]:
    """Without what nobody manages; status belongs to writers of the status subresource (KEP-555)."""
    kept = {path for path in paths if path[:2] not in _NOBODYS and path[:1] not in _NOBODYS}
    if subresource == "status":
        return {path for path in kept if path[0] == "f:status"}
    return kept


def _entry(manager: Manager, owned: set[Path], now: str) -> Json:
    entry = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": manager.api_version,
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields.to_fields_v1(owned),
    }
    return {**entry, "subresource": manager.subresource} if manager.subresource else entry


def _printed_entry(entry: Json) -> str:
    return _printed(
        entry["manager"],
        entry["operation"],
        entry["apiVersion"],
        entry.get("subresource", ""),
        entry.get("time", ""),
    )


def _printed(name: str, operation: str, api_version: str, subresource: str, time: str) -> str:
    where = f' with subresource "{subresource}"' if subresource else ""
    if operation == "Update":
        return f'"{name}"{where} using {api_version}' + (f" at {time}" if time else "")
    return f'"{name}"{where}'
