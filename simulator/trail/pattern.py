"""Which event patterns moto matches as EventBridge does.

moto's matcher lets an unknown filter match everything, so what it does not know must be refused before.
"""

import json
from typing import Any

from simulator.call import NotModelled

# EventBridge guide, "Comparison operators for use in event patterns", as far as moto has them.
_FILTERS = frozenset(
    {"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"}
)


def refuse_unknown(pattern: str) -> None:
    """Raises NotModelled for a filter that moto would not apply. pattern: JSON; malformed JSON is moto's to tell."""
    try:
        parsed = json.loads(pattern)
    except json.JSONDecodeError:
        return
    _check(parsed)


def _check(node: Any) -> None:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$or":
                for alternative in value:
                    _check(alternative)
            else:
                _check(value)
        return
    for wanted in node if isinstance(node, list) else []:
        if isinstance(wanted, dict):
            _check_filter(wanted)


def _check_filter(wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if len(wanted) != 1 or name not in _FILTERS:
            raise NotModelled(f"the event pattern's filter {json.dumps(wanted)}")
        if name == "anything-but" and isinstance(value, dict):
            _check_filter(value)
