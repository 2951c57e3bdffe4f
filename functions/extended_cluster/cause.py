"""What a failure's cause says to a person."""

import json
from typing import Final

NO_CAUSE: Final = "Step Functions gave no cause; the execution's history shows more."


def readable(cause: str) -> str:
    """Lambda's cause is JSON with errorMessage; Step Functions' own is text; either may be cut off at its limit."""
    try:
        told = json.loads(cause)
    except json.JSONDecodeError:
        return cause
    message = told.get("errorMessage") if isinstance(told, dict) else None
    return message if isinstance(message, str) and message else cause


def shortened(text: str, room: int) -> str:
    """At most about ``room`` characters: Step Functions cuts a longer cause itself, and takes what follows with it."""
    return text if len(text) <= room else f"{text[:room]}..."


def abridged(text: str, room: int) -> str:
    """At most ``room`` characters of it and a word on the rest, which is cut from the middle.

    A cause begins with what went wrong and ends with what came of it.
    """
    if len(text) <= room:
        return text
    tail = room // 2
    cut = f"[… {len(text) - room} characters left out; the execution has all]"
    return f"{text[: room - tail]} {cut} {text[-tail:]}"


def rolled_back(cluster: str) -> str:
    """How the cause of a run begins to tell that its rollback has worked; the notice knows it by these words."""
    return f"Rolled back, so nothing of cluster {cluster} is kept"
