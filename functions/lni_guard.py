"""The LNI guard: whoever makes or changes a subnet on an Outposts server, LNI is enabled on it.

Events come at least once, in any order, and may lie; so each is only a reason to look at its subnet.
"""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.exceptions import ClientError

from extended_cluster import aws, lni_subnet
from extended_cluster.errors import MalformedEvent, NotReadyYet, ProvisioningError, from_aws_code
from extended_cluster.handler import logger
from extended_cluster.lni import Action, Decision, decide
from extended_cluster.subnet_event import parse

type Record = Mapping[str, Any]


def handler(event: Mapping[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """SQS batch -> {batchItemFailures: [{itemIdentifier}]}: the records to be delivered again.

    A record fails by a named error or an AWS error. Any other exception is a defect and fails the batch.
    """
    logger.append_keys(function_request_id=context.aws_request_id)
    account_id = context.invoked_function_arn.split(":")[4]
    failed = [record["messageId"] for record in event["Records"] if not _guarded(record, account_id)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _guarded(record: Record, account_id: str) -> bool:
    """Whether the record is done with; one log line and one metric either way."""
    logger.set_correlation_id(record["messageId"])
    try:
        decision = guard(record["body"], account_id)
    except (ProvisioningError, ClientError) as raised:
        failure = _named(raised)
        expected = isinstance(failure, NotReadyYet | MalformedEvent)
        logger.warning("record failed", exc_info=not expected, extra={"reason": str(failure)})
        _count(type(failure).__name__)
        return False
    logger.info("record handled", extra={"outcome": decision.action, "reason": decision.reason})
    _count(decision.action)
    return True


def guard(body: str, account_id: str) -> Decision:
    """Look at the subnet that the event names, decide and act. NotReadyYet while EC2 is not done with it."""
    hint = parse(body)
    logger.set_correlation_id(hint.event_id)
    if hint.subnet_id is None:
        return Decision(Action.IGNORE, hint.reason)
    ec2, wanted_index = aws.client("ec2"), int(os.environ["LNI_DEVICE_INDEX"])
    decision = decide(
        lni_subnet.observe(ec2, aws.client("outposts"), hint.subnet_id, account_id), wanted_index
    )
    if decision.action is Action.NOT_READY:
        raise NotReadyYet(f"{decision.reason}.")
    if decision.action is Action.ENABLE:
        lni_subnet.enable(ec2, hint.subnet_id, wanted_index)
    return decision


def _named(raised: ProvisioningError | ClientError) -> ProvisioningError:
    if isinstance(raised, ProvisioningError):
        return raised
    error = raised.response["Error"]
    return from_aws_code(raised.operation_name, error["Code"], error["Message"])


def _count(outcome: str) -> None:
    """outcome: an Action's value, or the name of the error that failed the record."""
    with single_metric(name="LniGuardOutcome", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="outcome", value=outcome)
