"""AWS's own resource schemas (as cfn-lint bundles them): which properties a type has, and what values fit."""

import functools
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import regex  # type: ignore[import-untyped]
from jsonschema import Draft7Validator, ValidationError, validators  # type: ignore[import-untyped]

from simulator.call import REGION
from simulator.deploy.intrinsics import function_of

type Schema = dict[str, Any]

_SCHEMAS = files("cfnlint") / "data" / "schemas"


@functools.cache
def _hashes() -> dict[str, str]:
    text = (_SCHEMAS / "providers" / f"{REGION}.json").read_text()
    hashes: dict[str, str] = json.loads(text)
    return hashes


def is_known(resource_type: str) -> bool:
    """Whether AWS has such a type in this Region."""
    return resource_type in _hashes()


@functools.cache
def schema_of(resource_type: str) -> Schema:
    """The type's resource provider schema."""
    text = (_SCHEMAS / "resources" / f"{_hashes()[resource_type]}.json").read_text()
    schema: Schema = json.loads(text)
    return schema


def _top_level(resource_type: str, member: str) -> frozenset[str]:
    paths = schema_of(resource_type).get(member, [])
    return frozenset(path.removeprefix("/properties/") for path in paths)


def create_only(resource_type: str) -> frozenset[str]:
    """Properties whose change replaces the resource."""
    return _top_level(resource_type, "createOnlyProperties")


def read_only(resource_type: str) -> frozenset[str]:
    """Attributes that only AWS sets."""
    return _top_level(resource_type, "readOnlyProperties")


def misspelt(resource_type: str, properties: Any) -> list[str]:
    """Paths of members that the type does not have or lacks, in properties whose intrinsics are unevaluated.

    Wording as CloudFormation's "Properties validation failed" has it.
    """
    root = schema_of(resource_type)
    problems: list[str] = []
    _walk(root, root, properties, "#", problems)
    read_only_given = sorted(read_only(resource_type) & set(properties))
    problems += [f"#: extraneous key [{name}] is not permitted (read-only)" for name in read_only_given]
    return problems


def _walk(root: Schema, schema: Schema, value: Any, path: str, problems: list[str]) -> None:
    schema = _dereferenced(root, schema)
    function = function_of(value)
    if function == "Fn::If" and len(value[function]) == 3:
        for branch in value[function][1:]:
            _walk(root, schema, branch, path, problems)
        return
    if function:
        return
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, item in enumerate(value):
            _walk(root, schema["items"], item, f"{path}/{index}", problems)
    if not isinstance(value, dict) or "properties" not in schema:
        return
    for name, member in value.items():
        if name in schema["properties"]:
            _walk(root, schema["properties"][name], member, f"{path}/{name}", problems)
        elif schema.get("additionalProperties") is False and "patternProperties" not in schema:
            problems.append(f"{path}: extraneous key [{name}] is not permitted")
    for name in schema.get("required", []):
        if name not in value:
            problems.append(f"{path}: required key [{name}] not found")


def _dereferenced(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def coerced(resource_type: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Evaluated properties with scalars of the type the schema names.

    CloudFormation takes "30" for 30 and "true" for true and the reverse (resource type contract, "primitive
    types"), since parameters and functions only give strings.
    """
    root = schema_of(resource_type)
    result: dict[str, Any] = _coerce(root, root, properties)
    return result


def _coerce(root: Schema, schema: Schema, value: Any) -> Any:
    schema = _dereferenced(root, schema)
    if isinstance(value, list):
        return [_coerce(root, schema.get("items") or {}, item) for item in value]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        rest: Schema = next(iter(schema.get("patternProperties", {}).values()), {})
        return {name: _coerce(root, known.get(name, rest), member) for name, member in value.items()}
    wanted = schema.get("type")
    if wanted == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if wanted == "string" and isinstance(value, int | float):
        return str(value)
    if wanted == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if wanted == "integer" and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    if wanted == "number" and isinstance(value, str):
        return _number(value)
    return value


def _number(text: str) -> float | int | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _pattern(_: Any, pattern: str, instance: Any, __: Schema) -> Iterator[ValidationError]:
    """The schemas' patterns are Java's, with classes such as \\p{L} that Python's re does not have."""
    if isinstance(instance, str) and not regex.search(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator = validators.extend(Draft7Validator, {"pattern": _pattern})


def misfits(resource_type: str, properties: dict[str, Any]) -> list[str]:
    """What is wrong with evaluated, coerced properties by the schema."""
    errors = _Validator(schema_of(resource_type)).iter_errors(properties)
    return [f"#/{'/'.join(str(part) for part in error.path)}: {error.message}" for error in errors]
