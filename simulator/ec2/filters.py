"""Filters and pages of describe operations."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from simulator.call import AwsError, Call, NotModelled

type Reader[T] = Callable[[T], Any]

# EC2 User Guide, "List and filter using the CLI and API": at most 200 values in one filter.
_MOST_VALUES = 200


def split(
    call: Call, readers: Mapping[str, Reader[dict[str, Any]]]
) -> tuple[Call, Callable[[dict[str, Any]], bool]]:
    """The call without the filters that the readers are for, and a test of an answered item by those filters.

    readers: filter name -> what of an item it looks at.
    """
    given = call.params.get("Filters", [])
    ours = [entry for entry in given if entry["Name"] in readers]
    rest = [entry for entry in given if entry["Name"] not in readers]

    def passes(item: dict[str, Any]) -> bool:
        return all(matches(readers[entry["Name"]](item), entry["Values"]) for entry in ours)

    return call.with_params(Filters=rest or None), passes


def chosen[T](
    call: Call,
    items: Iterable[T],
    readers: Mapping[str, Reader[T]],
    tags_of: Callable[[T], Mapping[str, str]],
) -> list[T]:
    """The items that pass all filters of the call; every filter must have a reader, or be about tags."""
    tests = [_test(call, entry, readers, tags_of) for entry in call.params.get("Filters", [])]
    return [item for item in items if all(test(item) for test in tests)]


def _test[T](
    call: Call,
    entry: Mapping[str, Any],
    readers: Mapping[str, Reader[T]],
    tags_of: Callable[[T], Mapping[str, str]],
) -> Callable[[T], bool]:
    name, values = entry["Name"], entry["Values"]
    if len(values) > _MOST_VALUES:
        # EC2 API Reference, "Error codes", FilterLimitExceeded; wording assumed.
        message = f"The maximum number of filter values specified on a single call is {_MOST_VALUES}"
        raise AwsError("FilterLimitExceeded", message)
    read: Reader[T]
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        read = lambda item: tags_of(item).get(key)  # noqa: E731 - one of three readers
    elif name == "tag-key":
        read = lambda item: list(tags_of(item))  # noqa: E731
    elif name in readers:
        read = readers[name]
    else:
        raise NotModelled(f"the filter {name} of {call.name}")
    fits = _any_of(values)
    return lambda item: fits(read(item))


def matches(value: Any, patterns: list[str]) -> bool:
    """Whether the value, as the API writes it, fits one of the patterns; of several values one must.

    An absent value fits none. Several values of one filter are alternatives (EC2 API Reference, "Filter"); they may
    have the wildcards * and ?, and a backslash before a character takes its meaning away (EC2 User Guide, "List
    and filter using the CLI and API").
    """
    return _any_of(patterns)(value)


def _any_of(patterns: Sequence[str]) -> Callable[[Any], bool]:
    # Hundreds of ids are told apart by one look, not by hundreds of expressions.
    literal = {pattern for pattern in patterns if not set(pattern) & set("*?\\")}
    wild = [_compiled(pattern) for pattern in patterns if pattern not in literal]

    def fits(value: Any) -> bool:
        if value is None:
            return False
        if isinstance(value, list):
            return any(fits(each) for each in value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return text in literal or any(expression.fullmatch(text) for expression in wild)

    return fits


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    wildcards = {"*": ".*", "?": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return re.compile(
        "".join(re.escape(p[1:]) if len(p) == 2 else wildcards.get(p, re.escape(p)) for p in parts), re.DOTALL
    )
