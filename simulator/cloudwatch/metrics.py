"""What alarms look at: values by metric and virtual time."""

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.clock.kernel import Clock

# namespace, name, dimensions: a metric is known by all of them together (CloudWatch guide, "Metrics concepts").
type Metric = tuple[str, str, frozenset[tuple[str, str]]]

# Alarms look back a day at most (API_PutMetricAlarm: Period times EvaluationPeriods).
_KEPT = 86_400


def metric(namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
    """The metric's identity."""
    return namespace, name, frozenset(dimensions.items())


class Metrics:
    """Values of one day."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._values: dict[Metric, deque[tuple[float, float]]] = defaultdict(deque)

    def record(self, what: Metric, value: float) -> None:
        """A value of now."""
        now, values = self._clock.time(), self._values[what]
        values.append((now, value))
        while values[0][0] < now - _KEPT:
            values.popleft()

    def within(self, what: Metric, after: float, until: float) -> list[float]:
        """The values later than ``after`` and not later than ``until``, in Unix seconds."""
        return [value for at, value in self._values.get(what, ()) if after < at <= until]
