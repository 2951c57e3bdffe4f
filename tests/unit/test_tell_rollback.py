"""TellRollback: the first error by its name, and in its cause what came of the rollback."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
import tell_rollback

MACHINE = "arn:aws:states:us-west-2:123456789012:stateMachine:teardown"
RUN = "arn:aws:states:us-west-2:123456789012:execution:teardown:run-1"
FAILURE = {"Error": "ServersFailed", "Cause": json.dumps({"errorMessage": "1 of 1 server(s) failed."})}
AGAIN = (
    f"aws stepfunctions start-execution --region us-west-2 --state-machine-arn {MACHINE} "
    '--input \'{"clusterName": "edge-1", "confirm": "edge-1"}\''
)


def tell(rollback: dict[str, Any], failure: dict[str, str] = FAILURE) -> str:
    event = {
        "executionId": "execution-1",
        "clusterName": "edge-1",
        "teardown": MACHINE,
        "failure": failure,
        "rollback": rollback,
    }
    told = tell_rollback.handler(event, SimpleNamespace(aws_request_id="request-1"))
    assert told["Error"] == failure["Error"]
    cause: str = told["Cause"]
    return cause


def test_what_is_gone_is_named_with_the_teardowns_execution() -> None:
    deleted = {"subnets": ["subnet-1", "subnet-2"], "clusters": ["edge-1"]}
    assert tell({"execution": RUN, "deleted": deleted}) == (
        "1 of 1 server(s) failed. Rolled back, so nothing of cluster edge-1 is kept "
        f"(deleted subnets: subnet-1, subnet-2; clusters: edge-1). Teardown: {RUN}."
    )
    assert "deleted nothing" in tell({"execution": RUN, "deleted": {}})


@pytest.mark.parametrize(
    ("kept", "said"), [("existed", "existed before this run"), ("complete", "is complete and works")]
)
def test_why_nothing_was_rolled_back_is_said(kept: str, said: str) -> None:
    told = tell({"kept": kept})
    assert told.startswith("1 of 1 server(s) failed. Not rolled back: cluster edge-1 ")
    assert said in told
    assert RUN not in told


@pytest.mark.parametrize(
    ("rollback", "said"),
    [
        (
            {"ExecutionArn": RUN, "Status": "FAILED", "Error": "LeaseHeld", "Cause": "Another works on it."},
            f"teardown {RUN} ended FAILED: LeaseHeld: Another works on it.",
        ),
        ({"ExecutionArn": RUN, "Status": "TIMED_OUT"}, f"teardown {RUN} ended TIMED_OUT: it told nothing."),
        ({"ExecutionArn": RUN, "Status": "ABORTED", "Error": "Stopped"}, "ended ABORTED: Stopped: "),
    ],
)
def test_a_failed_rollback_is_told_by_its_own_error_and_with_the_next_command(
    rollback: dict[str, str], said: str
) -> None:
    told = tell({"Error": "States.TaskFailed", "Cause": json.dumps(rollback)})
    assert told.startswith(
        "1 of 1 server(s) failed. The rollback failed, so parts of cluster edge-1 are left: "
    )
    assert said in told
    assert told.endswith(AGAIN)


@pytest.mark.parametrize(
    "failed",
    [
        {"Error": "StepFunctions.AccessDeniedException", "Cause": "not authorized"},
        {"Error": "States.TaskFailed", "Cause": '{"Status": "FAI'},
        {"Error": "States.Timeout"},
    ],
)
def test_a_rollback_that_never_was_an_execution_is_told_as_it_came(failed: dict[str, str]) -> None:
    told = tell(failed)
    assert f"{failed['Error']}: {failed.get('Cause', '')}" in told
    assert told.endswith(AGAIN)


def test_the_next_command_survives_causes_of_any_length() -> None:
    """Step Functions cuts a cause at 32,768 characters."""
    long = {"Error": "States.TaskFailed", "Cause": "y" * 40_000}
    told = tell(long, {"Error": "X", "Cause": "x" * 40_000})
    assert len(told) < 32_768
    assert told.endswith(AGAIN)


def test_a_failure_without_a_cause_is_told_too() -> None:
    assert tell({"kept": "existed"}, {"Error": "States.Timeout"}).startswith("Step Functions gave no cause")
