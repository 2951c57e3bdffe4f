"""``*`` and ``?`` as IAM policies use them."""

import re
from functools import cache


def glob(pattern: str, text: str) -> bool:
    """``*`` is any number of characters, ``?`` is one; nothing else is special."""
    return _compiled(pattern, crossing=True).fullmatch(text) is not None


def arn_glob(pattern: str, arn: str) -> bool:
    """A Resource pattern. IAM User Guide, "IAM JSON policy elements: Resource": a ``*`` that ends a segment may
    match beyond the colon; any other wildcard stays within its segment."""
    return _compiled(pattern, crossing=False).fullmatch(arn) is not None


@cache
def _compiled(pattern: str, *, crossing: bool) -> re.Pattern[str]:
    parts = []
    for place, character in enumerate(pattern):
        ends_segment = pattern[place + 1 : place + 2] in ("", ":")
        wild = "." if crossing or (character == "*" and ends_segment) else "[^:]"
        parts.append({"*": f"{wild}*", "?": wild}.get(character, re.escape(character)))
    return re.compile("".join(parts), re.DOTALL)
