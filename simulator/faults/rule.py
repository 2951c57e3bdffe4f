"""One rule: what it strikes, and how often."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.call import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule's fields as ``parse.py`` has checked them; None: not given. Just one of nth, every and share is.

    document: the JSON that it was given as; caller, function, queue: part of the name.
    """

    document: Mapping[str, Any]
    kind: str
    nth: int | None = None
    every: int | None = None
    share: float | None = None
    service: str | None = None
    operation: str | None = None
    caller: str | None = None
    error_code: str | None = None
    status: int = 400
    when: str = "before"
    seconds: float = 0.0
    function: str = ""
    at: str = ""
    queue: str = ""

    def concerns(self, call: Call) -> bool:
        """Whether the call is of the rule's service, operation and caller, as far as these are given."""
        return (
            self.service in (None, call.service)
            and self.operation in (None, call.operation)
            and (self.caller or "") in call.caller.arn
        )

    def strikes(self, number: int, seed: int) -> bool:
        """Whether it strikes the match of that number, counted from 1.

        A share is drawn from nothing but the simulator's seed, the rule as it was given, and the number.
        """
        if self.nth is not None:
            return number == self.nth
        if self.every is not None:
            return number % self.every == 0
        text = f"{seed}/{json.dumps(self.document, sort_keys=True)}/{number}"
        drawn: int = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        return drawn / 2**64 < (self.share or 0.0)
