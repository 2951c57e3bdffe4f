"""A request's object against its kind's schema: types, unknown fields, required fields.

Built-in kinds: JSON that does not fit the Go type is refused; unknown fields are dropped, told in a Warning header or
refused, as ``fieldValidation`` says (API concepts, "Field validation": the default is Warn).
"""

from typing import Any

from simulator.kube import structural
from simulator.kube.resources import Resource
from simulator.kube.schema import Node
from simulator.kube.status import Cause, Refusal, bad_request, required

type Json = dict[str, Any]

_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def check_fields(obj: Json, resource: Resource, node: Node, validation: str) -> list[str]:
    """Drop unknown fields from the object; returns the warnings. validation: Ignore, Warn or Strict."""
    unknown = _unknown(obj, node, "")
    if unknown and validation == "Strict":
        told = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise bad_request(_cannot_handle(resource, f"strict decoding error: {told}"))
    return [f'unknown field "{path}"' for path in unknown] if validation == "Warn" else []


def check_types(obj: Json, resource: Resource, node: Node) -> None:
    """Refuse JSON of the wrong type in a built-in kind, as Go's decoder does. Its wording is assumed in part."""
    if problem := _type_problem(obj, node, ""):
        raise bad_request(_cannot_handle(resource, problem))


def missing(obj: Json, node: Node) -> list[Cause]:
    """The required fields that a built-in kind's object lacks."""
    return _missing(obj, node, "")


def custom_faults(obj: Json, resource: Resource, old: Json | None) -> list[Cause]:
    """What in a custom resource breaks its schema; defaults are filled in first."""
    schema = resource.structural or {}
    structural.fill_defaults(obj, schema)
    plain = {key: value for key, value in obj.items() if key != "metadata"}
    without = {key: value for key, value in schema.get("properties", {}).items() if key != "metadata"}
    return structural.faults(plain, {**schema, "properties": without}, "", old)


def _cannot_handle(resource: Resource, why: str) -> str:
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}'


def _unknown(value: Any, node: Node, path: str) -> list[str]:
    if isinstance(value, list):
        found = []
        for index, element in enumerate(value):
            found += _unknown(element, node.items, f"{path}[{index}]")
        return found
    if not isinstance(value, dict):
        return []
    found = []
    for name in list(value):
        where = f"{path}.{name}" if path else name
        below = node.at(name)
        if below is None:
            found.append(where)
            del value[name]
        elif not below.anything:
            found += _unknown(value[name], below, where)
    return found


def _type_problem(value: Any, node: Node, path: str) -> str | None:
    if value is None or (node.anything and node.type is None and "oneOf" not in node.raw):
        return None
    told = f"of type {node.type}" if node.type else "of its type"
    if not _fits(value, node):
        names = {dict: "object", list: "array", bool: "bool", int: "number", float: "number", str: "string"}
        return f"json: cannot unmarshal {names[type(value)]} into Go struct field {path} {told}"
    if isinstance(value, dict):
        pairs = ((f"{path}.{name}".lstrip("."), inner, node.at(name)) for name, inner in value.items())
        found = (_type_problem(inner, below, where) for where, inner, below in pairs if below is not None)
        return next((problem for problem in found if problem), None)
    if isinstance(value, list):
        listed = (_type_problem(element, node.items, path) for element in value)
        return next((problem for problem in listed if problem), None)
    return None


def _fits(value: Any, node: Node) -> bool:
    options = node.raw.get("oneOf")
    if options:
        return any(_fits(value, Node(option, node.definitions)) for option in options)
    match node.type:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            low, high = _INTEGERS[node.raw.get("format", "int64")]
            return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
    return True


def _missing(value: Any, node: Node, path: str) -> list[Cause]:
    found: list[Cause] = []
    if isinstance(value, dict):
        for name in node.raw.get("required", ()):
            if value.get(name) is None:
                found.append(required(f"{path}.{name}" if path else name))
        for name, inner in value.items():
            below = node.at(name)
            if below is not None and not below.anything:
                found += _missing(inner, below, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            found += _missing(element, node.items, f"{path}[{index}]")
    return found


def kind_mismatch(obj: Json, resource: Resource) -> Refusal | None:
    """An object of another kind or version than the path says."""
    told = obj.get("apiVersion"), obj.get("kind")
    if told == (resource.api_version, resource.kind):
        return None
    if not all(told):
        missing_one = "kind" if not told[1] else "apiVersion"
        return bad_request(f"Object '{missing_one.capitalize()}' is missing in the request body")
    group, _, version = str(told[0]).rpartition("/")
    return bad_request(
        f'{told[1]} in version "{version}" cannot be handled as a {resource.kind}: no kind "{told[1]}" is'
        f' registered for version "{told[0]}"'
        if not group or told[0] != resource.api_version
        else f"the kind in the request ({told[1]}) does not match the expected kind ({resource.kind})"
    )
