"""Pages of a list, as EKS's ``maxResults`` and ``nextToken`` ask for them."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.call import AwsError


def page[T](items: Sequence[T], params: Mapping[str, Any], member: str) -> dict[str, Any]:
    """``{member: [...], "nextToken": ...}``; the token is absent on the last page.

    100 results at most and by default, between 1 and 100 on request: API model, e.g. ListClusters.
    """
    size = params.get("maxResults", 100)
    if not 1 <= size <= 100:
        raise AwsError(
            "InvalidParameterException", "maxResults needs to be between 1 and 100."
        )  # wording assumed
    start = _offset(params["nextToken"], len(items)) if params.get("nextToken") else 0
    answer: dict[str, Any] = {member: list(items[start : start + size])}
    if start + size < len(items):
        answer["nextToken"] = base64.b64encode(str(start + size).encode()).decode()
    return answer


def _offset(token: str, length: int) -> int:
    try:
        offset = int(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        offset = -1
    if not 0 <= offset <= length:
        raise AwsError("InvalidParameterException", "The nextToken is invalid.")  # wording assumed
    return offset
