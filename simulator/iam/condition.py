"""Whether a statement's Condition block holds. Pure.

IAM User Guide: "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or
values": all operators and keys must hold (AND); of a key's values one must match (OR), and for a negated
operator none may (NOR).
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from simulator.call import NotModelled
from simulator.iam.wildcard import glob

type LookUp = Callable[[str], str | tuple[str, ...] | None]
type Match = Callable[[str, str], bool]


def holds(block: Mapping[str, Mapping[str, Any]], look_up: LookUp) -> bool:
    """block: operator -> key -> value or values, as in the policy.

    look_up: the key's value in the request, None when absent; raises NotModelled for a key it does not know.
    A condition that fails decides, whatever the others are; only then does one that cannot be evaluated count.
    """
    unknown: NotModelled | None = None
    for operator, keys in block.items():
        for key, wanted in keys.items():
            try:
                if not _one(operator, key, [_text(w) for w in _as_list(wanted)], look_up):
                    return False
            except NotModelled as cannot:
                unknown = cannot
    if unknown:
        raise unknown
    return True


def _one(operator: str, key: str, wanted: list[str], look_up: LookUp) -> bool:
    for value in wanted:
        if "${" in value:
            raise NotModelled(f"the IAM policy variable in {value}")
    quantifier, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    if base == "Null":
        return (look_up(key) is None) == (wanted == ["true"])
    match, negated = _operator(base, operator)
    found = look_up(key)
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise NotModelled(f"the IAM condition operator {operator}")
    if found is None or found == ():
        # "...IfExists": a missing key makes it true. "Multivalued context keys": ForAllValues is true and
        # ForAnyValue false. Else: "Condition operators": a missing key does not match, so a negated one holds.
        return _of_missing(quantifier, negated, if_exists=rest != base)
    if isinstance(found, tuple) and not quantifier:
        raise NotModelled(f"the multivalued IAM condition key {key} without ForAllValues or ForAnyValue")
    values = found if isinstance(found, tuple) else (found,)
    each = [any(match(w, value) for w in wanted) != negated for value in values]
    return any(each) if quantifier == "ForAnyValue" else all(each)


def _of_missing(quantifier: str, negated: bool, *, if_exists: bool) -> bool:
    if quantifier == "ForAnyValue":
        return if_exists
    return if_exists or negated or quantifier == "ForAllValues"


def _operator(base: str, operator: str) -> tuple[Match, bool]:
    if base in _MATCHES:
        return _MATCHES[base], False
    positive = base.replace("Not", "", 1)
    if base != positive and positive in _NEGATABLE:
        return _MATCHES[positive], True
    raise NotModelled(f"the IAM condition operator {operator}")


def _arn_like(pattern: str, value: str) -> bool:
    # "Amazon Resource Name (ARN) condition operators": each of the six components is checked separately, and
    # ArnEquals and ArnLike behave identically.
    wanted, found = pattern.split(":", 5), value.split(":", 5)
    return len(wanted) == len(found) == 6 and all(map(glob, wanted, found))


def _in_network(network: str, address: str) -> bool:
    return ip_address(address) in ip_network(network)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_MATCHES: dict[str, Match] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": glob,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "IpAddress": _in_network,
    "NumericEquals": lambda wanted, value: float(value) == float(wanted),
    "NumericLessThan": lambda wanted, value: float(value) < float(wanted),
    "NumericLessThanEquals": lambda wanted, value: float(value) <= float(wanted),
    "NumericGreaterThan": lambda wanted, value: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda wanted, value: float(value) >= float(wanted),
}
_NEGATABLE = frozenset(
    {
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "ArnEquals",
        "ArnLike",
        "IpAddress",
        "NumericEquals",
    }
)
