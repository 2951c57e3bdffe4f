"""Filters that moto does not know, applied to its answers."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from simulator.call import Call

type Reader = Callable[[dict[str, Any]], Any]


def split(call: Call, readers: Mapping[str, Reader]) -> tuple[Call, Callable[[dict[str, Any]], bool]]:
    """The call without the filters that the readers are for, and a test of an answered item by those filters.

    readers: filter name -> what of an item it looks at. Values may have the wildcards * and ?, and several
    values of one filter are alternatives (EC2 API reference, "Filter").
    """
    given = call.params.get("Filters", [])
    ours = [entry for entry in given if entry["Name"] in readers]
    rest = [entry for entry in given if entry["Name"] not in readers]

    def passes(item: dict[str, Any]) -> bool:
        return all(matches(readers[entry["Name"]](item), entry["Values"]) for entry in ours)

    return call.with_params(Filters=rest or None), passes


def matches(value: Any, patterns: list[str]) -> bool:
    """Whether the value, as the API writes it, fits one of the patterns. An absent value fits none."""
    if value is None:
        return False
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return any(fnmatchcase(text, pattern) for pattern in patterns)
