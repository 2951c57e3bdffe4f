"""Custom resources against the structural schema of their CustomResourceDefinition.

Source: Kubernetes documentation, "Extend the Kubernetes API with CustomResourceDefinitions" (pruning, defaulting,
validation); wording: apiextensions-apiserver pkg/apiserver/validation and go-openapi/errors, checked against a real
one (tests/kubernetes).
"""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kube.status import Cause, Refusal, not_modelled, required, wrong

type Schema = Mapping[str, Any]

_KNOWN = frozenset(
    {
        "type",
        "properties",
        "additionalProperties",
        "items",
        "required",
        "enum",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "nullable",
        "default",
        "format",
        "description",
        "title",
        "example",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "minProperties",
        "maxProperties",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-int-or-string",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-validations",
    }
)
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
# The one CEL rule that is modelled: the value may not change.
IMMUTABLE = "self == oldSelf"


def check_known(schema: Schema) -> None:
    """Refuse a schema with a word that this module does not know."""
    if unknown := sorted(set(schema) - _KNOWN):
        raise not_modelled(f"{', '.join(unknown)} in a CustomResourceDefinition's schema")
    for inner in _inner(schema):
        check_known(inner)


def _inner(schema: Schema) -> Iterator[Schema]:
    yield from schema.get("properties", {}).values()
    for word in ("anyOf", "oneOf", "allOf"):
        yield from schema.get(word, ())
    for word in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(word), Mapping):
            yield schema[word]


def unknown_fields(value: Any, schema: Schema, path: str = "", *, drop: bool) -> list[str]:
    """The paths of fields that the schema does not know; drop: and take them out (pruning)."""
    if isinstance(value, list):
        found = []
        for index, element in enumerate(value):
            found += unknown_fields(element, schema.get("items", {}), f"{path}[{index}]", drop=drop)
        return found
    if not isinstance(value, dict):
        return []
    found = []
    properties, additional = schema.get("properties", {}), schema.get("additionalProperties")
    keep = schema.get("x-kubernetes-preserve-unknown-fields") or additional is True
    embedded = schema.get("x-kubernetes-embedded-resource")
    for name in list(value):
        where = f"{path}.{name}" if path else name
        if name in properties:
            found += unknown_fields(value[name], properties[name], where, drop=drop)
        elif isinstance(additional, Mapping):
            found += unknown_fields(value[name], additional, where, drop=drop)
        elif not keep and not (embedded and name in {"apiVersion", "kind", "metadata"}):
            found.append(where)
            if drop:
                del value[name]
    return found


def fill_defaults(value: Any, schema: Schema) -> None:
    """Put the schema's defaults where a field is missing, or null and not nullable."""
    if isinstance(value, list):
        for element in value:
            fill_defaults(element, schema.get("items", {}))
    if not isinstance(value, dict):
        return
    for name, inner in schema.get("properties", {}).items():
        absent = name not in value or (value[name] is None and not inner.get("nullable"))
        if absent and "default" in inner:
            value[name] = copy.deepcopy(inner["default"])
        elif absent and name in value:
            del value[name]
    for name, below in value.items():
        inner = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
        if isinstance(inner, Mapping):
            fill_defaults(below, inner)


def faults(value: Any, schema: Schema, path: str, old: Any = None) -> list[Cause]:
    """What in a value breaks the schema. old: the value before, for rules about changes."""
    if value is None and schema.get("nullable"):
        return []
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        if isinstance(value, bool) or not isinstance(value, int | str):
            return [_type_fault(path, value, "integer,string")]
    elif kind is not None and not _is(value, kind):
        return [_type_fault(path, value, kind)]
    found = [*_scalar_faults(value, schema, path), *_combined_faults(value, schema, path)]
    if isinstance(value, dict):
        found += _object_faults(value, schema, path, old)
    elif isinstance(value, list):
        found += _list_faults(value, schema, path)
    return [*found, *_rule_faults(value, schema, path, old)]


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _type_fault(path: str, value: Any, kind: str) -> Cause:
    names = {dict: "object", list: "array", bool: "boolean", int: "integer", float: "number", str: "string"}
    actual = names.get(type(value), "null")
    why = f'{path} in body must be of type {kind}: "{actual}"'
    return Cause("FieldValueTypeInvalid", f'Invalid value: "{actual}": {why}', path)


def _scalar_faults(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    body = f"{path} in body should"
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(f'"{one}"' for one in schema["enum"])
        yield Cause(
            "FieldValueNotSupported", f"Unsupported value: {shown}: supported values: {allowed}", path
        )
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield wrong(path, shown, f"{body} match '{schema['pattern']}'")
        if len(value) < schema.get("minLength", 0):
            yield wrong(path, shown, f"{body} be at least {schema['minLength']} chars long")
        if len(value) > schema.get("maxLength", len(value)):
            yield Cause(
                "FieldValueTooLong", f"Too long: may not be more than {schema['maxLength']} bytes", path
            )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield wrong(path, shown, f"{body} be greater than or equal to {schema['minimum']}")
        if value > schema.get("maximum", value):
            yield wrong(path, shown, f"{body} be less than or equal to {schema['maximum']}")
        if schema.get("exclusiveMinimum") or schema.get("exclusiveMaximum"):
            raise not_modelled("exclusive limits in a CustomResourceDefinition's schema")


def _combined_faults(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    """anyOf and its like; only whether they hold is modelled, their wording is assumed."""
    for word, holds in (("anyOf", any), ("oneOf", lambda good: sum(good) == 1), ("allOf", all)):
        if word in schema and not holds([not faults(value, one, path) for one in schema[word]]):
            yield wrong(
                path, f'"{type(value).__name__}"', f"{path} in body must validate {word} of its schemas"
            )
    if "not" in schema and not faults(value, schema["not"], path):
        yield wrong(path, '"value"', f"{path} in body must not validate the schema (not)")


def _object_faults(value: dict[str, Any], schema: Schema, path: str, old: Any) -> Iterator[Cause]:
    for name in schema.get("required", ()):
        if name not in value:
            yield required(f"{path}.{name}" if path else name)
    count = len(value)
    if not schema.get("minProperties", 0) <= count <= schema.get("maxProperties", count):
        yield wrong(path, '"object"', f"{path} in body has {count} properties")
    before = old if isinstance(old, dict) else {}
    for name, inner in value.items():
        below = schema.get("properties", {}).get(name)
        where = f"{path}.{name}" if path else name
        if below is None and isinstance(schema.get("additionalProperties"), Mapping):
            below = schema["additionalProperties"]
        if below is not None:
            yield from faults(inner, below, where, before.get(name))


def _list_faults(value: list[Any], schema: Schema, path: str) -> Iterator[Cause]:
    if len(value) < schema.get("minItems", 0):
        yield wrong(path, str(len(value)), f"{path} in body should have at least {schema['minItems']} items")
    if len(value) > schema.get("maxItems", len(value)):
        yield Cause(
            "FieldValueTooMany", f"Too many: {len(value)}: must have at most {schema['maxItems']} items", path
        )
    keys = schema.get("x-kubernetes-list-map-keys", ())
    seen: list[Any] = []
    for index, element in enumerate(value):
        yield from faults(element, schema.get("items", {}), f"{path}[{index}]")
        if schema.get("x-kubernetes-list-type") in {"map", "set"} or schema.get("uniqueItems"):
            told = {key: element.get(key) for key in keys} if keys and isinstance(element, dict) else element
            if told in seen:
                yield Cause("FieldValueDuplicate", f"Duplicate value: {told}", f"{path}[{index}]")
            seen.append(told)


def _rule_faults(value: Any, schema: Schema, path: str, old: Any) -> Iterator[Cause]:
    for rule in schema.get("x-kubernetes-validations", ()):
        if rule["rule"] != IMMUTABLE:
            raise _unknown_rule(path, rule["rule"])
        # A rule with oldSelf is a transition rule: it holds where there is no value before.
        if old is not None and value != old:
            shown = f'"{value}"' if isinstance(value, str) else str(value)
            yield wrong(path, shown, rule.get("message", f"failed rule: {rule['rule']}"))


def _unknown_rule(path: str, rule: str) -> Refusal:
    return not_modelled(f"the CEL rule {rule!r} that holds for {path}")
