"""AcquireLease: one run per cluster at a time, by a plan that still holds."""

import os
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import aws, ledger
from extended_cluster.errors import LeaseHeld, NotReadyYet, PlanOutdated
from extended_cluster.find_cluster import find_cluster
from extended_cluster.handler import Event, Result, state
from extended_cluster.ledger import Run


@state
def handler(event: Event) -> Result:
    """{clusterName, what: "provision"|"teardown", spec: Spec|null, clusterExists: what the plan says, null without one,

    now: ISO 8601, seconds} -> {execution}. The same execution may ask twice. LeaseHeld names the run that has it;
    NotReadyYet when it changes hands; PlanOutdated, with the lease given back, when another run was in between.
    """
    run = Run(
        execution=event["executionId"],
        what=event["what"],
        # Step Functions' clock, not the function's: what a run does must not depend on where it runs.
        started=datetime.fromisoformat(event["now"]),
        # The machine's own time limit: no holder can outlive its lease, so nobody has to renew it.
        seconds=event["seconds"],
        spec=event["spec"],
    )
    dynamodb, table, cluster = aws.client("dynamodb"), os.environ["LEDGER_TABLE"], event["clusterName"]
    acquire(dynamodb, aws.client("stepfunctions"), table, cluster, run)
    if event["clusterExists"] is not None:
        try:
            confirm(aws.client("eks"), cluster, planned=event["clusterExists"])
        except PlanOutdated as error:
            ended = {"outcome": "FAILED", "error": "PlanOutdated", "cause": str(error)}
            ledger.finish(dynamodb, table, cluster, run.execution, event["now"], ended)
            raise
    return {"execution": run.execution}


def confirm(eks: Any, cluster: str, *, planned: bool) -> None:
    """Nobody else makes or deletes the cluster while the lease is ours; until then anybody could.

    A rollback deletes what was not there before, so that must be known for certain.
    """
    if (find_cluster(eks, cluster) is not None) == planned:
        return
    raise PlanOutdated(
        f"Cluster {cluster} was {'deleted' if planned else 'made'} by somebody else after this run had looked for "
        "it and before its turn came, so its plan is outdated. This run has changed nothing.",
        do="Start again with the same request: the new plan sees what is there.",
    )


def acquire(dynamodb: Any, stepfunctions: Any, table: str, cluster: str, run: Run) -> None:
    """Take the lease, also from a holder that does not run any more: a stopped run never gave it back."""
    if ledger.take(dynamodb, table, cluster, run, instead_of=None):
        return
    held = ledger.holder(dynamodb, table, cluster)
    if held is not None and _runs(stepfunctions, held[0]):
        raise LeaseHeld(
            f"{held[0]} works on cluster {cluster}, until {held[1].isoformat()} at the latest.",
            do="Wait until it has ended, or stop it (aws stepfunctions stop-execution --execution-arn "
            f"{held[0]}), and start again.",
        )
    if not ledger.take(dynamodb, table, cluster, run, instead_of=held[0] if held else None):
        raise NotReadyYet(f"The lease of cluster {cluster} changed hands at this moment.")


def _runs(stepfunctions: Any, execution: str) -> bool:
    try:
        status: str = stepfunctions.describe_execution(executionArn=execution)["status"]
    except ClientError as error:
        # Forgotten 90 days after its end, or its machine was deleted (Step Functions API, DescribeExecution).
        if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
            raise
        return False
    return status == "RUNNING"
