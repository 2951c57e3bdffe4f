"""What a failed state's cause says."""

import json


def read(given: str) -> str:
    """A function's cause is the JSON that Lambda makes of an exception; Step Functions' own is plain text."""
    try:
        told = json.loads(given)
    except json.JSONDecodeError:
        return given
    if isinstance(told, dict) and "errorMessage" in told:
        return str(told["errorMessage"])
    return given
