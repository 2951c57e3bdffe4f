"""What a stack is to be made from: a template with its parameters' values, evaluated on demand. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulator.call import AwsError
from simulator.deploy.intrinsics import NO_VALUE, Attribute, Scope, resolve
from simulator.deploy.parse import Document
from simulator.deploy.schema import coerced, misfits
from simulator.deploy.template import Declared, creation_order, declared_resources


@dataclass(frozen=True)
class Revision:
    """text: as it was given; processed: after the transform; parameters: texts by name; typed: Ref's values,
    pseudo parameters included; hidden: parameters with NoEcho."""

    text: str
    processed: Document
    parameters: dict[str, str]
    typed: dict[str, Any]
    hidden: frozenset[str]
    tags: dict[str, str]
    capabilities: tuple[str, ...]
    availability_zones: Callable[[], tuple[str, ...]]

    def scope(self, attribute: Attribute) -> Scope:
        """The scope in which this template's values are evaluated."""
        return Scope(
            parameters=self.typed,
            mappings=self.processed.get("Mappings", {}),
            conditions=self.processed.get("Conditions", {}),
            availability_zones=self.availability_zones,
            attribute=attribute,
        )

    @cached_property
    def active(self) -> dict[str, Declared]:
        """The resources whose conditions hold, in creation order."""
        scope = self.scope(_none_made)
        declared = declared_resources(self.processed)
        present = {
            name: resource
            for name, resource in declared.items()
            if resource.condition is None or scope.condition(resource.condition)
        }
        return {name: present[name] for name in creation_order(present)}

    @cached_property
    def active_outputs(self) -> dict[str, Any]:
        """The outputs whose conditions hold, unevaluated."""
        scope = self.scope(_none_made)
        return {
            name: output
            for name, output in self.processed.get("Outputs", {}).items()
            if "Condition" not in output or scope.condition(output["Condition"])
        }

    def properties(self, declared: Declared, attribute: Attribute) -> dict[str, Any]:
        """A resource's evaluated properties, of the schema's types. Values that do not fit are refused."""
        evaluated = coerced(declared.type, resolve(dict(declared.properties), self.scope(attribute)))
        problems = misfits(declared.type, evaluated)
        if problems:
            raise AwsError(
                "ValidationError",
                f"Properties validation failed for resource {declared.logical_id} with message:\n"
                + "\n".join(problems),
            )
        return evaluated

    def outputs(self, attribute: Attribute) -> list[dict[str, str]]:
        """The evaluated outputs as DescribeStacks gives them."""
        return [self._output(name, output, attribute) for name, output in self.active_outputs.items()]

    def _output(self, name: str, output: dict[str, Any], attribute: Attribute) -> dict[str, str]:
        value = resolve(output["Value"], self.scope(attribute))
        if value is NO_VALUE or not isinstance(value, str | int | float | bool):
            raise AwsError(
                "ValidationError",
                f"Template format error: The Value field of every Outputs member must be a string: {name}",
            )
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        described = {"Description": str(output["Description"])} if "Description" in output else {}
        return {"OutputKey": name, "OutputValue": text, **described}


def _none_made(logical_id: str, name: str | None) -> Any:  # noqa: ARG001
    raise AwsError("ValidationError", f"Template error: conditions cannot refer to the resource {logical_id}")
