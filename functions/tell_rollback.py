"""TellRollback: the first error, with a cause that goes on to say what came of `onFailure: rollback`. Calls nothing."""

import json
from collections.abc import Mapping
from typing import Any

from extended_cluster.cause import NO_CAUSE, readable, rolled_back, shortened
from extended_cluster.handler import Event, Result, state

# A cause has 32,768 characters at most (API reference, ExecutionFailedEventDetails); each of the two gets half.
_ROOM = 15_000


@state
def handler(event: Event) -> Result:
    """{clusterName, teardown: the machine's ARN, failure: {Error, Cause?}, rollback: Rollback} -> {Error, Cause}.

    Rollback is one of {kept: "existed"|"complete"}, {execution, deleted} and {Error, Cause?}.
    """
    failure = event["failure"]
    came = outcome(event["clusterName"], event["teardown"], event["rollback"])
    return {"Error": failure["Error"], "Cause": f"{first(failure)} {came}"}


def first(failure: Mapping[str, str]) -> str:
    """What the failure itself says."""
    return shortened(readable(failure.get("Cause", "")) or NO_CAUSE, _ROOM)


def outcome(cluster: str, machine: str, rollback: Mapping[str, Any]) -> str:
    """What came of rolling back, in sentences."""
    match rollback:
        case {"kept": "existed"}:
            return (
                f"Not rolled back: cluster {cluster} existed before this run. What this run finished is kept, and "
                "the same request carries on with it."
            )
        case {"kept": "complete"}:
            return (
                f"Not rolled back: cluster {cluster} is complete and works, only telling so has failed. The same "
                "request finds everything made and tells it again."
            )
        case {"execution": execution, "deleted": deleted}:
            gone = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in deleted.items())
            return (
                f"{rolled_back(cluster)} "
                f"(deleted {shortened(gone, _ROOM) or 'nothing: none was made'}). Teardown: {execution}."
            )
    again = json.dumps({"clusterName": cluster, "confirm": cluster})
    return (
        f"The rollback failed, so parts of cluster {cluster} are left: {shortened(_failed(rollback), _ROOM)} "
        "When that is corrected: "
        f"aws stepfunctions start-execution --region {machine.split(':')[3]} "
        f"--state-machine-arn {machine} --input '{again}'"
    )


def _failed(rollback: Mapping[str, str]) -> str:
    """DescribeExecution's answer is the cause of an execution that did not succeed; other causes are plain text."""
    told = rollback.get("Cause", "")
    try:
        execution = json.loads(told)
    except json.JSONDecodeError:
        return f"{rollback['Error']}: {told}"
    why = (
        f"{execution['Error']}: {execution.get('Cause', '')}" if "Error" in execution else "it told nothing."
    )
    return f"teardown {execution['ExecutionArn']} ended {execution['Status']}: {why}"
