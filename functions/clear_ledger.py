"""ClearLedger: the cluster's item is gone from the ledger, and the lease with it."""

import os

from extended_cluster import aws, ledger
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName} -> {cleared}. An item whose lease is not ours is left alone."""
    cleared = ledger.clear(
        aws.client("dynamodb"), os.environ["LEDGER_TABLE"], event["clusterName"], event["executionId"]
    )
    return {"cleared": cleared}
