"""WriteReport: what the run made and decided, as one JSON document in the report bucket."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from extended_cluster import aws, kubectl_access, left_out
from extended_cluster.handler import Event, Result, state

# Named one by one, so that the certificate authority (and whatever else travels along) stays out of it.
_CLUSTER_FIELDS = ("name", "arn", "version", "endpoint")
_SERVER_FIELDS = ("outpostId", "subnetId", "launchTemplateId", "autoScalingGroupName", "instances")


@state
def handler(event: Event) -> Result:
    """{spec, plan, cluster, servers, addons, proof, startedAt, now, executionName} -> {bucket, key, report}.

    servers: [Server]; addons: [Addon]; report: the summary of what was written. proof: {findings, addresses} of
    ReadVerification, and drill: for each round, for each server, {server: Server, move: AwaitMove's answer}, or null
    for one without addresses; all empty with kubernetes skip.
    """
    bucket = os.environ["REPORT_BUCKET"]
    report = build(event)
    key = f"reports/{report['cluster']['name']}/{report['execution']}.json"
    aws.client("s3").put_object(
        Bucket=bucket, Key=key, Body=json.dumps(report, indent=2).encode(), ContentType="application/json"
    )
    return {"bucket": bucket, "key": key, "report": summary(report)}


def build(event: Event) -> dict[str, Any]:
    """The whole report. Pure; times are ISO 8601 as Step Functions gives them."""
    started, finished = (datetime.fromisoformat(event[when]) for when in ("startedAt", "now"))
    proof = event["proof"]
    drilled = [each for round_ in proof["drill"] for each in round_ if each]
    servers = _as_they_are(event["servers"], [each["server"] for each in drilled])
    return {
        "execution": event["executionName"],
        "startedAt": event["startedAt"],
        "finishedAt": event["now"],
        "durationSeconds": round((finished - started).total_seconds()),
        "request": event["spec"],
        "cluster": {field: event["cluster"][field] for field in _CLUSTER_FIELDS},
        "servers": [{field: server[field] for field in _SERVER_FIELDS} for server in servers],
        "addons": event["addons"],
        "findings": proof["findings"],
        "addresses": _after([each["move"] for each in drilled], proof["addresses"]),
        "drill": [[each["move"] for each in round_ if each] for round_ in proof["drill"]],
        "kubectl": _kubectl(event),
        "decisions": event["plan"]["decisions"],
        "warnings": event["plan"]["warnings"],
        "expectedMinutes": event["plan"]["expectedMinutes"],
    }


def _as_they_are(
    servers: Sequence[Mapping[str, Any]], drilled: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The drill ended instances that were there before it; its last word on a server counts."""
    last = {server["outpostId"]: server for server in drilled}
    return [last.get(server["outpostId"], server) for server in servers]


def _after(
    moves: Sequence[Mapping[str, Any]], addresses: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Where each address is announced after the drill's moves."""
    last = {move["outpostId"]: move["to"] for move in moves}
    return [{**each, "node": last.get(each["outpostId"], each["node"])} for each in addresses]


def _kubectl(event: Event) -> dict[str, Any]:
    """access: for each administrator; grant: where the request names none; leftOut: with kubernetes skip."""
    plan, arn = event["plan"], event["cluster"]["arn"]
    access = kubectl_access.commands(plan["cluster"], arn)
    return {
        "access": access,
        "grant": [] if access else kubectl_access.grant(event["cluster"]["name"], arn),
        "leftOut": left_out.commands(plan["servers"]) if event["spec"]["kubernetes"] == "skip" else [],
    }


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """What fits into the execution's output."""
    return {
        "clusterName": report["cluster"]["name"],
        "kubernetesVersion": report["cluster"]["version"],
        "endpoint": report["cluster"]["endpoint"],
        "servers": len(report["servers"]),
        "nodes": sum(len(server["instances"]) for server in report["servers"]),
        "durationSeconds": report["durationSeconds"],
        "warnings": report["warnings"],
        "findings": {finding["id"]: finding["status"] for finding in report["findings"]},
        "addresses": report["addresses"],
        "drill": report["drill"],
    }
