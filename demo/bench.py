"""What a sweep of the deployed LNI guard takes at 100, 1,000 and 10,000 subnets, measured against a simulator."""

import argparse
import base64
import json
import re
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from demo.deployment import deploy_guard
from demo.simulator_process import simulator
from demo.summary import calls

STACK = "eks-outposts-lni-guard"
OUTPOSTS = 500
# guard.yaml's greatest limits. What lacks LNI at each size: half of it, but no more than one sweep may change.
LIMITS = {"MaxChanges": "1000", "MaxChangesShare": "100"}
# The schedule's first sweep comes at once and finds nothing; its next must not come between ours.
PARAMETERS = {**LIMITS, "SweepSchedule": "rate(1 hour)"}
SIZES = (100, 1_000, 10_000)
NOW = "2026-11-23T12:00:00Z"  # without a time a sweep looks for no orphans; there are none here


@dataclass(frozen=True, slots=True)
class Sweep:
    """seconds: of real time, from the request to the answer; memory: MB at most since the process began."""

    subnets: int
    kind: str
    seconds: float
    memory: int
    writes: int
    calls: Counter[str]


def main() -> int:
    """Prints a row for each sweep, and what the deployed function may take. The process's exit status."""
    parser = argparse.ArgumentParser(prog="demo.bench", description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, help="numbers of subnets")
    print("| subnets | sweep | real seconds | MB at most | API calls | writes | calls by operation |")
    print("|---|---|---|---|---|---|---|")
    allowed = set()
    for subnets in parser.parse_args().sizes:
        with simulator(1, "bench") as environment:
            deploy_guard(environment, PARAMETERS)
            bench = _Bench(environment)
            for sweep in bench.sweeps(subnets):
                print(_row(sweep), flush=True)
            allowed.add(bench.allowed())
    for timeout, memory in allowed:
        print(f"\nThe deployed function may take {timeout} s and {memory} MB.")
    return 0


class _Bench:
    """One simulator with the guard in it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._url = environment["AWS_ENDPOINT_URL"]
        self._session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )
        (stack,) = self._client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self._function = outputs["LniSweepFunctionName"]
        self._role = outputs["LniSweepRoleArn"].rpartition("/")[2]

    def sweeps(self, subnets: int) -> Iterator[Sweep]:
        """A dry run, the sweep that enables what is missing, and one that finds all right."""
        missing = min(subnets // 2, int(LIMITS["MaxChanges"]))
        fields = {"servers": min(OUTPOSTS, subnets), "subnets": subnets, "enabled": subnets - missing}
        self._ask("clock/advance?seconds=60")
        self._ask("edge", fields)
        for kind, event in (("dry run", {"dryRun": True}), ("enables", {}), ("all right", {})):
            yield self._sweep(subnets, kind, {"now": NOW, **event})
            self._ask("clock/advance?seconds=10")  # EC2 shows a write a while after its answer

    def allowed(self) -> tuple[int, int]:
        """Timeout in seconds and memory in MB of the deployed function."""
        found = self._client("lambda").get_function_configuration(FunctionName=self._function)
        return found["Timeout"], found["MemorySize"]

    def _sweep(self, subnets: int, kind: str, event: dict[str, Any]) -> Sweep:
        before = len(calls(self._url))
        began = time.monotonic()
        answer = self._client("lambda").invoke(
            FunctionName=self._function, Payload=json.dumps(event), LogType="Tail"
        )
        payload = json.load(answer["Payload"])
        seconds = time.monotonic() - began
        if "FunctionError" in answer or payload["subnets"] < subnets:
            raise SystemExit(f"the sweep failed: {payload}")
        made = [call for call in calls(self._url)[before:] if f"/{self._role}/" in call["caller"]]
        # Writing its log is not the function's doing.
        counted = [call for call in made if not call["name"].startswith("logs.")]
        return Sweep(
            subnets,
            kind,
            seconds,
            _memory(base64.b64decode(answer["LogResult"]).decode()),
            sum(call["name"] == "ec2.ModifySubnetAttribute" for call in counted),
            Counter(call["name"].partition(".")[2] for call in counted),
        )

    def _ask(self, path: str, fields: dict[str, int] | None = None) -> None:
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self._url}/_simulator/{path}",
            json.dumps(fields or {}).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request).close()  # noqa: S310

    def _client(self, service: str) -> Any:
        patient = Config(read_timeout=900, retries={"total_max_attempts": 1})
        return self._session.client(service, endpoint_url=self._url, config=patient)  # type: ignore[call-overload]


def _memory(log: str) -> int:
    found = re.search(r"Max Memory Used: (\d+) MB", log)
    if found is None:
        raise SystemExit(f"the function's log has no REPORT: {log}")
    return int(found[1])


def _row(sweep: Sweep) -> str:
    by_name = ", ".join(f"{name} {number:,}" for name, number in sorted(sweep.calls.items()))
    cells = (
        f"{sweep.subnets:,}",
        sweep.kind,
        f"{sweep.seconds:.1f}",
        str(sweep.memory),
        f"{sweep.calls.total():,}",
        f"{sweep.writes:,}",
        by_name,
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
