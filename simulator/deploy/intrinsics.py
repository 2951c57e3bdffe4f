"""CloudFormation's intrinsic functions and conditions, evaluated as the user guide's "Intrinsic function
reference" says. Pure: what a resource reference stands for comes from the scope."""

import base64
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.call import AwsError, NotModelled


class NoValue:
    """``AWS::NoValue``: the property or list item that holds it is left out."""


NO_VALUE = NoValue()

type Value = Any
type Attribute = Callable[[str, str | None], Value]


def _no_resources(logical_id: str, attribute: str | None) -> Value:  # noqa: ARG001
    raise AwsError("ValidationError", f"Template error: unresolved resource reference {logical_id}")


@dataclass(frozen=True)
class Scope:
    """What names mean. parameters: pseudo parameters included; attribute: (logical id, None) gives Ref's
    value, (logical id, name) GetAtt's."""

    parameters: Mapping[str, Value] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    availability_zones: Callable[[], tuple[str, ...]] = tuple
    attribute: Attribute = _no_resources

    def condition(self, name: str) -> bool:
        """Whether a condition of the Conditions section holds."""
        if name not in self.conditions:
            raise _error(f"unresolved condition dependency {name}")
        return truth(self.conditions[name], self)


def _error(message: str) -> AwsError:
    return AwsError("ValidationError", f"Template error: {message}")


def function_of(value: Value) -> str | None:
    """The name of the intrinsic that a value is, or None: a one-key mapping ``Ref``, ``Condition`` or ``Fn::*``."""
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
            return name
    return None


def resolve(value: Value, scope: Scope) -> Value:
    """The value with every intrinsic evaluated. NO_VALUE at the top means: leave it out."""
    name = function_of(value)
    if name is not None:
        if name not in _FUNCTIONS:
            raise _error(f"unsupported intrinsic function {name}")
        return _FUNCTIONS[name](value[name], scope)
    if isinstance(value, dict):
        stray = [key for key in value if isinstance(key, str) and key.startswith("Fn::")]
        if stray:
            raise _error(f"{stray[0]} must be the only key of its object")
        members = {key: resolve(member, scope) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not NO_VALUE}
    if isinstance(value, list):
        items = [resolve(item, scope) for item in value]
        return [item for item in items if item is not NO_VALUE]
    return value


def _ref(argument: Value, scope: Scope) -> Value:
    if not isinstance(argument, str):
        raise _error("every Ref object must have a single String value.")
    if argument == "AWS::NoValue":
        return NO_VALUE
    if argument in scope.parameters:
        return scope.parameters[argument]
    return scope.attribute(argument, None)


def _get_att(argument: Value, scope: Scope) -> Value:
    logical_id, attribute = get_att_parts(argument)
    name = resolve(attribute, scope)
    return scope.attribute(logical_id, _text(name, "Fn::GetAtt"))


def get_att_parts(argument: Value) -> tuple[str, Value]:
    """Logical id and attribute of a GetAtt, from either of its forms."""
    if isinstance(argument, str) and "." in argument:
        logical_id, attribute = argument.split(".", 1)
        return logical_id, attribute
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str):
        return argument[0], argument[1]
    raise _error("Fn::GetAtt object requires two non-empty parameters, the resource name and the attribute")


_PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")
_LITERAL = re.compile(r"\$\{!([^}]*)\}")


def sub_parts(argument: Value) -> tuple[str, dict[str, Value]]:
    """Text and own variables of a Sub, from either of its forms."""
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str):
        variables = argument[1]
        if isinstance(variables, dict):
            return argument[0], variables
    raise _error("One or more Fn::Sub intrinsic functions don't specify expected arguments.")


def placeholders(text: str) -> list[str]:
    """The names inside ``${...}``, literals ``${!...}`` left out."""
    return [name.strip() for name in _PLACEHOLDER.findall(text)]


def _sub(argument: Value, scope: Scope) -> str:
    text, variables = sub_parts(argument)

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        if name in variables:
            return _text(resolve(variables[name], scope), "Fn::Sub")
        if name in scope.parameters or "." not in name:
            return _text(_ref(name, scope), "Fn::Sub")
        return _text(scope.attribute(*name.split(".", 1)), "Fn::Sub")

    return _LITERAL.sub(r"${\1}", _PLACEHOLDER.sub(value_of, text))


def _text(value: Value, function: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _error(f"every value of {function} must be a String")


def _list(value: Value, scope: Scope, function: str) -> list[Value]:
    items = resolve(value, scope)
    if not isinstance(items, list):
        raise _error(f"{function} requires a list argument")
    return items


def _join(argument: Value, scope: Scope) -> str:
    if not (isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str)):
        raise _error("every Fn::Join object requires two parameters, a string delimiter and a list")
    return argument[0].join(_text(item, "Fn::Join") for item in _list(argument[1], scope, "Fn::Join"))


def _select(argument: Value, scope: Scope) -> Value:
    if not (isinstance(argument, list) and len(argument) == 2):
        raise _error("Fn::Select requires a list argument with two elements")
    index, items = resolve(argument[0], scope), _list(argument[1], scope, "Fn::Select")
    if not str(index).isdigit() or int(index) >= len(items):
        raise _error(f"Fn::Select cannot select nonexistent value at index {index}")
    return items[int(index)]


def _split(argument: Value, scope: Scope) -> list[str]:
    if not (isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str)):
        raise _error("every Fn::Split object requires two parameters, a delimiter and a source string")
    return _text(resolve(argument[1], scope), "Fn::Split").split(argument[0])


def _find_in_map(argument: Value, scope: Scope) -> Value:
    if not (isinstance(argument, list) and len(argument) == 3):
        # The fourth argument (DefaultValue) needs the AWS::LanguageExtensions transform.
        raise _error("every Fn::FindInMap object requires three parameters, the map name and two keys")
    name, first, second = (_text(resolve(part, scope), "Fn::FindInMap") for part in argument)
    if name not in scope.mappings:
        raise _error(f"Mapping named '{name}' is not present in the 'Mappings' section of template.")
    try:
        return scope.mappings[name][first][second]
    except KeyError as error:
        raise _error(f"Unable to get mapping for {name}::{first}::{second}") from error


def _get_azs(argument: Value, scope: Scope) -> list[str]:
    region = resolve(argument, scope)
    if region not in ("", scope.parameters["AWS::Region"]):
        raise NotModelled(f"Fn::GetAZs of the Region {region}")
    return list(scope.availability_zones())


def _cidr(argument: Value, scope: Scope) -> list[str]:
    """``[block, count, host bits]``: count subnets of the block (user guide, Fn::Cidr)."""
    parts = _list(argument, scope, "Fn::Cidr")
    if len(parts) not in (2, 3):
        raise _error("every Fn::Cidr object requires two or three parameters, ipBlock, count and cidrBits")
    network = ipaddress.ip_network(str(parts[0]))
    if network.version != 4 or len(parts) == 2:
        raise NotModelled("Fn::Cidr without cidrBits or for IPv6")
    count, prefix = int(parts[1]), 32 - int(parts[2])
    if not 1 <= count <= 256:
        raise _error("Fn::Cidr count must be between 1 and 256")
    if prefix < network.prefixlen or 2 ** (prefix - network.prefixlen) < count:
        raise _error(f"Fn::Cidr cannot make {count} blocks of /{prefix} in {network}")
    subnets = network.subnets(new_prefix=prefix)
    return [str(subnet) for subnet, _ in zip(subnets, range(count), strict=False)]


def _base64(argument: Value, scope: Scope) -> str:
    return base64.b64encode(_text(resolve(argument, scope), "Fn::Base64").encode()).decode()


def _if(argument: Value, scope: Scope) -> Value:
    if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str)):
        raise _error("Fn::If requires a list argument with three elements")
    return resolve(argument[1] if scope.condition(argument[0]) else argument[2], scope)


_FUNCTIONS: dict[str, Callable[[Value, Scope], Value]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::Cidr": _cidr,
    "Fn::Base64": _base64,
    "Fn::If": _if,
}


def truth(condition: Value, scope: Scope) -> bool:
    """What a condition evaluates to: Fn::And, Or, Not, Equals and Condition, nothing else."""
    if not (isinstance(condition, dict) and len(condition) == 1):
        raise AwsError(
            "ValidationError", "Template format error: Every Condition member must be a condition."
        )
    name, argument = next(iter(condition.items()))
    if name == "Condition":
        return scope.condition(argument)
    if not isinstance(argument, list):
        raise _error(f"{name} requires a list argument")
    match name:
        case "Fn::Equals" if len(argument) == 2:
            left, right = (resolve(side, scope) for side in argument)
            return bool(_comparable(left) == _comparable(right))
        case "Fn::Not" if len(argument) == 1:
            return not truth(argument[0], scope)
        case "Fn::And" if 2 <= len(argument) <= 10:
            return all(truth(item, scope) for item in argument)
        case "Fn::Or" if 2 <= len(argument) <= 10:
            return any(truth(item, scope) for item in argument)
    raise _error(f"{name} with {len(argument)} arguments is not a condition")


def _comparable(value: Value) -> Value:
    """Scalars compare as strings, so that ``true`` equals "true" as CloudFormation has it."""
    return _text(value, "Fn::Equals") if isinstance(value, bool | int | float) else value


def references(value: Value) -> Iterator[str]:
    """Every name that Ref, GetAtt and Sub mention inside a value, parameters included."""
    name = function_of(value)
    if name == "Ref" and isinstance(value["Ref"], str):
        yield value["Ref"]
    elif name == "Fn::GetAtt":
        logical_id, attribute = get_att_parts(value[name])
        yield logical_id
        yield from references(attribute)
    elif name == "Fn::Sub":
        text, variables = sub_parts(value[name])
        yield from (mention.split(".", 1)[0] for mention in placeholders(text) if mention not in variables)
        yield from references(list(variables.values()))
    elif isinstance(value, dict):
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
