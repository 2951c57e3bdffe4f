"""What a template is refused for before anything is made. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from simulator.call import AwsError, NotModelled
from simulator.deploy.intrinsics import function_of, get_att_parts, placeholders, sub_parts
from simulator.deploy.parse import Document
from simulator.deploy.resources import KINDS
from simulator.deploy.schema import is_known, misspelt, read_only
from simulator.deploy.template import (
    Declared,
    check_references,
    creation_order,
    declared_resources,
    format_error,
)


def check(document: Document) -> None:
    """Refuse a transformed template that names unknown types, properties, attributes or resources."""
    resources = declared_resources(document)
    _check_types(resources)
    for resource in resources.values():
        _check_properties(resource)
    check_references(document)
    outputs = document.get("Outputs", {})
    for value in [*(resource.properties for resource in resources.values()), outputs]:
        _check_attributes(resources, value)
    for output in outputs.values():
        if "Export" in output:
            raise NotModelled("Export of outputs")
    creation_order(resources)


def _check_types(resources: Mapping[str, Declared]) -> None:
    types = {resource.type for resource in resources.values()}
    unknown = sorted(name for name in types - KINDS.keys() if not is_known(name))
    if unknown:
        raise format_error(f"Unrecognized resource types: [{', '.join(unknown)}]")
    unmodelled = sorted(types - KINDS.keys())
    if unmodelled:
        raise NotModelled(f"the resource types [{', '.join(unmodelled)}]")


def _check_properties(resource: Declared) -> None:
    if function_of(dict(resource.properties)):
        raise NotModelled(f"an intrinsic function for all properties of {resource.logical_id}")
    problems = misspelt(resource.type, resource.properties)
    if problems:
        raise AwsError(
            "ValidationError",
            f"Properties validation failed for resource {resource.logical_id} ({resource.type}) with message: "
            + ", ".join(problems),
        )
    unmodelled = sorted(set(resource.properties) - KINDS[resource.type].properties)
    if unmodelled:
        raise NotModelled(f"{', '.join(unmodelled)} of {resource.type} ({resource.logical_id})")


def _check_attributes(resources: Mapping[str, Declared], value: Any) -> None:
    for logical_id, attribute in _attributes_in(value):
        if logical_id not in resources:
            continue  # check_references has named it, or it is a Sub's dotted parameter
        kind = KINDS[resources[logical_id].type]
        family, _, member = attribute.partition(".")
        if attribute in kind.attributes or (member and family in kind.attribute_families):
            continue
        if attribute in read_only(kind.type):
            raise NotModelled(f"the attribute {attribute} of {kind.type} ({logical_id})")
        raise AwsError(
            "ValidationError",
            f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt",
        )


def _attributes_in(value: Any) -> Iterator[tuple[str, str]]:
    """Every (logical id, attribute) that GetAtt and Sub mention, attribute names given by functions left out."""
    name = function_of(value)
    if name == "Fn::GetAtt":
        logical_id, attribute = get_att_parts(value[name])
        if isinstance(attribute, str):
            yield logical_id, attribute
    elif name == "Fn::Sub":
        text, variables = sub_parts(value[name])
        for mention in placeholders(text):
            if "." in mention and mention not in variables:
                logical_id, attribute = mention.split(".", 1)
                yield logical_id, attribute
        yield from _attributes_in(list(variables.values()))
    elif isinstance(value, dict):
        yield from _attributes_in(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from _attributes_in(item)


# User guide, "Acknowledging IAM resources in CloudFormation templates".
_NAMING_PROPERTIES = {"InstanceProfileName", "ManagedPolicyName", "RoleName"}


def lacking_capability(document: Document, capabilities: Iterable[str]) -> str | None:
    """The capability that a transformed template needs and was not given."""
    resources = [each for each in declared_resources(document).values() if each.type.startswith("AWS::IAM::")]
    if any(_NAMING_PROPERTIES & set(resource.properties) for resource in resources):
        return None if "CAPABILITY_NAMED_IAM" in capabilities else "CAPABILITY_NAMED_IAM"
    if resources and not {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"} & set(capabilities):
        return "CAPABILITY_IAM"
    return None
