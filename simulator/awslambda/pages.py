"""Marker pagination of Lambda's List operations."""

from collections.abc import Sequence
from typing import Any

from simulator.call import Call


def page(
    call: Call, items: Sequence[dict[str, Any]], limit: int
) -> tuple[Sequence[dict[str, Any]], dict[str, str]]:
    """One page of items, and ``{"NextMarker": ...}`` if more follow. limit: the operation's own largest page."""
    start = int(call.params.get("Marker", "0"))
    end = start + min(call.params.get("MaxItems", limit), limit)
    return items[start:end], {"NextMarker": str(end)} if end < len(items) else {}
