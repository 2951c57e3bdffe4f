"""Deploy to a fresh simulator, provision a cluster, add a subnet, and show what came of it."""

import argparse
import json
import signal
import sys
import time
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3

from demo.deployment import DeploymentFailed, deploy
from demo.progress import watch
from demo.simulator_process import ROOT, simulator
from demo.summary import by_functions, calls, gather, tell

STACK = "eks-outposts-servers"


class RunFailed(Exception):
    """The execution or the rule did not end as it should; the message says how it ended."""


def main() -> int:
    """Returns the process's exit status; every failure is told with its cause."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--request", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # SIGTERM ends the run as Ctrl-C does: through every `finally`.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        request = json.loads(options.request.read_text())
        report = _run(request, options.seed)
    except (RunFailed, DeploymentFailed, OSError, json.JSONDecodeError) as failure:
        print(f"\nfailed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the simulator and all it held are gone", file=sys.stderr)
        return 130
    path = ROOT / "reports" / f"run-{datetime.now():%Y%m%d-%H%M%S-%f}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")
    print(tell(report))
    print(f"report      {path.relative_to(ROOT)}")
    return 0


def _run(request: dict[str, Any], seed: int) -> dict[str, Any]:
    began = time.monotonic()
    with simulator(seed, "run") as environment:
        deploy(environment)
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )
        at_simulator = _At(session, environment["AWS_ENDPOINT_URL"])
        before = len(calls(at_simulator.url))
        stepfunctions = at_simulator.client("stepfunctions")
        machine = at_simulator.output("ProvisionStateMachineArn")
        started = stepfunctions.start_execution(stateMachineArn=machine, input=json.dumps(request))
        execution, history = watch(stepfunctions, started["executionArn"])
        if execution["status"] != "SUCCEEDED":
            error, cause = execution.get("error", execution["status"]), execution.get("cause", "")
            raise RunFailed(f"{error}: {cause}")
        made = by_functions(calls(at_simulator.url)[before:])
        report = gather(at_simulator, request["clusterName"], execution, history)
        report |= {"apiCalls": made, "seed": seed, "newSubnet": _add_subnet(at_simulator, report)}
    return report | {"realSeconds": round(time.monotonic() - began, 1)}


class _At:
    """A boto3 Session whose clients all talk to the simulator."""

    def __init__(self, session: boto3.Session, url: str) -> None:
        self._session = session
        self.url = url

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]

    def output(self, key: str) -> str:
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return next(str(output["OutputValue"]) for output in stack["Outputs"] if output["OutputKey"] == key)

    def elapsed(self) -> float:
        with urllib.request.urlopen(f"{self.url}/_simulator/clock") as answer:  # noqa: S310 - our own loopback address
            return float(json.load(answer)["elapsed"])


def _add_subnet(aws: _At, report: dict[str, Any]) -> dict[str, Any]:
    """Create one more subnet on the Outpost, as an operator would, and see the rule enable LNI on it."""
    ec2 = aws.client("ec2")
    (existing,) = ec2.describe_subnets(SubnetIds=[report["servers"][0]["subnet"]])["Subnets"]
    print("\nCreating one more subnet on the Outpost, with nobody's help ...")
    began = aws.elapsed()
    created = ec2.create_subnet(
        VpcId=existing["VpcId"],
        CidrBlock=_beside(existing["CidrBlock"]),
        AvailabilityZone=existing["AvailabilityZone"],
        OutpostArn=existing["OutpostArn"],
    )["Subnet"]["SubnetId"]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        (subnet,) = ec2.describe_subnets(SubnetIds=[created])["Subnets"]
        if subnet.get("EnableLniAtDeviceIndex"):
            index = subnet["EnableLniAtDeviceIndex"]
            return {"subnet": created, "lniDeviceIndex": index, "simulatedSeconds": aws.elapsed() - began}
        time.sleep(0.2)
    raise RunFailed(f"the rule has not enabled LNI on the subnet {created}")


def _beside(cidr: str) -> str:
    """A /24 high in the same /16, far from the blocks that the workflow picks from below."""
    first, second, *_ = cidr.split(".")
    return f"{first}.{second}.250.0/24"


if __name__ == "__main__":
    sys.exit(main())
