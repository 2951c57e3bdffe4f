"""ReleaseLease: the run has succeeded; the ledger says so and the cluster is free for the next run."""

import json
import os

from extended_cluster import aws, ledger
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName, servers: [Server], now: ISO 8601} -> {released}. A lease that is not ours is left alone."""
    resources = {server["outpostId"]: server for server in event["servers"]}
    released = ledger.finish(
        aws.client("dynamodb"),
        os.environ["LEDGER_TABLE"],
        event["clusterName"],
        event["executionId"],
        event["now"],
        {"outcome": "SUCCEEDED", "resources": json.dumps(resources, sort_keys=True)},
    )
    return {"released": released}
