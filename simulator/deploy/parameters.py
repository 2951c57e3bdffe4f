"""Template parameters: what was declared, what was given, what value each has. Pure but for `exists`."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.call import REGION, AwsError, NotModelled
from simulator.deploy.intrinsics import NO_VALUE

type Given = Mapping[str, str | None]
type Exists = Callable[[str, str], bool]

# User guide, "CloudFormation template Parameters syntax".
_MEMBERS = {
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
}
# AWS-specific types whose values must exist in the account ("AWS-specific parameter types").
AWS_TYPES = {
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::AvailabilityZone::Name",
}
_TYPES = {"String", "Number", "CommaDelimitedList", "List<Number>"}


def _error(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def check_declarations(declared: Mapping[str, Any]) -> None:
    """Refuse parameters with members or types that CloudFormation, or this simulator, does not know."""
    for name, body in declared.items():
        unknown = sorted(set(body) - _MEMBERS)
        if unknown:
            raise _error(f"Invalid template parameter property '{unknown[0]}'")
        if "Type" not in body:
            raise _error(f"Template format error: Every Parameters object must contain a Type member: {name}")
        item = _item_type(body["Type"])
        if body["Type"] not in _TYPES and item not in AWS_TYPES:
            raise NotModelled(f"the type {body['Type']} of the parameter {name}")


def _item_type(declared: str) -> str:
    return declared.removeprefix("List<").removesuffix(">")


def given_values(
    declared: Mapping[str, Any], given: Sequence[Mapping[str, Any]], previous: Mapping[str, str]
) -> dict[str, str]:
    """Each declared parameter's text: given, else (UsePreviousValue) previous, else the default.

    given: the API's Parameters. previous: the stack's present values. AWS's refusals for the rest.
    """
    unknown = sorted({item["ParameterKey"] for item in given} - set(declared))
    if unknown:
        raise _error(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values: dict[str, str] = {}
    for item in given:
        name = item["ParameterKey"]
        if item.get("ResolvedValue") is not None:
            raise NotModelled("ResolvedValue of a parameter")
        if item.get("UsePreviousValue"):
            if name not in previous:
                raise _error(
                    f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true"
                )
            values[name] = previous[name]
        elif "ParameterValue" in item:
            values[name] = item["ParameterValue"]
    for name, body in declared.items():
        if name not in values and "Default" in body:
            values[name] = _plain(body["Default"])
    missing = sorted(set(declared) - set(values))
    if missing:
        raise _error(f"Parameters: [{', '.join(missing)}] must have values")
    return values


def _plain(default: Any) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return str(default)


def typed_values(declared: Mapping[str, Any], values: Mapping[str, str], exists: Exists) -> dict[str, Any]:
    """Each parameter's value as Ref gives it (lists split), after its constraints.

    exists(type, value): whether the account has such a thing, for AWS-specific types.
    """
    return {name: _typed(name, body, values[name], exists) for name, body in declared.items()}


def _typed(name: str, body: Mapping[str, Any], text: str, exists: Exists) -> str | list[str]:
    kind: str = body["Type"]
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    items = [item.strip() for item in text.split(",")] if is_list else [text]
    for item in items:
        problem = _problem(body, item)
        if problem:
            described = body.get("ConstraintDescription")
            raise _error(
                f"Parameter '{name}' failed to satisfy constraint: {described}"
                if described
                else f"Parameter '{name}' {problem}"
            )
        item_type = _item_type(kind)
        if item_type in AWS_TYPES and not exists(item_type, item):
            raise _error(
                f"Parameter validation failed: parameter value {item} for parameter name {name} does not exist"
            )
    return items if is_list else text


def _problem(body: Mapping[str, Any], text: str) -> str | None:
    kind = body["Type"]
    if kind in ("Number", "List<Number>"):
        try:
            number = float(text)
        except ValueError:
            return "must be a number"
        if "MinValue" in body and number < float(body["MinValue"]):
            return f"must be a number not less than {body['MinValue']}"
        if "MaxValue" in body and number > float(body["MaxValue"]):
            return f"must be a number not greater than {body['MaxValue']}"
    if "AllowedValues" in body and text not in [_plain(value) for value in body["AllowedValues"]]:
        allowed = ", ".join(_plain(value) for value in body["AllowedValues"])
        return f"must be one of AllowedValues: [{allowed}]"
    if "AllowedPattern" in body and not re.fullmatch(str(body["AllowedPattern"]), text):
        return f"must match pattern {body['AllowedPattern']}"
    if "MinLength" in body and len(text) < int(body["MinLength"]):
        return f"must contain at least {body['MinLength']} characters"
    if "MaxLength" in body and len(text) > int(body["MaxLength"]):
        return f"must contain at most {body['MaxLength']} characters"
    return None


def pseudo_parameters(stack_name: str, stack_id: str, account: str) -> dict[str, Any]:
    """User guide, "Pseudo parameters reference"."""
    return {
        "AWS::AccountId": account,
        "AWS::NoValue": NO_VALUE,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }
