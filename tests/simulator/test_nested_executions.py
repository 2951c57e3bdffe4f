"""startExecution.sync:2: the other execution runs in the same simulated time, and ends with the task that wants it."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import iam, stepfunctions, trail
from simulator.cloud import Cloud
from tests.simulator.lambda_cloud import lambda_cloud

ROLE = "arn:aws:iam::123456789012:role/machine"
STATES = "arn:aws:states:us-west-2:123456789012"
RULE = "arn:aws:events:us-west-2:123456789012:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
# Step Functions guide, "IAM policies for AWS Step Functions", synchronous.
MAY: dict[str, Any] = {
    "states:StartExecution": [f"{STATES}:stateMachine:child"],
    "states:DescribeExecution": [f"{STATES}:execution:child:*"],
    "states:StopExecution": [f"{STATES}:execution:child:*"],
    "events:PutTargets": [RULE],
    "events:PutRule": [RULE],
    "events:DescribeRule": [RULE],
}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        cloud.wrap(trail.layer(cloud))
        cloud.wrap(iam.layer(cloud))
        for package in (iam, trail, stepfunctions):
            cloud.install(package.operations(cloud))
        stepfunctions.point_interpreter_at(cloud)
        yield cloud


def allow(cloud: Cloud, without: str = "") -> None:
    """Give the machines their role, but for one action."""
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    client = cloud.client("iam")
    client.create_role(
        RoleName="machine",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    granted = [
        {"Effect": "Allow", "Action": action, "Resource": resources}
        for action, resources in MAY.items()
        if action != without
    ]
    client.put_role_policy(
        RoleName="machine",
        PolicyName="nested",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": granted}),
    )


def one(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": state}}


def calling(resource: str = "arn:aws:states:::states:startExecution.sync:2", **fields: Any) -> dict[str, Any]:
    parameters = {"StateMachineArn": f"{STATES}:stateMachine:child", "Input": {"name": "edge-1"}}
    return one({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **fields})


def make(cloud: Cloud, name: str, definition: dict[str, Any]) -> str:
    made = cloud.client("stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE
    )
    return str(made["stateMachineArn"])


def run(cloud: Cloud, parent: dict[str, Any], child: dict[str, Any]) -> str:
    """Start the parent; its execution's ARN."""
    make(cloud, "child", child)
    machine = make(cloud, "parent", parent)
    started = cloud.client("stepfunctions").start_execution(stateMachineArn=machine, input="{}")
    return str(started["executionArn"])


def ended(cloud: Cloud, execution: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: dict[str, Any] = cloud.client("stepfunctions").describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return found
        time.sleep(0.05)
    pytest.fail("the execution does not end")


def children(cloud: Cloud) -> list[dict[str, Any]]:
    listed = cloud.client("stepfunctions").list_executions(stateMachineArn=f"{STATES}:stateMachine:child")
    executions: list[dict[str, Any]] = listed["executions"]
    return executions


WAITING = one({"Type": "Wait", "Seconds": 600, "End": True})


def test_the_task_waits_for_the_other_execution_and_gets_its_output_as_json(cloud: Cloud) -> None:
    allow(cloud)
    found = ended(cloud, run(cloud, calling(), WAITING))
    assert found["status"] == "SUCCEEDED", found.get("cause")
    output = json.loads(found["output"])
    assert output["Output"] == {"name": "edge-1"}
    assert output["ExecutionArn"].startswith(f"{STATES}:execution:child:")
    assert 600 <= (found["stopDate"] - found["startDate"]).total_seconds() <= 605


def test_a_failed_one_fails_the_task_with_all_that_describe_execution_tells(cloud: Cloud) -> None:
    allow(cloud)
    found = ended(cloud, run(cloud, calling(), one({"Type": "Fail", "Error": "Told", "Cause": "so"})))
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    told = json.loads(found["cause"])
    assert (told["Status"], told["Error"], told["Cause"]) == ("FAILED", "Told", "so")
    assert told["ExecutionArn"] == children(cloud)[0]["executionArn"]


def test_it_is_stopped_with_the_execution_that_waits_for_it(cloud: Cloud) -> None:
    allow(cloud)
    arn = run(cloud, calling(), WAITING)
    cloud.clock.sleep(60)
    cloud.client("stepfunctions").stop_execution(executionArn=arn)
    cloud.clock.sleep(6)
    assert [child["status"] for child in children(cloud)] == ["ABORTED"]
    assert ended(cloud, arn)["status"] == "ABORTED"


def test_it_is_stopped_when_the_task_runs_out_of_time(cloud: Cloud) -> None:
    allow(cloud)
    arn = run(cloud, calling(TimeoutSeconds=100), WAITING)
    found = ended(cloud, arn)
    assert (found["status"], found["error"]) == ("FAILED", "States.Timeout")
    cloud.clock.sleep(6)
    assert [child["status"] for child in children(cloud)] == ["ABORTED"]
    kinds = {
        e["type"] for e in cloud.client("stepfunctions").get_execution_history(executionArn=arn)["events"]
    }
    assert "TaskSucceeded" not in kinds


@pytest.mark.parametrize("action", ["events:PutTargets", "events:PutRule", "events:DescribeRule"])
def test_a_role_that_may_not_make_the_rule_gets_no_machine(cloud: Cloud, action: str) -> None:
    allow(cloud, without=action)
    with pytest.raises(ClientError, match=f"'{ROLE}' is not authorized to create managed-rule"):
        run(cloud, calling(), WAITING)


@pytest.mark.parametrize("action", ["states:StartExecution", "states:DescribeExecution"])
def test_the_role_decides_what_the_task_may_do(cloud: Cloud, action: str) -> None:
    allow(cloud, without=action)
    found = ended(cloud, run(cloud, calling(), one({"Type": "Succeed"})))
    assert found["status"] == "FAILED"
    assert action in found["cause"]


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::states:startExecution",
        "arn:aws:states:::states:startExecution.waitForTaskToken",
        "arn:aws:states:::sqs:sendMessage",
        "arn:aws:states:::aws-sdk:ec2:describeVpcs",
    ],
)
def test_other_integrations_are_refused(cloud: Cloud, resource: str) -> None:
    allow(cloud)
    with pytest.raises(ClientError, match="does not model the service integration"):
        make(cloud, "parent", one({"Type": "Parallel", "Branches": [calling(resource)], "End": True}))
