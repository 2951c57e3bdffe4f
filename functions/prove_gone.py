"""ProveGone: a second look by tag finds nothing of ours, whatever the steps before met."""

import json
from collections.abc import Mapping
from typing import Any

from extended_cluster import aws, teardown
from extended_cluster.errors import TeardownIncomplete
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName, failures: {step: {Error, Cause}}} -> {}. TeardownIncomplete names all that is left and why."""
    name = event["clusterName"]
    left = teardown.everything(aws.client("autoscaling"), aws.client("ec2"), aws.client("eks"), name)
    told = [f"{step}: {_cause(failure)}" for step, failure in event["failures"].items()]
    if left:
        raise TeardownIncomplete(
            f"Left of cluster {name}: {'; '.join(teardown.named(left)) or 'nothing'}. "
            + (f"What failed: {' '.join(told)}" if told else "No step failed: it was made meanwhile."),
            do="Correct the cause and start teardown again; what is gone stays gone.",
        )
    return {}


def _cause(failure: Mapping[str, Any]) -> str:
    """Lambda's cause is JSON with errorMessage; Step Functions' own is plain text, or none."""
    cause: str = failure.get("Cause", "no cause given")
    try:
        told = json.loads(cause)
    except json.JSONDecodeError:
        return f"{failure['Error']}: {cause}"
    return f"{failure['Error']}: {told.get('errorMessage', cause)}"
