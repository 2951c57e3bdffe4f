"""The LNI guard: whoever makes or changes a subnet on an Outposts server, LNI is enabled on it.

Events come at least once, in any order, and may lie; so each is only a reason to look at its subnet.
"""

import functools
import os
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from extended_cluster import aws, lni_subnet
from extended_cluster.errors import MalformedEvent, NotReadyYet
from extended_cluster.handler import logger
from extended_cluster.lni import Action, Decision, SubnetFacts
from extended_cluster.lni_outcome import NAMED, Outcome, Place
from extended_cluster.lni_policy import Policy, from_environment
from extended_cluster.lni_subnet import Judged
from extended_cluster.lni_tell import OUTCOME, detail, note, put
from extended_cluster.subnet_event import SubnetHint, parse

type Record = Mapping[str, Any]

# Seconds until a message that failed is seen again: FIRST after the first receipt, doubled after each.
FIRST: Final = 15
LONGEST: Final = 900


def handler(event: Mapping[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """SQS batch -> {batchItemFailures: [{itemIdentifier}]}: the records to be delivered again.

    A record fails by a named error or an AWS error. Any other exception is a defect and fails the batch.
    """
    logger.append_keys(function_request_id=context.aws_request_id)
    region, account = context.invoked_function_arn.split(":")[3:5]
    policy = from_environment()
    place = Place(account=account, region=region, origin="event", dry_run=policy.report_only)
    outcomes: list[Outcome] = []
    failed: list[str] = []
    try:
        for record in event["Records"]:
            outcome = _handled(record, place, policy)
            note(outcome)
            outcomes.append(outcome)
            if outcome.is_error:
                failed.append(record["messageId"])
    finally:  # what was done before a defect is told
        put(aws.client("events"), OUTCOME, map(detail, outcomes))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _handled(record: Record, place: Place, policy: Policy) -> Outcome:
    """The record's outcome; the name of an error says that it must be delivered again."""
    logger.set_correlation_id(record["messageId"])
    hint: SubnetHint | None = None
    try:
        hint = parse(record["body"])
        return place.decided(guard(hint, place.account, policy))
    except NAMED as raised:
        _postpone(record, 0 if isinstance(raised, MalformedEvent) else pause(record))
        return place.failed(raised, hint.subnet_id if hint else None)


def guard(hint: SubnetHint, account: str, policy: Policy) -> Judged:
    """Look at the subnet that the event names, decide and act. NotReadyYet while EC2 is not done with it."""
    logger.set_correlation_id(hint.event_id)
    if hint.subnet_id is None:
        nothing = SubnetFacts(subnet_id="", exists=False, account_id=account)
        return nothing, Decision(Action.IGNORE, hint.reason)
    ec2 = aws.client("ec2")
    kind_of = functools.partial(_kind_of, aws.client("outposts"))
    facts, decision = lni_subnet.judge(ec2, kind_of, hint.subnet_id, account, policy)
    if decision.action is Action.NOT_READY:
        raise NotReadyYet(f"{decision.reason}.")
    if not policy.report_only:
        decision = lni_subnet.carry_out(ec2, decision, hint.subnet_id)
    return facts, decision


def pause(record: Record) -> int:
    """Seconds until the next look: the first come soon, because a subnet is pending for seconds."""
    received = int(record["attributes"]["ApproximateReceiveCount"])
    return min(FIRST << (received - 1), LONGEST)


def _postpone(record: Record, seconds: int) -> None:
    """Let the message be seen again after that time; 0 for one that no time will heal, so that it ends soon."""
    sqs = aws.client("sqs")
    try:
        sqs.change_message_visibility(
            QueueUrl=os.environ["LNI_QUEUE_URL"],
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=seconds,
        )
    except (BotoCoreError, ClientError) as error:
        # Then the queue's own time-out holds: later, and no less certain.
        logger.warning("the message keeps its visibility time-out", extra={"reason": str(error)})


@functools.cache
def _kind_of(outposts: Any, outpost_arn: str) -> str:
    return lni_subnet.hardware_type(outposts, outpost_arn)
