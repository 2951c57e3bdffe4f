"""WriteReport: what the run made and decided, as one JSON document in the report bucket."""

import json
import os
from datetime import datetime
from typing import Any

from extended_cluster import aws, kubectl_access, left_out
from extended_cluster.handler import Event, Result, state

# Named one by one, so that the certificate authority (and whatever else travels along) stays out of it.
_CLUSTER_FIELDS = ("name", "arn", "version", "endpoint")
_SERVER_FIELDS = ("outpostId", "subnetId", "launchTemplateId", "autoScalingGroupName", "instances")


@state
def handler(event: Event) -> Result:
    """{spec, plan, cluster, servers, addons, startedAt, now, executionName} -> {bucket, key, report}.

    servers: [Server]; addons: [Addon]; report: the summary of what was written. Optional: verification,
    ReadVerification's answer; drill: a list for each round of AwaitMove's answers.
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
    verification = event.get("verification", {"findings": [], "addresses": []})
    return {
        "execution": event["executionName"],
        "startedAt": event["startedAt"],
        "finishedAt": event["now"],
        "durationSeconds": round((finished - started).total_seconds()),
        "request": event["spec"],
        "cluster": {field: event["cluster"][field] for field in _CLUSTER_FIELDS},
        "servers": [{field: server[field] for field in _SERVER_FIELDS} for server in event["servers"]],
        "addons": event["addons"],
        "findings": verification["findings"],
        "addresses": verification["addresses"],
        "drill": event.get("drill", []),
        "kubectl": _kubectl(event),
        "decisions": event["plan"]["decisions"],
        "warnings": event["plan"]["warnings"],
        "expectedMinutes": event["plan"]["expectedMinutes"],
    }


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
