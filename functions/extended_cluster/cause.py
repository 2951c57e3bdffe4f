"""What a failure's cause says to a person."""

import json


def readable(cause: str) -> str:
    """Lambda's cause is JSON with errorMessage; Step Functions' own is text; either may be cut off at its limit."""
    try:
        told = json.loads(cause)
    except json.JSONDecodeError:
        return cause
    message = told.get("errorMessage") if isinstance(told, dict) else None
    return message if isinstance(message, str) and message else cause
