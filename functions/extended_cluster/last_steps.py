"""Where a run was when it was ended from outside, read from the newest events of its history."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from extended_cluster.cause import readable

type HistoryEvent = Mapping[str, Any]

# Details of the events that say why a step failed (API type HistoryEvent).
_FAILURES = (
    "lambdaFunctionFailedEventDetails",
    "lambdaFunctionTimedOutEventDetails",
    "lambdaFunctionScheduleFailedEventDetails",
)


def under_way(newest_first: Iterable[HistoryEvent]) -> list[str]:
    """The states that were entered and not left, the first one first; what lies before the events is not seen."""
    left: Counter[str] = Counter()
    found: list[str] = []
    for event in newest_first:
        if "stateExitedEventDetails" in event:
            left[event["stateExitedEventDetails"]["name"]] += 1
        elif "stateEnteredEventDetails" in event:
            name = event["stateEnteredEventDetails"]["name"]
            if left[name]:
                left[name] -= 1
            elif name not in found:
                found.append(name)
    return found[::-1]


def last_failure(newest_first: Iterable[HistoryEvent]) -> str | None:
    """``NotReadyYet: Cluster edge-1 is CREATING.``, the latest that a step said; None if none failed."""
    for event in newest_first:
        for name in _FAILURES:
            if name in event:
                details = event[name]
                return f"{details.get('error', 'no error name')}: {readable(details.get('cause', ''))}"
    return None
