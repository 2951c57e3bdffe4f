"""ValidateRequest: the request, checked and completed. Calls nothing."""

from extended_cluster.handler import Event, Result, state
from extended_cluster.request import complete


@state
def handler(event: Event) -> Result:
    """{request} -> Spec. Raises InvalidRequest."""
    return {**complete(event["request"])}
