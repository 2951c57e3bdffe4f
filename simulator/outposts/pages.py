"""Pagination as the Outposts API does it: tokens of the form ``<number>##<text>`` (API model, shape Token)."""

import re
from collections.abc import Sequence
from typing import Any

from simulator.call import Answer, AwsError, Call

_TOKEN = re.compile(r"^(\d+)##(\S+)$")
# The models' MaxResults1000; what a call without MaxResults gets is assumed to be the same.
_DEFAULT = 1000


def page(call: Call, member: str, items: Sequence[Any]) -> Answer:
    """One page of the items under the member's name, with NextToken while there are more."""
    start = _start(call)
    size = call.params.get("MaxResults", _DEFAULT)
    answer: Answer = {member: list(items[start : start + size])}
    if start + size < len(items):
        answer["NextToken"] = f"{start + size}##{call.operation}"
    return answer


def _start(call: Call) -> int:
    token = call.params.get("NextToken")
    if token is None:
        return 0
    match = _TOKEN.match(token)
    if match is None or match[2] != call.operation:
        raise AwsError("ValidationException", "The pagination token is not valid.")  # wording assumed
    return int(match[1])
