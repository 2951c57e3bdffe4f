"""The deployed stack: the real SAM CLI deploys the real template to a simulator of this test run's own."""

import contextlib
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from demo.deployment import deploy, tools
from demo.progress import History
from demo.simulator_process import ROOT, simulator
from tests.workflow import existing_vpc

STACK = "eks-outposts-servers"
# World of the simulator: simulator/data/world.yaml
SERVER_2U = "op-0a1b2c3d4e5f60001"
SERVER_1U = "op-0a1b2c3d4e5f60002"
RACK = "op-0a1b2c3d4e5f60003"
INACTIVE = "op-0a1b2c3d4e5f60004"
FULL = "op-0a1b2c3d4e5f60005"


class Deployed:
    """One simulator with the stack in it, asked through public AWS APIs (and the simulator's list of calls)."""

    def __init__(self, environment: dict[str, str], stack: str = STACK) -> None:
        self.environment = environment
        self._stack = stack
        self.url = environment["AWS_ENDPOINT_URL"]
        self._session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )

    def client(self, service: str, region: str | None = None) -> Any:
        return self._session.client(service, region, endpoint_url=self.url)  # type: ignore[call-overload]

    def output(self, key: str) -> str:
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self._stack)["Stacks"]
        return next(str(item["OutputValue"]) for item in stack["Outputs"] if item["OutputKey"] == key)

    def physical(self, logical: str) -> str:
        """The id of one of the stack's resources."""
        found = self.client("cloudformation").describe_stack_resource(
            StackName=self._stack, LogicalResourceId=logical
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def account(self, number: str) -> "Deployed":
        """Open another account; the same simulator with its administrator's keys."""
        keys = self.control(f"account?id={number}", post=True)
        own = {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}
        return Deployed({**self.environment, **own}, self._stack)

    def edge(self, **fields: Any) -> dict[str, list[str]]:
        """Make servers and subnets at once, of which no event tells; fields: those of simulator/bulk.py's Edge."""
        made: dict[str, list[str]] = self.control("edge", post=True, body=fields)
        return made

    def control(self, path: str, *, post: bool = False, body: Any = None) -> Any:
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/_simulator/{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json"},
            method="POST" if post else "GET",
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own loopback address
            return json.load(answer)

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.control(f"calls?since={since}")
        return entries

    def mark(self) -> int:
        """Where the list of calls ends now."""
        return len(self.calls())

    def calls_of_functions(self, since: int) -> list[dict[str, Any]]:
        """What the machines' functions called: guard, sweep and the notice come at times of their own."""
        guard = self.role("LniGuardFunctionName"), self.role("LniSweepFunctionName")
        return [
            entry
            for entry in self._by_roles(since)
            if not entry["caller"].startswith(guard) and "-NotifyFailureFunctionRole-" not in entry["caller"]
        ]

    def calls_of(self, function: str, since: int) -> list[dict[str, Any]]:
        """What one function called; function: the output with its name."""
        role = self.role(function)
        return [entry for entry in self._by_roles(since) if entry["caller"].startswith(role)]

    def role(self, function: str) -> str:
        """How the ARNs of that function's role sessions begin; function: the output with its name."""
        name = self.output(function)
        arn: str = self.client("lambda").get_function_configuration(FunctionName=name)["Role"]
        return f"arn:aws:sts::{arn.split(':')[4]}:assumed-role/{arn.rpartition('/')[2]}/"

    def _by_roles(self, since: int) -> list[dict[str, Any]]:
        """By roles' sessions; receiving queue messages for Lambda and invoking are not the functions' doing."""
        own = [entry for entry in self.calls(since) if ":assumed-role/" in entry["caller"]]
        return [entry for entry in own if not entry["name"].startswith(("sqs.", "logs.", "lambda."))]

    def writes(self, since: int) -> list[str]:
        """The mutating calls of the machines' functions, but for what every run writes: its report and the ledger."""
        own = [entry["name"] for entry in self.calls_of_functions(since) if entry["mutating"]]
        return [name for name in own if name != "s3.PutObject" and not name.startswith("dynamodb.")]

    def provision(self, request: Any) -> dict[str, Any]:
        """Start the machine and wait for its end; the finished execution, with ``history`` beside."""
        return self.finished(self.start("Provision", request))

    def teardown(self, cluster: str, **changes: Any) -> dict[str, Any]:
        """Tear a cluster down; the finished execution."""
        return self.finished(self.start("Teardown", {"clusterName": cluster, "confirm": cluster, **changes}))

    def start(self, machine: str, request: Any) -> str:
        """Start a machine; the execution's ARN."""
        arn: str = self.client("stepfunctions").start_execution(
            stateMachineArn=self.output(f"{machine}StateMachineArn"), input=json.dumps(request)
        )["executionArn"]
        return arn

    def executions(self, machine: str, since: Any) -> list[dict[str, Any]]:
        """A machine's executions that began at or after a time, the latest first."""
        arn = self.output(f"{machine}StateMachineArn")
        pages = self.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=arn)
        return [each for page in pages for each in page["executions"] if each["startDate"] >= since]

    def break_at(self, state: str) -> None:
        """Let time stand still when that state's function is invoked next."""
        self.control(f"breakpoint?function={state}Function", post=True)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Wait until the breakpoint is reached; time goes on when the block is left."""
        deadline = time.monotonic() + 60
        while not self.control("breakpoint")["reached"]:
            assert time.monotonic() < deadline, "the breakpoint was not reached"
            time.sleep(0.05)
        try:
            yield
        finally:
            self.control("clock/release", post=True)

    @contextlib.contextmanager
    def held_at(self, state: str, request: Any) -> Iterator[str]:
        """Start to provision, and hold the execution at that state; its ARN."""
        self.break_at(state)
        arn = self.start("Provision", request)
        with self.held():
            yield arn

    def stopped_at(self, state: str, request: Any) -> dict[str, Any]:
        """Start to provision and stop the execution when its function of that state is invoked."""
        with self.held_at(state, request) as arn:
            self.client("stepfunctions").stop_execution(executionArn=arn, error="Stopped", cause="by a test")
        return self.finished(arn)

    def ours(self, cluster: str) -> dict[str, list[str]]:
        """All that bears the cluster's mark, by kind; kinds of which there is nothing are left out."""
        ec2, mine = self.client("ec2"), [{"Name": "tag:eks-outposts-servers:cluster", "Values": [cluster]}]
        groups = self.client("autoscaling").describe_auto_scaling_groups(Filters=mine)["AutoScalingGroups"]
        reservations = ec2.describe_instances(Filters=mine)["Reservations"]
        instances = [instance for reservation in reservations for instance in reservation["Instances"]]
        found = {
            "groups": [group["AutoScalingGroupName"] for group in groups],
            "instances": [i["InstanceId"] for i in instances if i["State"]["Name"] != "terminated"],
            "templates": [
                template["LaunchTemplateId"]
                for template in ec2.describe_launch_templates(Filters=mine)["LaunchTemplates"]
            ],
            "interfaces": [
                interface["NetworkInterfaceId"]
                for interface in ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
            ],
            "subnets": [subnet["SubnetId"] for subnet in ec2.describe_subnets(Filters=mine)["Subnets"]],
            "clusters": [name for name in self.client("eks").list_clusters()["clusters"] if name == cluster],
        }
        return {kind: names for kind, names in found.items() if names}

    def ledger(self, cluster: str) -> dict[str, Any] | None:
        """The cluster's item, as DynamoDB answers it."""
        item: dict[str, Any] | None = (
            self.client("dynamodb")
            .get_item(TableName=self.output("LedgerTableName"), Key={"clusterName": {"S": cluster}})
            .get("Item")
        )
        return item

    def finished(self, arn: str, seconds: float = 120) -> dict[str, Any]:
        stepfunctions = self.client("stepfunctions")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            execution: dict[str, Any] = stepfunctions.describe_execution(executionArn=arn)
            if execution["status"] != "RUNNING":
                events = stepfunctions.get_execution_history(executionArn=arn, maxResults=1000)["events"]
                history = History()
                visits = list(history.read(events))
                return {**execution, "history": history, "visits": visits, "events": events}
            time.sleep(0.1)
        pytest.fail(f"the execution {arn} still runs after {seconds} s of real time")

    def settle(self, seconds: float = 60) -> None:
        """Wait until nothing runs and nothing is due: every event has been delivered and handled."""
        deadline = time.monotonic() + seconds
        while not self.control("clock")["idle"]:
            assert time.monotonic() < deadline, "the simulator does not come to rest"
            time.sleep(0.1)


def server_subnet(deployed: Deployed, cidr: str, outpost: str = SERVER_2U, zone: str = "us-west-2a") -> str:
    """Create a subnet on an Outpost, as an operator would; its id."""
    arn = f"arn:aws:outposts:us-west-2:123456789012:outpost/{outpost}"
    created = deployed.client("ec2").create_subnet(
        VpcId=deployed.output("VpcId"), CidrBlock=cidr, AvailabilityZone=zone, OutpostArn=arn
    )
    return str(created["Subnet"]["SubnetId"])


def lni_index(deployed: Deployed, subnet: str) -> int | None:
    (found,) = deployed.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"]
    index: int | None = found.get("EnableLniAtDeviceIndex")
    return index


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployed]:
    """One simulator with the stack for all tests; each names its own clusters and CIDR blocks."""
    with simulator(seed=1, name="test") as environment:
        deploy(environment, quiet=True)
        yield Deployed(environment)


@pytest.fixture(scope="session")
def deployed_in_existing_vpc() -> Iterator[Deployed]:
    """Another simulator, whose stack uses a VPC that was there before, with the nodes' CloudWatch agent on."""
    with simulator(seed=1, name="theirs") as environment:
        found = Deployed(environment)
        parameters = existing_vpc.make(found.client("ec2"))
        deploy(environment, quiet=True, parameters={**parameters, "NodeCloudWatchAgent": "true"})
        yield found


@pytest.fixture(scope="module", autouse=True)
def leave_nothing(deployed: Deployed) -> Iterator[None]:
    """Servers have few slots, and one simulator serves all modules: each tears down what it provisioned."""
    yield
    eks = deployed.client("eks")
    for name in eks.list_clusters()["clusters"]:
        if eks.describe_cluster(name=name)["cluster"]["tags"].get("eks-outposts-servers:cluster") == name:
            torn_down = deployed.teardown(name)
            assert torn_down["status"] == "SUCCEEDED", torn_down.get("cause")


@pytest.fixture
def deploy_copy(tmp_path: Path) -> Iterator[Callable[[Callable[[str], str]], Deployed]]:
    """Deploys a copy of the application whose template the test has changed, to a simulator of its own."""
    copy = tmp_path / "application"
    for part in ("functions", "kubernetes_client_layer", "statemachine"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("samconfig.toml", "guard.yaml"):
        shutil.copy(ROOT / file, copy)
    with simulator(seed=1, name="copy") as environment:

        def make(change: Callable[[str], str]) -> Deployed:
            (copy / "template.yaml").write_text(change((ROOT / "template.yaml").read_text()))
            env = {**tools(environment), "SAM_CLI_BETA_BUILD_PERFORMANCE": "1"}
            for command in (["sam", "build"], ["sam", "deploy"]):
                result = subprocess.run(
                    command, cwd=copy, env=env, capture_output=True, text=True, check=False
                )
                assert result.returncode == 0, result.stdout + result.stderr
            return Deployed(environment)

        yield make
