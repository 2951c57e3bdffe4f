"""Sets of fields, as server-side apply owns them.

Source: sigs.k8s.io/structured-merge-diff, typed/tofieldset.go and fieldpath/serialize-pe.go. A path is a tuple of
``f:name``, ``k:{"key":"value"}`` (an element of a map list) and ``v:"value"`` (an element of a set).
"""

import json
from collections.abc import Iterable
from typing import Any

from simulator.kube.schema import KEY_DEFAULTS, Node

type Path = tuple[str, ...]
type Json = dict[str, Any]

_ABSENT = object()


class UnknownField(Exception):
    """A field that the schema does not declare. Its text: ``.spec.foo``."""


def fields_of(value: Any, node: Node) -> set[Path]:
    """Every leaf of an object, and every element of its map lists."""
    found: set[Path] = set()
    _walk(value, node, (), found)
    return found


def _walk(value: Any, node: Node, path: Path, found: set[Path]) -> None:
    if isinstance(value, dict) and not node.atomic_map and value:
        for name, inner in value.items():
            below = node.at(name)
            step = (*path, f"f:{name}")
            if below is None:
                raise UnknownField(printed(step))
            if not node.declares(name):
                found.add(step)
            _walk(inner, below, step, found)
    elif isinstance(value, list) and value and node.list_type == "map":
        for element in value:
            step = (*path, element_key(element, node.list_keys))
            found.add(step)
            _walk(element, node.items, step, found)
    elif isinstance(value, list) and value and node.list_type == "set":
        found.update((*path, _value_key(element)) for element in value)
    elif path:
        # A map that is empty is a leaf; below an atomic one nothing is owned by itself, but must be declared.
        found.add(path)
        _check_declared(value, node, path)


def _check_declared(value: Any, node: Node, path: Path) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            below = node.at(name)
            if below is None:
                raise UnknownField(printed((*path, f"f:{name}")))
            _check_declared(inner, below, (*path, f"f:{name}"))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            _check_declared(element, node.items, (*path, f"i:{index}"))


def element_key(element: Json, keys: Iterable[str]) -> str:
    """The path element of a map list's element."""
    values = {key: element.get(key, KEY_DEFAULTS.get(key)) for key in sorted(keys)}
    return "k:" + json.dumps({k: v for k, v in values.items() if v is not None}, separators=(",", ":"))


def _value_key(element: Any) -> str:
    return "v:" + json.dumps(element, separators=(",", ":"))


def look_up(value: Any, path: Path) -> Any:
    """The value at a path; ``fields.ABSENT`` if there is none."""
    for step in path:
        value = _child(value, step)
        if value is _ABSENT:
            break
    return value


ABSENT = _ABSENT


def _child(value: Any, step: str) -> Any:
    kind, name = step[:2], step[2:]
    if kind == "f:":
        return value.get(name, _ABSENT) if isinstance(value, dict) else _ABSENT
    if not isinstance(value, list):
        return _ABSENT
    if kind == "v:":
        wanted = json.loads(name)
        return wanted if wanted in value else _ABSENT
    keys = json.loads(name)
    found = (e for e in value if isinstance(e, dict) and element_key(e, keys) == step)
    return next(found, _ABSENT)


def remove(value: Any, path: Path) -> None:
    """Take what is at the path out of the object, and maps and lists that become empty by it."""
    if not path:
        return
    parent = look_up(value, path[:-1])
    if parent is _ABSENT:
        return
    kind, name = path[-1][:2], path[-1][2:]
    if kind == "f:" and isinstance(parent, dict):
        parent.pop(name, None)
    elif kind == "v:" and isinstance(parent, list):
        parent[:] = [e for e in parent if e != json.loads(name)]
    elif kind == "k:" and isinstance(parent, list):
        keys = json.loads(name)
        parent[:] = [e for e in parent if element_key(e, keys) != path[-1]]
    if not parent and len(path) > 2:
        remove(value, path[:-1])


def printed(path: Path) -> str:
    """``.spec.containers[name="a"].image``, as conflicts print it (fieldpath/element.go)."""
    told = ""
    for step in path:
        kind, name = step[:2], step[2:]
        if kind == "f:":
            told += f".{name}"
        elif kind == "k:":
            told += "[" + ",".join(f"{k}={json.dumps(v)}" for k, v in json.loads(name).items()) + "]"
        elif kind == "v:":
            told += f"[={name}]"
        else:
            told += f"[{name}]"
    return told


def to_fields_v1(paths: Iterable[Path]) -> Json:
    """The trie that managedFields holds; ``.`` marks an element that is owned itself and has owned fields too."""
    trie: Json = {}
    owned = set(paths)
    for path in sorted(owned):
        place = trie
        for length, step in enumerate(path, 1):
            place = place.setdefault(step, {})
            if length < len(path) and path[:length] in owned:
                place.setdefault(".", {})
    return trie


def from_fields_v1(trie: Json, path: Path = ()) -> set[Path]:
    """The paths of such a trie."""
    if not trie:
        return {path} if path else set()
    found = {path} if "." in trie and path else set()
    for step, inner in trie.items():
        if step != ".":
            found |= from_fields_v1(inner, (*path, step))
    return found


def changes(old: Any, new: Any, node: Node) -> tuple[set[Path], set[Path]]:
    """(added or modified, removed) fields between two objects."""
    before, after = fields_of(old, node), fields_of(new, node)
    changed = {
        path
        for path in after
        if path not in before or (_is_leaf(path, after) and look_up(old, path) != look_up(new, path))
    }
    return changed, before - after


def _is_leaf(path: Path, among: set[Path]) -> bool:
    return not any(len(other) > len(path) and other[: len(path)] == path for other in among)
