"""What a finding says: passed, failed for good, or not yet."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypedDict

type Status = Literal["pass", "fail", "pending"]


class Finding(TypedDict):
    """One row of the report. A finding that is not required stops nothing."""

    id: str
    required: bool
    status: Status
    evidence: str
    advice: str


class Verdict(NamedTuple):
    """seen: what speaks for it when all is well; failed: what time does not cure; waiting: what it may."""

    seen: str
    failed: list[str]
    waiting: list[str]
    required: bool = True

    @property
    def status(self) -> Status:
        """A fault that lasts outweighs one that may pass."""
        return "fail" if self.failed else "pending" if self.waiting else "pass"

    @property
    def evidence(self) -> str:
        """The faults, or what was seen."""
        return "; ".join([*self.failed, *self.waiting]) or self.seen


def verdict(seen: str, *, failed: Iterable[str] = (), waiting: Iterable[str] = ()) -> Verdict:
    """A required one."""
    return Verdict(seen, list(failed), list(waiting))


def nothing_to_see(why: str) -> Verdict:
    """Not required, and open: nothing here can show it."""
    return Verdict("", [], [why], required=False)
