"""The state machines' definitions: valid for two independent parsers, and in step with the functions' errors."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from statelint.linter import Linter

from extended_cluster.request_schema import MAX_CAPACITY_WAIT_MINUTES
from tests.unit.cloudformation_yaml import DEFINITION_TEXTS, definition, resources, template
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


MACHINES = {name: definition(name) for name in DEFINITION_TEXTS}
FAILED = {"ProvisionStateMachine": "ProvisioningFailed", "TeardownStateMachine": "TeardownFailed"}
# (machine, state) -> where it stands.
ALL = {(machine, place.name): place for machine in MACHINES for place in placed(MACHINES[machine]["States"])}
type Id = tuple[str, str]
# The one Task that calls no function of ours.
NESTED = ("ProvisionStateMachine", "RollBack")
TASKS = {key: place for key, place in ALL.items() if place.state["Type"] == "Task" and key != NESTED}
FUNCTIONS = resources("AWS::Serverless::Function")


def source(task: Id) -> Reached:
    return reached(FUNCTIONS[f"{task[1]}Function"]["Handler"].removesuffix(".handler"))


def retried(task: Id) -> list[str]:
    return [error for retrier in TASKS[task].state["Retry"] for error in retrier["ErrorEquals"]]


@pytest.fixture(params=sorted(TASKS), ids="/".join)
def task(request: pytest.FixtureRequest) -> Id:
    key: Id = request.param
    return key


@pytest.fixture(params=sorted(MACHINES))
def machine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_two_parsers_accept_the_definition(machine: str) -> None:
    assert Linter.validate(MACHINES[machine]) == []
    AmazonStateLanguageParser.parse(json.dumps(MACHINES[machine]))


def test_names_are_unique_in_the_whole_machine(machine: str) -> None:
    names = [place.name for place in placed(MACHINES[machine]["States"])]
    assert len(names) == len(set(names))


def test_task_calls_the_function_of_its_name_and_gives_it_what_it_reads(task: Id) -> None:
    state = TASKS[task].state
    assert state["Resource"].endswith(f":{task[1]}Function")
    given = {key.removesuffix(".$") for key in state["Parameters"]}
    assert "executionId" in given
    assert source(task).event_keys <= given


def test_every_function_but_those_that_events_call_is_a_state() -> None:
    assert {f"{name}Function" for _, name in TASKS} == FUNCTIONS.keys() - {
        "LniGuardFunction",
        "NotifyFailureFunction",
    }


def test_task_ends_in_time_after_its_function_and_before_its_machine(task: Id) -> None:
    assert (
        template()["Globals"]["Function"]["Timeout"]
        < TASKS[task].state["TimeoutSeconds"]
        < MACHINES[task[0]]["TimeoutSeconds"]
    )


def test_the_lease_lasts_as_long_as_its_machine_may_run(machine: str) -> None:
    lease = MACHINES[machine]["States"]["AcquireLease"]["Parameters"]
    assert lease["seconds"] == MACHINES[machine]["TimeoutSeconds"]


def test_the_machine_outlasts_all_its_waits_and_its_rollback(machine: str) -> None:
    places = [place for key, place in ALL.items() if key[0] == machine]
    waits = sum(place.state["Seconds"] for place in places if place.state["Type"] == "Wait")
    looks = sum(
        retrier["IntervalSeconds"] * retrier["MaxAttempts"]
        for place in places
        for retrier in place.state.get("Retry", [])
        if retrier["ErrorEquals"] == ["NotReadyYet"]
    )
    nested = sum(ALL[key].state["TimeoutSeconds"] for key in [NESTED] if key[0] == machine)
    assert waits + looks + nested < MACHINES[machine]["TimeoutSeconds"]


def test_rolling_back_runs_the_teardown_machine_to_its_end() -> None:
    state = ALL[NESTED].state
    assert state["Resource"] == "arn:aws:states:::states:startExecution.sync:2"
    assert state["Parameters"]["StateMachineArn"].endswith(":TeardownStateMachine")
    # Its own time-out comes first, with a cause.
    assert state["TimeoutSeconds"] > MACHINES["TeardownStateMachine"]["TimeoutSeconds"]
    assert "Retry" not in state
    asked = MACHINES["TeardownStateMachine"]["States"]["ValidateTeardown"]["Parameters"]["request.$"]
    assert asked == "$"
    assert {name.removesuffix(".$") for name in state["Parameters"]["Input"]} == {"clusterName", "confirm"}


def test_only_a_cluster_that_the_run_itself_began_is_rolled_back() -> None:
    states = MACHINES["ProvisionStateMachine"]["States"]
    reached_from = {name for name, state in states.items() if "RollBack" in following(state)}
    assert reached_from == {"KeepOrRollBack"}
    *before, last = states["KeepOrRollBack"]["Choices"]
    assert last == {"Variable": "$.plan.cluster.exists", "BooleanEquals": False, "Next": "RollBack"}
    assert [choice["Next"] for choice in before] == ["TellFailure", "KeepExisting", "KeepComplete"]
    # What marks a complete cluster is what the last step that makes anything leaves.
    assert before[2]["Variable"] == states["EnsureCoreDns"]["ResultPath"]
    assert states["KeepOrRollBack"]["Default"] == "TellFailure"


def test_room_can_be_waited_for_as_long_as_a_request_may_say() -> None:
    """And a full server is told as such before AwaitInstances has looked its last time."""
    for name, at_least in (("CheckOutposts", 0), ("AwaitInstances", 1)):
        state = TASKS["ProvisionStateMachine", name].state
        (waiting,) = (r for r in state["Retry"] if r["ErrorEquals"] == ["NotReadyYet"])
        assert state["Parameters"]["intervalSeconds"] == waiting["IntervalSeconds"]
        seconds = waiting["IntervalSeconds"] * waiting["MaxAttempts"]
        assert MAX_CAPACITY_WAIT_MINUTES * 60 + at_least <= seconds, name


def test_every_name_in_retry_and_catch_exists() -> None:
    named = {
        error
        for place in ALL.values()
        for handler in [*place.state.get("Retry", []), *place.state.get("Catch", [])]
        for error in handler["ErrorEquals"]
    }
    assert named <= error_classes() | AWS_ERRORS
    assert {"NotReadyYet", "Throttled"} <= named


def test_no_retrier_is_unreachable(task: Id) -> None:
    names = retried(task)
    assert len(names) == len(
        set(names)
    )  # an earlier retrier takes the error, even when its attempts are spent
    assert not {"States.ALL", "States.TaskFailed"} & set(names)  # these would swallow the ones after them


def test_waiting_is_retried_exactly_where_the_code_raises_it(task: Id) -> None:
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


def test_throttling_is_retried_exactly_where_the_code_calls_aws(task: Id) -> None:
    assert ("Throttled" in retried(task)) == bool(source(task).actions)


def test_faults_of_lambda_are_retried_everywhere(task: Id) -> None:
    assert set(retried(task)) >= AWS_ERRORS - {"States.ALL"}


def test_errors_are_never_retried_that_trying_again_cannot_cure(task: Id) -> None:
    assert error_classes() & set(retried(task)) <= {"NotReadyYet", "Throttled"}


def of_a_server(place: Placed) -> bool:
    """Whether it is inside a Map: what happens there happens to one server."""
    return any(outer.state["Type"] == "Map" for outer in place.around)


def test_the_top_level_and_the_tasks_of_a_server_catch_everything_and_nothing_else_does() -> None:
    for place in ALL.values():
        fallible = place.state["Type"] in ("Task", "Parallel", "Map")
        catches = fallible and (not place.around or of_a_server(place))
        assert ("Catch" in place.state) == catches, place.name


@pytest.mark.parametrize(
    "key", sorted(key for key, place in TASKS.items() if of_a_server(place)), ids="/".join
)
def test_a_servers_failure_is_kept_under_the_states_name_and_ends_its_iteration(key: Id) -> None:
    (catcher,) = TASKS[key].state["Catch"]
    assert catcher["ResultPath"] == f"$.failed.{key[1]}"
    assert terminals(catcher["Next"], TASKS[key].siblings) == {catcher["Next"]}


def test_a_server_that_failed_early_goes_along_to_where_all_are_gathered() -> None:
    """It makes no nodes, and GatherServers is the first to judge."""
    states = {
        name: place.state for (machine, name), place in ALL.items() if machine == "ProvisionStateMachine"
    }
    assert states["Nodes"]["ItemSelector"]["failed.$"] == "$$.Map.Item.Value.failed"
    (choice,) = states["EdgeMade"]["Choices"]
    assert choice == {"Variable": "$.deviceIndex", "IsNull": True, "Next": "NodesFailed"}
    assert states["Nodes"]["ItemProcessor"]["StartAt"] == "EdgeMade"
    assert states["Nodes"]["Next"] == "GatherServers"


def test_every_error_that_a_state_can_raise_ends_in_the_fail_state_or_with_its_server(task: Id) -> None:
    raised = source(task).raised | (WIRING_ERRORS if source(task).actions else set()) | {"Lambda.Unknown"}
    reached_ends = set().union(*(ends(TASKS[task], error) for error in raised))
    if of_a_server(TASKS[task]):
        assert reached_ends == {TASKS[task].state["Catch"][0]["Next"]}
        return
    # A deleting step lets the next ones try; the second look (ProveGone) decides.
    goes_on = {"TornDown"} if task[1].startswith("Delete") else set()
    assert reached_ends == {FAILED[task[0]]} | goes_on


def ends(place: Placed, error: str) -> set[str]:
    """The names of the terminal states that the error can lead to; an error nobody catches has none."""
    for here in (place, *place.around):
        for catcher in here.state.get("Catch", []):
            if {error, "States.ALL"} & set(catcher["ErrorEquals"]):
                return terminals(catcher["Next"], here.siblings)
    raise AssertionError(f"{error} of {place.name} is caught nowhere")


def terminals(name: str, states: dict[str, Any]) -> set[str]:
    if not following(states[name]):
        return {name}
    return {end for next_name in following(states[name]) for end in terminals(next_name, states)}


def following(state: dict[str, Any]) -> set[str]:
    """The names of the states that may come next."""
    return {
        *(state[field] for field in ("Next", "Default") if field in state),
        *(choice["Next"] for choice in state.get("Choices", [])),
        *(catcher["Next"] for catcher in state.get("Catch", [])),
    }


def test_the_fail_state_tells_error_and_cause(machine: str) -> None:
    failed = ALL[machine, FAILED[machine]].state
    assert failed["Type"] == "Fail"
    assert failed["ErrorPath"] == "$.Error"
    assert failed["CausePath"] == "$.Cause"


def test_from_the_lease_on_every_failure_gives_it_back(machine: str) -> None:
    """Before it there is nothing to give back; RecordFailure itself must not try again."""
    states = MACHINES[machine]["States"]
    leased = terminal_path(states["AcquireLease"]["Next"], states)
    for name in leased:
        for catcher in states[name].get("Catch", []):
            assert catcher["Next"] in (leased | {"RecordFailure"}), name
            assert catcher["ResultPath"].startswith("$.failure"), name


def terminal_path(name: str, states: dict[str, Any]) -> set[str]:
    """The states from one to the green end, in the order of Next."""
    return {name} | (terminal_path(states[name]["Next"], states) if "Next" in states[name] else set())
