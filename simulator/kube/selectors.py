"""Label and field selectors. Source: Kubernetes documentation, "Labels and Selectors", "Field Selectors"."""

import re
from collections.abc import Mapping
from typing import Any

from simulator.kube.status import bad_request, not_modelled

type Json = dict[str, Any]

_SET = re.compile(r"\s*(?P<key>[^\s,=!()]+)\s+(?P<op>in|notin)\s+\((?P<values>[^()]*)\)\s*(?:,|$)")
_EQUAL = re.compile(r"\s*(?P<key>[^\s,=!()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s,=!()]*)\s*(?:,|$)")
_EXISTS = re.compile(r"\s*(?P<not>!?)\s*(?P<key>[^\s,=!()]+)\s*(?:,|$)")
# What every kind can be selected by, and what the documentation lists for some.
_FIELDS = {
    "metadata.name",
    "metadata.namespace",
    "spec.nodeName",
    "status.phase",
    "involvedObject.name",
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.uid",
    "type",
    "reason",
}


def matches_labels(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether labels fit a selector as a query has it: ``a=b,c!=d,e in (f,g),h,!i``."""
    place, fits = 0, True
    while place < len(selector):
        if found := _SET.match(selector, place):
            values = {value.strip() for value in found["values"].split(",")}
            held = labels.get(found["key"]) in values
            fits = fits and (held if found["op"] == "in" else not held)
        elif found := _EQUAL.match(selector, place):
            same = labels.get(found["key"]) == found["value"]
            fits = fits and (same if found["op"] != "!=" else not same)
        elif found := _EXISTS.match(selector, place):
            fits = fits and ((found["key"] in labels) != bool(found["not"]))
        else:
            raise bad_request(f"unable to parse requirement: {selector[place:]!r}")
        place = found.end()
    return fits


def matches_fields(selector: str, obj: Json) -> bool:
    """Whether an object fits a field selector: ``metadata.name=a,status.phase!=Running``."""
    for term in filter(None, selector.split(",")):
        key, operator, value = re.split(r"(==|!=|=)", term, maxsplit=1)
        if key not in _FIELDS:
            raise not_modelled(f"the field selector {key}")
        place: Any = obj
        for step in key.split("."):
            place = place.get(step, "") if isinstance(place, dict) else ""
        if (place == value) != (operator != "!="):
            return False
    return True


def matches(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Whether labels fit a LabelSelector; an empty one fits everything, none fits nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_expression(term, labels) for term in selector.get("matchExpressions", ()))


def _expression(term: Json, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(term["key"]), term.get("values", ())
    match term["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator:  # node selectors only
            if value is None:
                return False
            return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])
    raise bad_request(f"{term['operator']!r} is not a valid label selector operator")


def node_matches(term: Json, node: Json) -> bool:
    """Whether a Node fits a NodeSelectorTerm; matchFields knows metadata.name alone."""
    by_name = {"metadata.name": node["metadata"]["name"]}
    expressions = term.get("matchExpressions", ())
    named = term.get("matchFields", ())
    labels = node["metadata"].get("labels", {})
    # A term without any requirement matches nothing (NodeSelectorTerm, API reference).
    return bool(expressions or named) and (
        all(_expression(one, labels) for one in expressions)
        and all(_expression(one, by_name) for one in named)
    )
