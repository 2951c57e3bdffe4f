"""Whether policy statements allow one action on one resource. Pure; no AWS, no state.

IAM User Guide: "Policy evaluation logic", "IAM JSON policy elements: Action / Resource / Condition operators".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.call import NotModelled
from simulator.iam.condition import holds
from simulator.iam.wildcard import arn_glob, glob

type Statement = Mapping[str, Any]
type Value = str | tuple[str, ...]


class Decision(StrEnum):
    """What all statements together say; an explicit deny beats every allow."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicit deny"
    EXPLICIT_DENY = "explicit deny"


@dataclass(frozen=True, slots=True)
class Context:
    """The condition keys of one request, for one resource.

    values: key -> its value, or a tuple for a multivalued key (``aws:TagKeys``).
    absent: patterns (``aws:RequestTag/*``) of keys known not to be in the request when ``values`` lacks them.
    Any other key is one that the simulator knows nothing about. Keys ignore case.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    def look_up(self, key: str) -> Value | None:
        """The key's value, None if it is known to be absent. Raises NotModelled for an unknown key."""
        for known, value in self.values.items():
            if known.lower() == key.lower():
                return value
        if any(glob(pattern.lower(), key.lower()) for pattern in self.absent):
            return None
        raise NotModelled(f"the IAM condition key {key} for this request")


def evaluate(statements: Iterable[Statement], action: str, resource: str, context: Context) -> Decision:
    """What the statements say about one action (``ec2:CreateSubnet``) on one resource (an ARN, or ``*``).

    Raises NotModelled when a statement that matches the action and the resource hangs on a condition
    operator, a condition key or a policy variable that cannot be evaluated.
    """
    effects = {s["Effect"] for s in statements if _applies(s, action, resource, context)}
    if "Deny" in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if "Allow" in effects else Decision.IMPLICIT_DENY


def as_list[T](value: T | list[T]) -> list[T]:
    """IAM lets a single element stand for a list of one."""
    return value if isinstance(value, list) else [value]


def statements_of(document: Mapping[str, Any]) -> list[Statement]:
    """The statements of a policy document."""
    return as_list(document["Statement"])


def _applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    return (
        _action_matches(statement, action)
        and _resource_matches(statement, resource)
        and holds(statement.get("Condition", {}), context.look_up)
    )


def _action_matches(statement: Statement, action: str) -> bool:
    # "IAM JSON policy elements: Action": prefix and action name are case insensitive.
    if "NotAction" in statement:
        return not any(glob(p.lower(), action.lower()) for p in as_list(statement["NotAction"]))
    return any(glob(p.lower(), action.lower()) for p in as_list(statement["Action"]))


def _resource_matches(statement: Statement, resource: str) -> bool:
    negated = "NotResource" in statement
    patterns = as_list(statement["NotResource" if negated else "Resource"])
    found = any(arn_glob(p, resource) for p in patterns if "${" not in p)
    for pattern in patterns:
        # A policy variable could stand for anything; it matters only if nothing else decides.
        if "${" in pattern and not found and arn_glob(re.sub(r"\$\{.*?\}", "*", pattern), resource):
            raise NotModelled(f"the IAM policy variable in {pattern}")
    return found != negated
