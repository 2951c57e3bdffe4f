"""ValidateTeardown: the cluster is named, and named again on purpose. Calls nothing."""

from extended_cluster.handler import Event, Result, state
from extended_cluster.teardown_request import complete


@state
def handler(event: Event) -> Result:
    """{request} -> {clusterName}. Raises InvalidRequest."""
    return complete(event["request"])
