"""The ledger: one item per cluster in DynamoDB, above all the lease that lets one run at a time work on it.

A record for people and a lock for runs, never the truth about what exists: that is asked from AWS by tag.
Item: {clusterName, spec: JSON, lease: {execution, expiresAt}, lastRun: {execution, what, startedAt, endedAt},
outcome, error, cause, resources: JSON}. Times are ISO 8601 but for expiresAt, in seconds since 1970.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

type Values = dict[str, dict[str, Any]]

# The placeholders keep clear of DynamoDB's reserved words.
_LEASE_NAMES: Final = {"#lease": "lease", "#execution": "execution"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run that wants the lease. what: provision or teardown; spec: None leaves the recorded one."""

    execution: str
    what: str
    started: datetime
    seconds: int
    spec: Mapping[str, Any] | None


def take(dynamodb: Any, table: str, cluster: str, run: Run, instead_of: str | None) -> bool:
    """Take the lease when it is free, expired, ours already, or held by ``instead_of``; whether it is ours now."""
    now = int(run.started.timestamp())
    condition = (
        "attribute_not_exists(#lease) OR #lease.#execution = :me OR #lease.#expiresAt <= :now "
        "OR #lease.#execution = :dead"
    )
    values: Values = {
        ":me": {"S": run.execution},
        ":dead": {"S": instead_of or run.execution},
        ":now": {"N": str(now)},
        ":lease": {"M": {"execution": {"S": run.execution}, "expiresAt": {"N": str(now + run.seconds)}}},
        ":run": {
            "M": {
                "execution": {"S": run.execution},
                "what": {"S": run.what},
                "startedAt": {"S": run.started.isoformat()},
            }
        },
        ":outcome": {"S": "RUNNING"},
    }
    change = "SET #lease = :lease, lastRun = :run, outcome = :outcome"
    if run.spec is not None:
        change += ", spec = :spec"
        values[":spec"] = {"S": json.dumps(run.spec, sort_keys=True)}
    names = {**_LEASE_NAMES, "#expiresAt": "expiresAt"}
    return _written(
        lambda: dynamodb.update_item(
            TableName=table,
            Key=key(cluster),
            UpdateExpression=f"{change} REMOVE #error, #cause",
            ConditionExpression=condition,
            ExpressionAttributeNames={**names, "#error": "error", "#cause": "cause"},
            ExpressionAttributeValues=values,
        )
    )


def holder(dynamodb: Any, table: str, cluster: str) -> tuple[str, datetime] | None:
    """The execution that holds the lease and when it expires (UTC); None when nobody holds it."""
    item = dynamodb.get_item(TableName=table, Key=key(cluster), ConsistentRead=True).get("Item", {})
    if "lease" not in item:
        return None
    lease = item["lease"]["M"]
    return lease["execution"]["S"], datetime.fromtimestamp(int(lease["expiresAt"]["N"]), UTC)


def finish(
    dynamodb: Any, table: str, cluster: str, execution: str, now: str, facts: Mapping[str, str]
) -> bool:
    """Record the run's end and give the lease back, in one write; False when the lease is not ours.

    facts: what to record, e.g. {"outcome": "FAILED", "error": ..., "cause": ...}.
    """
    names = {**_LEASE_NAMES, "#lastRun": "lastRun"} | {f"#{name}": name for name in facts}
    values: Values = {":me": {"S": execution}, ":now": {"S": now}}
    values |= {f":{name}": {"S": value} for name, value in facts.items()}
    changes = ", ".join(f"#{name} = :{name}" for name in facts)
    return _written(
        lambda: dynamodb.update_item(
            TableName=table,
            Key=key(cluster),
            UpdateExpression=f"SET {changes}, #lastRun.endedAt = :now REMOVE #lease",
            ConditionExpression="#lease.#execution = :me",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )
    )


def clear(dynamodb: Any, table: str, cluster: str, execution: str) -> bool:
    """Delete the item, and the lease with it; False when the lease is not ours."""
    return _written(
        lambda: dynamodb.delete_item(
            TableName=table,
            Key=key(cluster),
            ConditionExpression="#lease.#execution = :me",
            ExpressionAttributeNames=_LEASE_NAMES,
            ExpressionAttributeValues={":me": {"S": execution}},
        )
    )


def key(cluster: str) -> Values:
    """The item's primary key."""
    return {"clusterName": {"S": cluster}}


def _written(write: Any) -> bool:
    try:
        write()
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True
