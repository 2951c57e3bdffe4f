"""The state machine's definition: valid for two independent parsers, and in step with the functions' errors."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from statelint.linter import Linter

from tests.unit.cloudformation_yaml import definition, resources, template
from tests.unit.handler_source import Reached, error_classes, reached

# Step Functions guide, "Handling errors in Step Functions workflows" and "Handle transient Lambda service
# exceptions"; Sandbox.Timedout and Runtime.ExitError are what Lambda calls a
# function's timeout and its process's end.
AWS_ERRORS = {
    "States.ALL",
    "States.Timeout",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
}
# Raised by the wiring that every state has (extended_cluster/handler.py), where a step calls AWS.
WIRING_ERRORS = {"Throttled", "AccessDenied", "AwsCallFailed"}


@dataclass(frozen=True)
class Placed:
    """A state with the states beside it and the states around it, the innermost first."""

    name: str
    state: dict[str, Any]
    siblings: dict[str, Any]
    around: tuple["Placed", ...]


def placed(states: dict[str, Any], around: tuple[Placed, ...] = ()) -> Iterator[Placed]:
    for name, state in states.items():
        here = Placed(name, state, states, around)
        yield here
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from placed(inner["States"], (here, *around))


MACHINE = definition()
ALL = {place.name: place for place in placed(MACHINE["States"])}
TASKS = {name: place for name, place in ALL.items() if place.state["Type"] == "Task"}
FUNCTIONS = resources("AWS::Serverless::Function")


def source(name: str) -> Reached:
    return reached(FUNCTIONS[f"{name}Function"]["Handler"].removesuffix(".handler"))


def retried(name: str) -> list[str]:
    return [error for retrier in TASKS[name].state["Retry"] for error in retrier["ErrorEquals"]]


@pytest.fixture(params=sorted(TASKS))
def task(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_two_parsers_accept_the_definition() -> None:
    assert Linter.validate(MACHINE) == []
    AmazonStateLanguageParser.parse(json.dumps(MACHINE))


def test_names_are_unique_in_the_whole_machine() -> None:
    names = [place.name for place in placed(MACHINE["States"])]
    assert len(names) == len(set(names))


def test_task_calls_the_function_of_its_name_and_gives_it_what_it_reads(task: str) -> None:
    state = TASKS[task].state
    assert state["Resource"].endswith(f":{task}Function")
    given = {key.removesuffix(".$") for key in state["Parameters"]}
    assert "executionId" in given
    assert source(task).event_keys <= given


def test_every_function_but_the_guard_is_a_state() -> None:
    assert {f"{name}Function" for name in TASKS} == FUNCTIONS.keys() - {"LniGuardFunction"}


def test_task_ends_in_time_after_its_function_and_before_its_machine(task: str) -> None:
    assert (
        template()["Globals"]["Function"]["Timeout"]
        < TASKS[task].state["TimeoutSeconds"]
        < MACHINE["TimeoutSeconds"]
    )


def test_the_machine_outlasts_all_its_waits() -> None:
    waits = sum(place.state["Seconds"] for place in ALL.values() if place.state["Type"] == "Wait")
    looks = sum(
        retrier["IntervalSeconds"] * retrier["MaxAttempts"]
        for place in TASKS.values()
        for retrier in place.state["Retry"]
        if retrier["ErrorEquals"] == ["NotReadyYet"]
    )
    assert waits + looks < MACHINE["TimeoutSeconds"]


def test_every_name_in_retry_and_catch_exists() -> None:
    named = {
        error
        for place in ALL.values()
        for handler in [*place.state.get("Retry", []), *place.state.get("Catch", [])]
        for error in handler["ErrorEquals"]
    }
    assert named <= error_classes() | AWS_ERRORS
    assert {"NotReadyYet", "Throttled"} <= named


def test_no_retrier_is_unreachable(task: str) -> None:
    names = retried(task)
    assert len(names) == len(
        set(names)
    )  # an earlier retrier takes the error, even when its attempts are spent
    assert not {"States.ALL", "States.TaskFailed"} & set(names)  # these would swallow the ones after them


def test_waiting_is_retried_exactly_where_the_code_raises_it(task: str) -> None:
    assert ("NotReadyYet" in retried(task)) == ("NotReadyYet" in source(task).raised)


def test_waiting_looks_again_at_a_fixed_interval() -> None:
    waiting = [
        retrier
        for place in TASKS.values()
        for retrier in place.state["Retry"]
        if "NotReadyYet" in retrier["ErrorEquals"]
    ]
    assert {retrier["BackoffRate"] for retrier in waiting} == {1.0}
    assert all(retrier["ErrorEquals"] == ["NotReadyYet"] for retrier in waiting)


def test_throttling_is_retried_exactly_where_the_code_calls_aws(task: str) -> None:
    assert ("Throttled" in retried(task)) == bool(source(task).actions)


def test_faults_of_lambda_are_retried_everywhere(task: str) -> None:
    assert set(retried(task)) >= AWS_ERRORS - {"States.ALL"}


def test_errors_are_never_retried_that_trying_again_cannot_cure(task: str) -> None:
    assert error_classes() & set(retried(task)) <= {"NotReadyYet", "Throttled"}


def of_a_server(place: Placed) -> bool:
    """Whether it is inside a Map: what happens there happens to one server."""
    return any(outer.state["Type"] == "Map" for outer in place.around)


def test_the_top_level_and_the_tasks_of_a_server_catch_everything_and_nothing_else_does() -> None:
    for place in ALL.values():
        fallible = place.state["Type"] in ("Task", "Parallel", "Map")
        catches = fallible and (not place.around or of_a_server(place))
        assert ("Catch" in place.state) == catches, place.name


@pytest.mark.parametrize("name", sorted(name for name, place in TASKS.items() if of_a_server(place)))
def test_a_servers_failure_is_kept_under_the_states_name_and_ends_its_iteration(name: str) -> None:
    (catcher,) = TASKS[name].state["Catch"]
    assert catcher["ResultPath"] == f"$.failed.{name}"
    assert terminals(catcher["Next"], TASKS[name].siblings) == {catcher["Next"]}


def test_a_server_that_failed_early_goes_along_to_where_all_are_gathered() -> None:
    """It makes no nodes, and GatherServers is the first to judge."""
    assert ALL["Nodes"].state["ItemSelector"]["failed.$"] == "$$.Map.Item.Value.failed"
    (choice,) = ALL["EdgeMade"].state["Choices"]
    assert choice == {"Variable": "$.deviceIndex", "IsNull": True, "Next": "NodesFailed"}
    assert ALL["Nodes"].state["ItemProcessor"]["StartAt"] == "EdgeMade"
    assert ALL["Nodes"].state["Next"] == "GatherServers"


def test_every_error_that_a_state_can_raise_ends_in_the_fail_state_or_with_its_server(task: str) -> None:
    raised = source(task).raised | (WIRING_ERRORS if source(task).actions else set()) | {"Lambda.Unknown"}
    ended = {ends(TASKS[task], error) for error in raised}
    if of_a_server(TASKS[task]):
        assert ended == {TASKS[task].state["Catch"][0]["Next"]}
    else:
        assert ended == {"ProvisioningFailed"}


def ends(place: Placed, error: str) -> str:
    """The name of the one terminal state that the error leads to; an error nobody catches has none."""
    for here in (place, *place.around):
        for catcher in here.state.get("Catch", []):
            if {error, "States.ALL"} & set(catcher["ErrorEquals"]):
                (terminal,) = terminals(catcher["Next"], here.siblings)
                return terminal
    raise AssertionError(f"{error} of {place.name} is caught nowhere")


def terminals(name: str, states: dict[str, Any]) -> set[str]:
    state = states[name]
    following = [
        state.get("Next"),
        state.get("Default"),
        *(choice.get("Next") for choice in state.get("Choices", [])),
    ]
    if not any(following):
        return {name}
    return {end for next_name in filter(None, following) for end in terminals(next_name, states)}


def test_the_fail_state_tells_error_and_cause() -> None:
    assert ALL["ProvisioningFailed"].state["Type"] == "Fail"
    assert ALL["ProvisioningFailed"].state["ErrorPath"] == "$.Error"
    assert ALL["ProvisioningFailed"].state["CausePath"] == "$.Cause"
