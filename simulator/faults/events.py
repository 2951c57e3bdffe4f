"""CloudTrail events on their way to EventBridge: lost, doubled, late, overtaken."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from simulator.call import Call

if TYPE_CHECKING:
    from simulator.cloud import Cloud

type Event = Mapping[str, Any]
type Numbered = tuple[int, Event]

# What was overtaken comes so many seconds after the other one that EventBridge's own latency does not put both in order
# again. If nothing overtakes it, it comes at last.
_BEHIND = 5.0
_AT_LAST = 300.0


class Deliveries:
    """Best effort, at least once, unordered (facts.md, section 6). Without a rule each event comes once, after a while.

    A second copy has the same id and the same eventID: it is the same event (EventBridge guide, "My rule ran more than
    once in response to one event"; that CloudTrail's own repetitions keep the eventID is assumed).
    """

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._count = 0
        self._latest = 0
        self._held: list[Numbered] = []

    def send(self, call: Call, event: Event) -> None:
        """Send the event of a call on its way."""
        self._count += 1
        numbered = self._count, event
        if self._strikes("eventLoss", call):
            return
        copies = 1 + self._strikes("eventDuplicate", call)
        rules = self._cloud.faults.striking("eventDelay", lambda rule: rule.concerns(call))
        late = sum(rule.seconds for rule in rules)
        arrive = self._hold if self._strikes("eventReorder", call) else self._arrive
        for _ in range(copies):
            delay = self._cloud.latency("cloudtrail.delivery", key=str(event["id"])) + late
            self._cloud.clock.call_later(delay, lambda: arrive(numbered))

    def _strikes(self, kind: str, call: Call) -> int:
        return len(self._cloud.faults.striking(kind, lambda rule: rule.concerns(call)))

    def _arrive(self, numbered: Numbered) -> None:
        number, event = numbered
        self._latest = max(self._latest, number)
        self._cloud.events.deliver(event)
        for held in self._held:
            if held[0] < number:
                self._cloud.clock.call_later(_BEHIND, partial(self._let_go, held))

    def _hold(self, numbered: Numbered) -> None:
        """Until a later one has arrived."""
        self._held.append(numbered)
        wait = _BEHIND if self._latest > numbered[0] else _AT_LAST
        self._cloud.clock.call_later(wait, partial(self._let_go, numbered))

    def _let_go(self, numbered: Numbered) -> None:
        if numbered in self._held:
            self._held.remove(numbered)
            self._cloud.events.deliver(numbered[1])
