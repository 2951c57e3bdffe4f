"""RecordFailure: the run has failed; the ledger says why and the cluster is free for the next run."""

import os
from collections.abc import Mapping
from typing import Any

from extended_cluster import aws, ledger
from extended_cluster.cause import readable
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName, failure: {Error, Cause?}, now: ISO 8601} -> {released}. A lease not ours is left alone."""
    released = ledger.finish(
        aws.client("dynamodb"),
        os.environ["LEDGER_TABLE"],
        event["clusterName"],
        event["executionId"],
        event["now"],
        facts(event["failure"]),
    )
    return {"released": released}


def facts(failure: Mapping[str, Any]) -> dict[str, str]:
    """What the ledger keeps of a failure."""
    return {"outcome": "FAILED", "error": failure["Error"], "cause": readable(failure.get("Cause", ""))}
