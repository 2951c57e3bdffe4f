"""The LNI sweep: finds what events lost, in every account and Region that the guard is for.

First everything is read and decided, then counted, and only then is anything written.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from extended_cluster import aws, lni_orphans, lni_policy, lni_target, lni_tell, lni_trail
from extended_cluster.errors import GuardMisconfigured
from extended_cluster.handler import logger
from extended_cluster.lni_limit import Limit, exceeded
from extended_cluster.lni_outcome import NAMED, Outcome, Place
from extended_cluster.lni_policy import Policy
from extended_cluster.lni_target import Reach, Target
from extended_cluster.lni_visit import HasTime, Visit, visit

type Answer = dict[str, Any]

# What a write and its read-back take at most, with the SDK's own retries, and the telling at the end.
RESERVE: Final = 60_000  # milliseconds
LISTED: Final = 1000  # a synchronous answer is at most 6 MB (Lambda quotas)


def handler(event: Mapping[str, Any], context: Any) -> Answer:
    """{now: ISO 8601, dryRun: bool}, both optional -> what ``_answer`` says.

    now: the schedule's time; without it no interface is looked at. dryRun: the same answer, and nothing written.
    """
    logger.append_keys(function_request_id=context.aws_request_id)
    region, account = context.invoked_function_arn.split(":")[3:5]
    policy, limit = lni_policy.from_environment(), _limit()
    reach = lni_target.from_environment(account, region)
    now = lni_orphans.read_time(event["now"]) if "now" in event else None
    dry_run = policy.report_only or event.get("dryRun") is True

    def has_time() -> bool:
        left: int = context.get_remaining_time_in_millis()
        return left > RESERVE

    visits, outcomes = _look(reach, policy, region, now, dry_run, has_time)
    outcomes += _hears(Place(account=account, region=region, origin="sweep", dry_run=dry_run))
    return _finish(visits, outcomes, limit, has_time, dry_run=dry_run)


def _look(
    reach: Reach, policy: Policy, home: str, now: datetime | None, dry_run: bool, has_time: HasTime
) -> tuple[list[Visit], list[Outcome]]:
    """Visit all targets; one that fails is an outcome and does not stop the rest."""
    visits, failed = [], []
    for target in reach.targets:
        place = _place(target, dry_run)
        try:
            clients = lni_target.clients(target, reach.external_id, home)
            visits.append(visit(place, policy, clients, now, has_time))
        except NAMED as raised:
            failed.append(place.failed(raised))
    return visits, failed


def _hears(home: Place) -> list[Outcome]:
    """Told once a sweep, by the sweep alone: who hears no event cannot tell so when one comes."""
    try:
        lni_trail.require(aws.client("cloudtrail"))
    except NAMED as raised:
        return [home.failed(raised)]
    return []


def _finish(
    visits: Sequence[Visit], outcomes: list[Outcome], limit: Limit, has_time: HasTime, *, dry_run: bool
) -> Answer:
    """Count, act unless that is too much, tell."""
    home_first = [outcome for each in visits for outcome in each.told]
    planned = [outcome for each in visits for outcome in each.planned()]
    subnets, deletions = sum(len(v.changes) for v in visits), sum(v.deletions for v in visits)
    too_much = exceeded(limit, subnets, deletions, sum(v.eligible for v in visits))
    outcomes += home_first
    if too_much:
        outcomes.append(visits[0].place.failed(too_much))
        listed = outcomes + planned
    elif dry_run:
        listed = outcomes = outcomes + planned
    else:
        listed = outcomes = outcomes + [o for each in visits for o in each.carry_out(has_time)]
    return _tell(visits, outcomes, listed, dry_run=dry_run)


def _tell(
    visits: Sequence[Visit], outcomes: Sequence[Outcome], listed: Sequence[Outcome], *, dry_run: bool
) -> Answer:
    quiet = Counter(decision.action.value for each in visits for _, decision in each.quiet)
    events = aws.client("events")
    lni_tell.tell(events, outcomes)
    lni_tell.quiet(quiet)
    counts = quiet + Counter(outcome.outcome for outcome in outcomes)
    summary = {
        "version": lni_tell.VERSION,
        "dryRun": dry_run,
        "targets": len(visits),
        "subnets": sum(each.scan.subnets for each in visits),
        "eligible": sum(each.eligible for each in visits),
        "outcomes": dict(sorted(counts.items())),
    }
    lni_tell.put(events, lni_tell.COMPLETED, [summary])
    lni_tell.count("LniSweepCompleted", 1)
    logger.info("sweep completed", extra=summary)
    return {**summary, "told": [lni_tell.detail(each) for each in listed[:LISTED]], "listed": len(listed)}


def _place(target: Target, dry_run: bool) -> Place:
    return Place(account=target.account, region=target.region, origin="sweep", dry_run=dry_run)


def _limit() -> Limit:
    texts = os.environ["LNI_MAX_CHANGES"], os.environ["LNI_MAX_CHANGES_SHARE"]
    if not all(text.isascii() and text.isdigit() for text in texts):
        raise GuardMisconfigured(
            f"MaxChanges and MaxChangesShare are {' and '.join(texts)}.", do="Deploy it with whole numbers."
        )
    return Limit(*map(int, texts))
