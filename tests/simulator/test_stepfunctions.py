"""The interpreter on our clock and our Lambda: waits, retries, time limits, and what a broken function looks like."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import iam, stepfunctions, trail
from simulator.cloud import Cloud
from tests.simulator.lambda_cloud import create, lambda_cloud

FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:f"
MACHINE_ROLE = "arn:aws:iam::123456789012:role/machine"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        cloud.install(trail.operations(cloud))
        cloud.install(stepfunctions.operations(cloud))
        stepfunctions.point_interpreter_at(cloud)
        yield cloud


def execute(cloud: Cloud, definition: dict[str, Any], given: Any = None) -> dict[str, Any]:
    """Run a definition to its end; the execution, with its simulated ``seconds``."""
    client = cloud.client("stepfunctions")
    arn = client.create_state_machine(name="m", definition=json.dumps(definition), roleArn=MACHINE_ROLE)[
        "stateMachineArn"
    ]
    execution = client.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return {**found, "seconds": (found["stopDate"] - found["startDate"]).total_seconds()}
        time.sleep(0.05)
    pytest.fail("the execution does not end")


def one(state: dict[str, Any], **machine: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": {**state, "End": True}}, **machine}


def task(**fields: Any) -> dict[str, Any]:
    return one({"Type": "Task", "Resource": FUNCTION, **fields})


def test_a_wait_takes_its_simulated_time_and_hardly_any_real_time(cloud: Cloud) -> None:
    began = time.monotonic()
    assert execute(cloud, one({"Type": "Wait", "Seconds": 5400}))["seconds"] == 5400
    assert time.monotonic() - began < 10


def test_branches_wait_beside_each_other(cloud: Cloud) -> None:
    branches = [one({"Type": "Wait", "Seconds": seconds}) for seconds in (30, 60, 45)]
    assert execute(cloud, one({"Type": "Parallel", "Branches": branches}))["seconds"] == 60


def test_the_machines_time_limit_is_simulated_too(cloud: Cloud) -> None:
    ended = execute(cloud, one({"Type": "Wait", "Seconds": 600}, TimeoutSeconds=100))
    assert (ended["status"], ended["seconds"]) == ("TIMED_OUT", 100)


def test_retries_wait_their_intervals_in_simulated_time(cloud: Cloud) -> None:
    create(cloud, "class NotReadyYet(Exception): ...\ndef handler(event, context): raise NotReadyYet('no')")
    retry = {"ErrorEquals": ["NotReadyYet"], "IntervalSeconds": 100, "MaxAttempts": 3, "BackoffRate": 2.0}
    ended = execute(cloud, task(Retry=[retry]))
    assert (ended["status"], ended["error"]) == ("FAILED", "NotReadyYet")
    assert 700 < ended["seconds"] < 720
    assert json.loads(ended["cause"])["errorMessage"] == "no"


def test_a_tasks_time_limit_ends_it_with_states_timeout(cloud: Cloud) -> None:
    create(cloud, "def handler(event, context): return 1")
    cloud._latencies._table = {**cloud._latencies._table, "lambda.invoke": {"mean": 2.5}}
    ended = execute(cloud, task(TimeoutSeconds=2))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import os\ndef handler(event, context): os._exit(3)", "Runtime.ExitError"),
        ("import not_in_the_zip\ndef handler(event, context): ...", "Runtime.ImportModuleError"),
        ("def handler(event, context): {}['x']", "KeyError"),
    ],
)
def test_a_broken_function_gives_its_error_by_lambdas_name(cloud: Cloud, source: str, error: str) -> None:
    create(cloud, source)
    assert execute(cloud, task())["error"] == error


def test_a_function_over_its_time_limit_is_sandbox_timedout(cloud: Cloud) -> None:
    create(cloud, "import time\ndef handler(event, context): time.sleep(60)", Timeout=1)
    cloud.functions.patience = 2.0
    ended = execute(cloud, task())
    assert ended["error"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in json.loads(ended["cause"])["errorMessage"]


def test_a_machine_whose_role_may_not_invoke_the_function_fails_by_that_name(cloud: Cloud) -> None:
    create(cloud, "def handler(event, context): return 1")
    cloud.wrap(iam.layer(cloud))
    cloud.install(iam.operations(cloud))
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    cloud.client("iam").create_role(
        RoleName="machine",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    ended = execute(cloud, task())
    assert ended["error"] == "Lambda.AWSLambdaException"
    assert "lambda:InvokeFunction" in json.loads(ended["cause"])["errorMessage"]


def test_a_definition_that_is_none_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="InvalidDefinition"):
        execute(cloud, {"StartAt": "Nowhere"})


def test_a_stopped_execution_is_aborted_at_once_and_stays_so(cloud: Cloud) -> None:
    client = cloud.client("stepfunctions")
    caught = {"Type": "Wait", "Seconds": 60}
    machine = client.create_state_machine(
        name="stopped",
        definition=json.dumps(one({"Type": "Parallel", "Branches": [one(caught), one(caught)]})),
        roleArn=MACHINE_ROLE,
    )["stateMachineArn"]
    cloud.clock.hold()
    arn = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    while client.describe_execution(executionArn=arn)["status"] != "RUNNING":
        time.sleep(0.01)
    client.stop_execution(executionArn=arn, error="Stopped", cause="by hand")
    stopped = client.describe_execution(executionArn=arn)
    assert (stopped["status"], stopped["error"], stopped["cause"]) == ("ABORTED", "Stopped", "by hand")
    cloud.clock.release()
    cloud.clock.sleep(120)
    assert client.describe_execution(executionArn=arn) | {"ResponseMetadata": 0} == stopped | {
        "ResponseMetadata": 0
    }
    events = client.get_execution_history(executionArn=arn)["events"]
    assert events[-1]["type"] == "ExecutionAborted"
    newest = client.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=2)
    assert newest["events"] == [events[-1], events[-2]]
    assert newest["nextToken"]


def test_after_a_time_out_nothing_more_happens(cloud: Cloud) -> None:
    branch = {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Then"},
            "Then": {"Type": "Pass", "End": True},
        },
    }
    ended = execute(cloud, one({"Type": "Parallel", "Branches": [branch, branch]}, TimeoutSeconds=30))
    assert (ended["status"], ended["seconds"]) == ("TIMED_OUT", 30)
    cloud.clock.sleep(120)
    client = cloud.client("stepfunctions")
    assert client.describe_execution(executionArn=ended["executionArn"])["status"] == "TIMED_OUT"
    events = client.get_execution_history(executionArn=ended["executionArn"])["events"]
    assert [event["type"] for event in events[-3:]] == [
        "WaitStateEntered",
        "WaitStateEntered",
        "ExecutionTimedOut",
    ]


def test_express_machines_are_refused(cloud: Cloud) -> None:
    definition = json.dumps(one({"Type": "Pass"}))
    with pytest.raises(ClientError, match="does not model"):
        cloud.client("stepfunctions").create_state_machine(
            name="express", definition=definition, roleArn=MACHINE_ROLE, type="EXPRESS"
        )
