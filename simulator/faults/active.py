"""The rules that hold now, and how often each has struck."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from simulator.faults.parse import parse
from simulator.faults.rule import Rule


@dataclass(slots=True)
class _Active:
    rule: Rule
    matched: int = 0
    struck: int = 0

    def meet(self, seed: int) -> bool:
        """Count one more match; whether the rule strikes it."""
        self.matched += 1
        strikes = self.rule.strikes(self.matched, seed)
        self.struck += strikes
        return strikes


class Faults:
    """None at first. Function processes call from threads of their own, so counting takes turns."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._active: list[_Active] = []
        self._lock = threading.Lock()

    def add(self, documents: Iterable[Any]) -> None:
        """Add all these rules; none if one is Malformed, which is raised."""
        new = [_Active(parse(document)) for document in documents]
        with self._lock:
            self._active += new

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            self._active = []

    def report(self) -> list[dict[str, Any]]:
        """[{rule: as it was given, matched, struck}], in the order in which they were given."""
        with self._lock:
            return [
                {"rule": dict(each.rule.document), "matched": each.matched, "struck": each.struck}
                for each in self._active
            ]

    def striking(self, kind: str, matches: Callable[[Rule], bool]) -> list[Rule]:
        """The rules of that kind that match something which happens right now, and strike it. Counts."""
        with self._lock:
            matching = [each for each in self._active if each.rule.kind == kind and matches(each.rule)]
            return [each.rule for each in matching if each.meet(self._seed)]
