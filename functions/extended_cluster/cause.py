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
