"""What a run made, asked from the APIs (not from what the run says of itself), as a table and as JSON.

What it proved inside the cluster is its own word: nothing of the verification is left to be asked.
"""

import json
import textwrap
import urllib.request
from typing import Any

from demo.progress import History, clock

CLUSTER_TAG = "eks-outposts-servers:cluster"
OUTPOST_TAG = "eks-outposts-servers:outpost"


def gather(session: Any, cluster_name: str, execution: dict[str, Any], history: History) -> dict[str, Any]:
    """The facts of a finished run, and what the run itself found out inside the cluster (its report).

    session: a boto3 Session for the simulator.
    """
    cluster = session.client("eks").describe_cluster(name=cluster_name)["cluster"]
    ec2 = session.client("ec2")
    mine = [{"Name": f"tag:{CLUSTER_TAG}", "Values": [cluster_name]}]
    subnets = ec2.describe_subnets(Filters=mine)["Subnets"]
    reservations = ec2.describe_instances(Filters=mine)["Reservations"]
    instances = [instance for reservation in reservations for instance in reservation["Instances"]]
    written = json.loads(execution["output"])
    body = session.client("s3").get_object(Bucket=written["bucket"], Key=written["key"])["Body"]
    told = json.loads(body.read())
    return {
        "cluster": cluster_name,
        "version": cluster["version"],
        "status": cluster["status"],
        "servers": [_server(subnet, instances) for subnet in subnets],
        **{part: told[part] for part in ("findings", "addresses", "drill")},
        "simulatedSeconds": (execution["stopDate"] - execution["startDate"]).total_seconds(),
        "transitions": history.transitions,
        "historyEvents": history.events,
        "execution": execution["executionArn"],
    }


def _server(subnet: dict[str, Any], instances: list[dict[str, Any]]) -> dict[str, Any]:
    index = subnet.get("EnableLniAtDeviceIndex")
    here = [instance for instance in instances if instance.get("SubnetId") == subnet["SubnetId"]]
    return {
        "outpost": next(tag["Value"] for tag in subnet["Tags"] if tag["Key"] == OUTPOST_TAG),
        "subnet": subnet["SubnetId"],
        "cidr": subnet["CidrBlock"],
        "lniDeviceIndex": index,
        "instances": [
            {
                "instance": instance["InstanceId"],
                "type": instance["InstanceType"],
                "lni": _interface(instance, index),
            }
            for instance in here
        ],
    }


def _interface(instance: dict[str, Any], index: int | None) -> str | None:
    return next(
        (
            interface["NetworkInterfaceId"]
            for interface in instance["NetworkInterfaces"]
            if interface["Attachment"]["DeviceIndex"] == index
        ),
        None,
    )


def calls(url: str) -> list[dict[str, Any]]:
    """Every API call that the simulator has answered."""
    with urllib.request.urlopen(f"{url}/_simulator/calls") as answer:  # noqa: S310 - our own loopback address
        entries: list[dict[str, Any]] = json.load(answer)
        return entries


def by_functions(entries: list[dict[str, Any]]) -> dict[str, int]:
    """How many calls the functions' roles made, and how many of them changed something."""
    own = [
        entry for entry in entries if ":assumed-role/" in entry["caller"] and entry["name"] != "lambda.Invoke"
    ]
    own = [entry for entry in own if not entry["name"].startswith(("sqs.", "logs."))]
    return {"all": len(own), "mutating": sum(entry["mutating"] for entry in own)}


def tell(report: dict[str, Any]) -> str:
    """The summary for the terminal."""
    lines = [
        "",
        f"cluster     {report['cluster']}  Kubernetes {report['version']}  {report['status']}",
    ]
    for server in report["servers"]:
        lines.append(
            f"server      {server['outpost']}  subnet {server['subnet']} {server['cidr']}"
            f"  LNI at device index {server['lniDeviceIndex']}"
        )
        lines += [f"instance    {i['instance']}  {i['type']}  LNI {i['lni']}" for i in server["instances"]]
    lines += [f"finding     {f['status']:<8}{f['id']:<22}{_short(f['evidence'])}" for f in report["findings"]]
    lines += [
        f"address     {a['address']}  on {a['outpostId']}, announced by {a['node']}"
        for a in report["addresses"]
    ]
    lines += [
        f"drill       round {number}: {move['address']} moved in {move['seconds']} s"
        f" from {move['from']} to {move['to']}"
        for number, moves in enumerate(report["drill"], 1)
        for move in moves
    ]
    rule = report["newSubnet"]
    lines += [
        f"LNI rule    {rule['subnet']} got LNI at device index {rule['lniDeviceIndex']}"
        f" after {rule['simulatedSeconds']:.0f} simulated seconds",
        f"simulated   {clock(report['simulatedSeconds'])}   transitions {report['transitions']}"
        f"   history events {report['historyEvents']}",
        f"API calls   {report['apiCalls']['all']}, of which {report['apiCalls']['mutating']} changed something",
        f"real time   {report['realSeconds']:.1f} s",
    ]
    return "\n".join(lines)


def _short(evidence: str) -> str:
    return textwrap.shorten(evidence, 80, placeholder=" ...")
