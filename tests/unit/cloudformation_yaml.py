"""Reads the templates and the state machines' definitions as CloudFormation would see them. No intrinsics run."""

import functools
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
# The application, and the LNI guard in it.
TEMPLATES = ("template.yaml", "guard.yaml")
MEMBER = "guard-member.yaml"
TEMPLATE_TEXT = "\n".join((ROOT / file).read_text() for file in (*TEMPLATES, MEMBER))
# Logical id -> text of the definition.
DEFINITION_TEXTS = {
    "ProvisionStateMachine": (ROOT / "statemachine" / "provision.asl.yaml").read_text(),
    "TeardownStateMachine": (ROOT / "statemachine" / "teardown.asl.yaml").read_text(),
}
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


class _Loader(yaml.SafeLoader):
    """``!Ref X`` becomes ``{"Ref": "X"}``, ``!GetAtt X.Arn`` becomes ``{"Fn::GetAtt": "X.Arn"}``."""


def _intrinsic(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    key = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    match node:
        case yaml.ScalarNode():
            return {key: loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {key: loader.construct_sequence(node, deep=True)}
    raise yaml.constructor.ConstructorError(
        problem=f"!{tag} with neither scalar nor list", problem_mark=node.start_mark
    )


_Loader.add_multi_constructor("!", _intrinsic)


@functools.cache
def template(file: str = "template.yaml") -> dict[str, Any]:
    """A template; to be read only."""
    loaded: dict[str, Any] = yaml.load((ROOT / file).read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return loaded


def resources(kind: str, *files: str) -> dict[str, dict[str, Any]]:
    """Logical id -> properties of the resources of that type, in template.yaml or in these files."""
    return {
        name: resource["Properties"]
        for file in files or ("template.yaml",)
        for name, resource in template(file)["Resources"].items()
        if resource["Type"] == kind
    }


def substitutions(machine: str) -> dict[str, str]:
    """A machine's DefinitionSubstitutions: ARNs made up, numbers out of the Mappings."""
    declared = resources("AWS::Serverless::StateMachine")[machine]["DefinitionSubstitutions"]
    return {name: _value(value) for name, value in declared.items()}


def definition(machine: str) -> dict[str, Any]:
    """A state machine after substitution, parsed: text first, as ``DefinitionSubstitutions`` works."""
    values = substitutions(machine)
    loaded: dict[str, Any] = yaml.safe_load(
        PLACEHOLDER.sub(lambda match: values[match[1]], DEFINITION_TEXTS[machine])
    )
    return loaded


def _value(value: dict[str, Any]) -> str:
    match value:
        case {"Fn::GetAtt": str(attribute)} if attribute.endswith(".Arn"):
            return f"arn:aws:lambda:us-west-2:123456789012:function:{attribute.removesuffix('.Arn')}"
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": machine} if machine in DEFINITION_TEXTS:
            return f"arn:aws:states:us-west-2:123456789012:stateMachine:{machine}"
        case {"Fn::FindInMap": [name, row, column]}:
            return str(template()["Mappings"][name][row][column])
    raise AssertionError(f"neither an ARN nor a mapped number: {value}")
