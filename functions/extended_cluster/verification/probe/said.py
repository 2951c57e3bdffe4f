"""The log."""

import json
from typing import Any


def say(what: str, **more: Any) -> None:
    """One line of log."""
    print(json.dumps({"message": what, **more}), flush=True)
