"""Metrics in log lines. CloudWatch guide, "Specification: Embedded metric format"."""

import json
from collections.abc import Iterator
from typing import Any

from simulator.call import ACCOUNT, Answer, Call, NotModelled, Proceed
from simulator.cloudwatch.metrics import Metric, Metrics, metric


class Embedded:
    """Records the metrics of every log event that is delivered."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def after_delivery(self, call: Call, proceed: Proceed) -> Answer:
        """At the time of delivery: ``_aws.Timestamp`` is of the function's process, whose clock is the machine's."""
        answer = proceed(call)
        for event in call.params["logEvents"] if call.account == ACCOUNT else ():
            for what, values in embedded(event["message"]):
                for value in values:
                    self._metrics.record(what, value)
        return answer


def embedded(message: str) -> Iterator[tuple[Metric, list[float]]]:
    """Each metric of a log event with its values, once for every set of dimensions; none in other messages."""
    if '"_aws"' not in message or not message.startswith("{"):
        return
    try:
        root: dict[str, Any] = json.loads(message)
    except json.JSONDecodeError:
        return
    for directive in root.get("_aws", {}).get("CloudWatchMetrics", ()):
        for names in directive["Dimensions"]:
            dimensions = {name: root[name] for name in names}
            for definition in directive["Metrics"]:
                value = root[definition["Name"]]
                if not isinstance(value, int | float | list):
                    raise NotModelled(f"the value {value!r} of an embedded metric")
                found = metric(directive["Namespace"], definition["Name"], dimensions)
                yield found, value if isinstance(value, list) else [value]
