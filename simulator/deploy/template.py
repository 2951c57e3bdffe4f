"""The shape of a template and the order of its resources. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.call import AwsError, NotModelled
from simulator.deploy.intrinsics import references
from simulator.deploy.parse import Document

# User guide, "CloudFormation template sections".
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
_UNMODELLED_SECTIONS = {"Hooks"}
# User guide, "Resource attribute reference".
_ATTRIBUTES = {
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
}
_UNMODELLED_ATTRIBUTES = {"CreationPolicy", "UpdatePolicy"}
_POLICIES = {"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}
_OUTPUT_MEMBERS = {"Condition", "Description", "Export", "Value"}


def format_error(message: str) -> AwsError:
    """CloudFormation's refusal of a malformed template."""
    return AwsError("ValidationError", f"Template format error: {message}")


@dataclass(frozen=True)
class Declared:
    """One resource as the template declares it, intrinsics unevaluated."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...]
    condition: str | None
    deletion_policy: str
    update_replace_policy: str
    metadata: Any

    def is_retained(self, *, rollback: bool) -> bool:
        """Whether the resource outlives the stack, or (rollback) a failed creation (user guide, DeletionPolicy)."""
        return self.deletion_policy == "Retain" or (
            self.deletion_policy == "RetainExceptOnCreate" and not rollback
        )


def check_sections(document: Document) -> None:
    """Refuse a document that is no template, or uses a section that is not modelled."""
    unknown = sorted(set(document) - _SECTIONS)
    if unknown:
        raise AwsError("ValidationError", f"Invalid template property or properties [{', '.join(unknown)}]")
    if document.get("AWSTemplateFormatVersion", "2010-09-09") != "2010-09-09":
        raise format_error(f"invalid AWSTemplateFormatVersion {document['AWSTemplateFormatVersion']}")
    if not isinstance(document.get("Resources"), dict) or not document["Resources"]:
        raise format_error("At least one Resources member must be defined.")
    for section in _UNMODELLED_SECTIONS & set(document):
        raise NotModelled(f"the template section {section}")


def declared_resources(document: Document) -> dict[str, Declared]:
    """Every resource of the template by logical id, its attributes checked."""
    return {name: _declared(name, body) for name, body in document["Resources"].items()}


def _declared(logical_id: str, body: Any) -> Declared:
    if not logical_id.isalnum() or not logical_id.isascii():
        raise format_error(f"Resource name {logical_id} is non alphanumeric.")
    if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
        raise format_error(f"[/Resources/{logical_id}] Every Resources object must contain a Type member.")
    for attribute in sorted(set(body) - _ATTRIBUTES):
        raise AwsError("ValidationError", f"Invalid template resource property '{attribute}'")
    for attribute in sorted(set(body) & _UNMODELLED_ATTRIBUTES):
        raise NotModelled(f"{attribute} of the resource {logical_id}")
    depends_on = body.get("DependsOn", [])
    properties = body.get("Properties") or {}
    if not isinstance(properties, dict):
        raise format_error(f"[/Resources/{logical_id}/Properties] Properties must be an object.")
    return Declared(
        logical_id=logical_id,
        type=body["Type"],
        properties=properties,
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        condition=body.get("Condition"),
        deletion_policy=_policy(logical_id, body, "DeletionPolicy"),
        update_replace_policy=_policy(logical_id, body, "UpdateReplacePolicy"),
        metadata=body.get("Metadata"),
    )


def _policy(logical_id: str, body: Mapping[str, Any], attribute: str) -> str:
    policy = body.get(attribute, "Delete")
    if policy not in _POLICIES:
        raise format_error(f"Unrecognized {attribute} {policy} for resource {logical_id}")
    if policy == "Snapshot":
        raise NotModelled(f"{attribute} Snapshot of the resource {logical_id}")
    return str(policy)


def check_references(document: Document) -> None:
    """Refuse names that are neither a parameter, a pseudo parameter nor a resource, and unknown conditions."""
    resources = declared_resources(document)
    known = set(resources) | set(document.get("Parameters", {}))
    mentioned = {
        name
        for resource in resources.values()
        for name in [*references(resource.properties), *resource.depends_on]
    }
    missing = sorted(name for name in mentioned - known if not name.startswith("AWS::"))
    if missing:
        raise format_error(
            f"Unresolved resource dependencies [{', '.join(missing)}] in the Resources block of the template"
        )
    outputs = document.get("Outputs", {})
    missing = sorted(name for name in set(references(outputs)) - known if not name.startswith("AWS::"))
    if missing:
        raise format_error(
            f"Unresolved resource dependencies [{', '.join(missing)}] in the Outputs block of the template"
        )
    for name, output in outputs.items():
        if not isinstance(output, dict) or "Value" not in output or set(output) - _OUTPUT_MEMBERS:
            raise format_error(f"Every Outputs member must contain a Value object: {name}")
    conditions = set(document.get("Conditions", {}))
    for named in [*resources.values()]:
        if named.condition is not None and named.condition not in conditions:
            raise format_error(
                f"Unresolved condition dependency {named.condition} in the Resources block of the template"
            )


def creation_order(resources: Mapping[str, Declared]) -> list[str]:
    """Logical ids, each after what it refers to or depends on; among equals in the template's order."""
    needs = {
        name: {
            other for other in [*references(resource.properties), *resource.depends_on] if other in resources
        }
        for name, resource in resources.items()
    }
    ordered: list[str] = []
    waiting = list(resources)
    while waiting:
        ready = [name for name in waiting if needs[name] <= set(ordered)]
        if not ready:
            raise AwsError(
                "ValidationError", f"Circular dependency between resources: [{', '.join(sorted(waiting))}]"
            )
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return ordered
