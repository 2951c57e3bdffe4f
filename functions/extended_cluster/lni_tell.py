"""Tells each outcome of the LNI guard: one log line, one metric, one EventBridge event (docs/events.md)."""

import json
from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.exceptions import BotoCoreError, ClientError

from extended_cluster.handler import logger
from extended_cluster.lni_outcome import Outcome

SOURCE: Final = "eks-outposts-servers"
OUTCOME: Final = "LNI Guard Outcome"
COMPLETED: Final = "LNI Guard Sweep Completed"
VERSION: Final = "1"
_ENTRIES: Final = 10  # EventBridge API, PutEvents: at most ten entries in a call

type Detail = dict[str, Any]


def tell(events: Any, outcomes: Iterable[Outcome]) -> None:
    """Log line, metric and event of each. events: the client of EventBridge."""
    told = list(outcomes)
    for outcome in told:
        note(outcome)
    put(events, OUTCOME, map(detail, told))


def note(outcome: Outcome) -> None:
    """Log line and metric."""
    log = logger.error if outcome.failed else logger.info
    log("outcome", extra=detail(outcome))
    count("LniGuardOutcome", 1, outcome=outcome.outcome)
    if outcome.failed:
        count("LniGuardFailed", 1)


def put(events: Any, kind: str, details: Iterable[Detail]) -> None:
    """Put events on the default bus.

    What was done is done, and the log has it: an event that cannot be put is logged and counted, never raised.
    """
    for some in batched(details, _ENTRIES, strict=False):
        entries = [{"Source": SOURCE, "DetailType": kind, "Detail": json.dumps(each)} for each in some]
        try:
            lost = events.put_events(Entries=entries)["FailedEntryCount"]
        except (BotoCoreError, ClientError) as error:
            logger.error("events could not be put", extra={"reason": str(error)})
            lost = len(entries)
        if lost:
            count("LniGuardFailed", lost)


def detail(outcome: Outcome) -> Detail:
    """The event's detail, version 1."""
    found: Detail = {
        "version": VERSION,
        "outcome": outcome.outcome,
        "subnetId": outcome.subnet_id,
        "outpostArn": outcome.outpost_arn,
        "vpcId": outcome.vpc_id,
        "account": outcome.account,
        "region": outcome.region,
        "deviceIndex": outcome.device_index,
        "reason": outcome.reason,
        "origin": outcome.origin,
        "dryRun": outcome.dry_run,
    }
    if outcome.network_interface_id:
        found["networkInterfaceId"] = outcome.network_interface_id
    return found


def quiet(counts: Mapping[str, int]) -> None:
    """Metrics of outcomes that are not told one by one."""
    for outcome, number in sorted(counts.items()):
        count("LniGuardOutcome", number, outcome=outcome)


def count(name: str, number: int, **dimensions: str) -> None:
    """One metric; without dimensions Powertools gives it that of the service."""
    with single_metric(name=name, unit=MetricUnit.Count, value=number) as metric:
        for dimension, value in dimensions.items():
            metric.add_dimension(name=dimension, value=value)
