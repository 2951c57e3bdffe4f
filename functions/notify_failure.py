"""NotifyFailure: a run of either machine ended red; people are told, and its lease and outcome are not left behind.

No state of a machine: EventBridge calls it with an execution's status, also when the machine itself could do nothing
more because it was stopped or out of time. Events come at least once; a second one makes a second notice, no more.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from extended_cluster import aws, failure_notice, last_steps, ledger
from extended_cluster.failure_notice import Places, Run
from extended_cluster.handler import logger


def handler(event: Mapping[str, Any], context: Any) -> dict[str, bool]:
    """``Step Functions Execution Status Change`` of FAILED, TIMED_OUT or ABORTED -> {released}: the lease was held.

    An error of any kind is left to Lambda, which tries twice more and then keeps the event in a dead-letter queue.
    """
    detail = event["detail"]
    logger.set_correlation_id(detail["executionArn"])
    logger.append_keys(function_request_id=context.aws_request_id)
    run = told(detail)
    # The notice first: what the ledger says is a convenience, and the next run would find out by itself.
    aws.client("sns").publish(
        TopicArn=os.environ["TOPIC_ARN"],
        Subject=failure_notice.subject(run),
        Message=failure_notice.text(run, _places(run)),
    )
    released = run.cluster is not None and ledger.finish(
        aws.client("dynamodb"),
        os.environ["LEDGER_TABLE"],
        run.cluster,
        run.arn,
        _time(detail["stopDate"]),
        failure_notice.facts(run),
    )
    logger.info("told", extra={"status": run.status, "released": released})
    return {"released": released}


def told(detail: Mapping[str, Any]) -> Run:
    """The run, with what the event lacks asked of Step Functions."""
    stepfunctions = aws.client("stepfunctions")
    arn, status = detail["executionArn"], detail["status"]
    given = detail["input"]
    if not detail["inputDetails"]["included"]:  # left out beyond 248 KB
        given = stepfunctions.describe_execution(executionArn=arn)["input"]
    events: list[Mapping[str, Any]] = []
    if status != "FAILED":  # a failed run's error and cause say it all
        # One page, the newest: a run of many servers can have 25,000 events.
        events = stepfunctions.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=1000)[
            "events"
        ]
    return Run(
        machine="teardown" if detail["stateMachineArn"] == os.environ["TEARDOWN_ARN"] else "provision",
        machine_arn=detail["stateMachineArn"],
        arn=arn,
        status=status,
        cluster=failure_notice.cluster_of(given),
        error=detail.get("error"),
        cause=detail.get("cause"),
        under_way=last_steps.under_way(events),
        last_failure=last_steps.last_failure(events),
    )


def _places(run: Run) -> Places:
    logs = {"provision": os.environ["PROVISION_LOG_GROUP"], "teardown": os.environ["TEARDOWN_LOG_GROUP"]}
    return Places(os.environ["TEARDOWN_ARN"], logs[run.machine], os.environ["STEP_LOG_GROUPS"])


def _time(milliseconds: int) -> str:
    """``2026-11-23T06:30:00.000Z``, as Step Functions writes the times that the states record."""
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
