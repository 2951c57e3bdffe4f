"""Template text, JSON or YAML with or without short-form tags, to a plain document.

As CloudFormation reads it (user guide, "CloudFormation template formats"): duplicate keys are an error,
and dates such as ``2010-09-09`` stay strings.
"""

from typing import Any

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from simulator.call import AwsError

type Document = dict[str, Any]


class _TemplateLoader(yaml.SafeLoader):
    """YAML 1.1 without timestamps, with CloudFormation's tags."""


_TemplateLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _TemplateLoader, node: MappingNode) -> Document:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    repeated = {key for key in keys if keys.count(key) > 1 and key != "<<"}
    if repeated:
        raise yaml.constructor.ConstructorError(
            None, None, f"duplicate key {sorted(map(str, repeated))[0]}", node.start_mark
        )
    loader.flatten_mapping(node)
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


def _intrinsic(
    loader: _TemplateLoader, suffix: str, node: ScalarNode | SequenceNode | MappingNode
) -> Document:
    """``!Ref x`` is ``{"Ref": x}``, ``!GetAtt a.b`` is ``{"Fn::GetAtt": ["a", "b"]}``, ``!Sub`` the like."""
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node)
    if name == "Fn::GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


_TemplateLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_TemplateLoader.add_multi_constructor("!", _intrinsic)


def parse(text: str) -> Document:
    """The template as a document. Anything but a mapping is refused as CloudFormation does."""
    try:
        # _TemplateLoader is a SafeLoader: it makes nothing but plain values.
        document = yaml.load(text, Loader=_TemplateLoader)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise AwsError(
            "ValidationError", f"Template format error: YAML not well-formed.{where} {problem}"
        ) from error
    if not isinstance(document, dict):
        raise AwsError("ValidationError", "Template format error: unsupported structure.")
    return document
