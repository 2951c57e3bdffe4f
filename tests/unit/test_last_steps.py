"""Where a run was and what its steps said last, from the newest events of its history."""

from typing import Any

from extended_cluster.last_steps import last_failure, under_way


def entered(name: str) -> dict[str, Any]:
    return {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": name}}


def exited(name: str) -> dict[str, Any]:
    return {"type": "TaskStateExited", "stateExitedEventDetails": {"name": name}}


def failed(**details: str) -> dict[str, Any]:
    return {"type": "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails": details}


HISTORY = [
    {"type": "ExecutionStarted"},
    entered("ValidateRequest"),
    exited("ValidateRequest"),
    entered("Nodes"),
    entered("AwaitInstances"),
    entered("AwaitInstances"),
    failed(error="NotReadyYet", cause='{"errorMessage": "One is pending."}'),
    exited("AwaitInstances"),
    failed(error="NotReadyYet", cause='{"errorMessage": "Two is pending."}'),
    {"type": "ExecutionTimedOut"},
]


def test_the_states_that_were_entered_and_not_left_in_order() -> None:
    assert under_way(HISTORY[::-1]) == ["Nodes", "AwaitInstances"]


def test_what_lies_before_the_events_is_not_guessed() -> None:
    assert under_way(HISTORY[:5:-1]) == []


def test_iterations_of_one_state_are_told_once() -> None:
    assert under_way([entered("VerifyLni"), entered("VerifyLni")]) == ["VerifyLni"]


def test_the_latest_failure_of_a_step_is_told_readably() -> None:
    assert last_failure(HISTORY[::-1]) == "NotReadyYet: Two is pending."
    assert last_failure([failed(cause="cut {")]) == "no error name: cut {"
    assert last_failure(HISTORY[:3]) is None


def test_a_step_that_lambda_did_not_run_counts() -> None:
    timed_out = {"lambdaFunctionTimedOutEventDetails": {"error": "States.Timeout"}}
    assert last_failure([timed_out]) == "States.Timeout: "
