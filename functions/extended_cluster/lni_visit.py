"""One account in one Region, visited by the sweep: first everything is looked at and decided, later acted on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from extended_cluster import lni_orphans, lni_subnet
from extended_cluster.errors import ProvisioningError, SweepUnfinished
from extended_cluster.lni import ELIGIBLE, WRITES, Action
from extended_cluster.lni_orphans import Orphan
from extended_cluster.lni_outcome import NAMED, Outcome, Place
from extended_cluster.lni_policy import Policy
from extended_cluster.lni_scan import Scan, kinds, scan
from extended_cluster.lni_subnet import Judged, KindOf

# Of thousands of subnets these are the most, and nobody has to do anything: the sweep tells their numbers alone.
QUIET: Final = frozenset({Action.IGNORE, Action.SKIP, Action.NOTHING, Action.NOT_READY})

type HasTime = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Visit:
    """now: the schedule's time; None when the sweep was invoked without one, and then no interface is looked at."""

    place: Place
    policy: Policy
    ec2: Any
    kind_of: KindOf
    scan: Scan
    orphans: list[Orphan]
    now: datetime | None

    @property
    def changes(self) -> list[Judged]:
        """The subnets to change."""
        return [judged for judged in self.scan.judged if judged[1].action in WRITES]

    @property
    def deletions(self) -> int:
        """How many interfaces are to be deleted."""
        return sum(orphan.action is lni_orphans.Action.DELETE for orphan in self.orphans)

    @property
    def eligible(self) -> int:
        """How many subnets the policy is for."""
        return sum(decision.action in ELIGIBLE for _, decision in self.scan.judged)

    @property
    def quiet(self) -> Iterator[Judged]:
        """What is told by number. Subnets of other accounts too: nobody here can change what they are."""
        return (judged for judged in self.scan.judged if self._is_quiet(judged))

    @property
    def told(self) -> Iterator[Outcome]:
        """What a person should read and nothing can be done about here."""
        for judged in self.scan.judged:
            if judged[1].action not in WRITES and not self._is_quiet(judged):
                yield self.place.decided(judged)
        yield from (self.place.failed(error, facts.subnet_id) for facts, error in self.scan.failed)

    def planned(self) -> Iterator[Outcome]:
        """What ``carry_out`` would come to."""
        yield from map(self.place.decided, self.changes)
        yield from map(self._of_orphan, self.orphans)

    def carry_out(self, has_time: HasTime) -> Iterator[Outcome]:
        """Act. Every subnet is judged anew right before: minutes may lie between the look and the write."""
        for number, (facts, _) in enumerate(self.changes):
            if not has_time():
                yield self.place.failed(_unfinished(f"{len(self.changes) - number} subnets"))
                return
            yield self._changed(facts.subnet_id)
        for number, orphan in enumerate(self.orphans):
            if not has_time():
                yield self.place.failed(_unfinished(f"{len(self.orphans) - number} interfaces"))
                return
            yield self._ended(orphan)

    def _changed(self, subnet_id: str) -> Outcome:
        try:
            facts, decision = lni_subnet.judge(
                self.ec2, self.kind_of, subnet_id, self.place.account, self.policy
            )
            decision = lni_subnet.carry_out(self.ec2, decision, subnet_id)
        except NAMED as raised:
            return self.place.failed(raised, subnet_id)
        return self.place.decided((facts, decision))

    def _ended(self, orphan: Orphan) -> Outcome:
        if self.now is None:
            raise AssertionError("orphans are only found when there is a time")
        try:
            lni_orphans.carry_out(self.ec2, orphan, self.now)
        except NAMED as raised:
            return self.place.failed(raised, orphan.subnet_id)
        return self._of_orphan(orphan)

    def _of_orphan(self, orphan: Orphan) -> Outcome:
        return self.place.of_interface(
            orphan.action.value, orphan.reason, orphan.interface_id, orphan.subnet_id
        )

    @staticmethod
    def _is_quiet(judged: Judged) -> bool:
        facts, decision = judged
        return decision.action in QUIET or facts.owner_id != facts.account_id


def visit(
    place: Place, policy: Policy, client: Callable[[str], Any], now: datetime | None, has_time: HasTime
) -> Visit:
    """Look at everything there; nothing is written. client: a target's clients by service."""
    if not has_time():
        raise _unfinished("the whole Region")
    ec2, outposts = client("ec2"), client("outposts")
    kind_of = kinds(outposts)
    orphans = lni_orphans.find(ec2, now) if now else []
    return Visit(place, policy, ec2, kind_of, scan(ec2, kind_of, place.account, policy), orphans, now)


def _unfinished(what: str) -> ProvisioningError:
    return SweepUnfinished(
        f"The sweep's function had no time left for {what}.",
        do="The next sweep carries on. If that is not enough, give the accounts or Regions a guard of their own.",
    )
