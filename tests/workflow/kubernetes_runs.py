"""Runs of the machine against a cluster that stands: how they end, what they leave, and what they may wait for."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from tests.workflow.conftest import Deployed
from tests.workflow.kubernetes_api import Administrator, Json

STATES = {
    *(
        "GrantKubernetesAccess",
        "AwaitNodes",
        "LabelNodes",
        "EnsureLocalDns",
        "ApplyMetalLb",
        "ApplyAddressPools",
    ),
    *("StartVerification", "ReadVerification", "EndVerification", "RevokeKubernetesAccess"),
}


def report_of(deployed: Deployed, run: dict[str, Any]) -> Json:
    written = json.loads(run["output"])
    body = deployed.client("s3").get_object(Bucket=written["bucket"], Key=written["key"])["Body"]
    told: Json = json.load(body)
    return told


def unproven(report: Json) -> set[str]:
    """The findings that have not passed; lni-reach-across is told, and no run waits for it."""
    return {finding["id"] for finding in report["findings"] if finding["status"] != "pass"}


def proves(deployed: Deployed, request: Json, admin: Administrator, seconds: float = 120) -> Json:
    """A run after which every finding has passed and nothing is left; its report."""
    run = deployed.finished(deployed.start("Provision", request), seconds)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    report = report_of(deployed, run)
    assert unproven(report) <= {"lni-reach-across"}
    admin.require_nothing_left()
    return report


def fails(deployed: Deployed, arn: str, admin: Administrator, error: str, *said: str) -> None:
    """The run ends by that name, says all that, and leaves nothing."""
    run = deployed.finished(arn)
    assert (run["status"], run["error"]) == ("FAILED", error), run.get("cause")
    assert [text for text in said if text not in run["cause"]] == [], run["cause"]
    admin.require_nothing_left()


@contextlib.contextmanager
def looking(deployed: Deployed, state: str, looks: int) -> Iterator[None]:
    """The machine as an operator of less patience has it: that state gives up after so many looks."""
    stepfunctions, arn = deployed.client("stepfunctions"), deployed.output("ProvisionStateMachineArn")
    before = stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]
    changed = json.loads(before)
    (found,) = _states(changed, state)
    found["Parameters"]["lastLook"] = looks
    (waiting,) = [retrier for retrier in found["Retry"] if retrier["ErrorEquals"] == ["NotReadyYet"]]
    waiting["MaxAttempts"] = looks
    stepfunctions.update_state_machine(stateMachineArn=arn, definition=json.dumps(changed))
    try:
        yield
    finally:
        stepfunctions.update_state_machine(stateMachineArn=arn, definition=before)


def _states(part: Any, name: str) -> Iterator[Json]:
    match part:
        case dict():
            if name in part.get("States", {}):
                yield part["States"][name]
            for each in part.values():
                yield from _states(each, name)
        case list():
            for each in part:
                yield from _states(each, name)


@contextlib.contextmanager
def variable(deployed: Deployed, state: str, name: str, value: str) -> Iterator[None]:
    """A state's function with another value in its environment, as an update of the stack would give it."""
    functions, function = deployed.client("lambda"), deployed.physical(f"{state}Function")
    before = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    assert before[name] != value

    def give(variables: dict[str, str]) -> None:
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": variables})

    give({**before, name: value})
    try:
        yield
    finally:
        give(before)


@contextlib.contextmanager
def troubled_lan(deployed: Deployed, **troubles: list[str]) -> Iterator[None]:
    """The LAN has these troubles (docs/simulator.md) until the block is left, or more if it says so."""
    deployed.control("lan", post=True, body=troubles)
    try:
        yield
    finally:
        deployed.control("lan", post=True, body={"unplugged": [], "silent": []})


def role_of(deployed: Deployed, state: str) -> str:
    """The ARN of the role of a state's function."""
    name = deployed.physical(f"{state}Function")
    arn: str = deployed.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    return arn


def logged(deployed: Deployed) -> str:
    """All that the functions have logged; some of it of each that talks to Kubernetes in a green run."""
    logs = deployed.client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/lambda/")
    lines = {
        group["logGroupName"].rpartition("/")[2]: [
            event["message"]
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
            for event in page["events"]
        ]
        for groups in pages
        for group in groups["logGroups"]
    }
    assert sorted(state for state in STATES if not lines.get(state)) == []
    return "\n".join(line for each in lines.values() for line in each)
