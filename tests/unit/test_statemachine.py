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
# Before a function inside a VPC has network interfaces (Lambda guide, "Troubleshoot networking issues").
VPC_ERRORS = {
    "Lambda.ResourceNotReadyException",
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
}
# What time cures when it comes from the Kubernetes API: a new access entry, an interface on its way.
KUBERNETES_ERRORS = {"KubernetesUnreachable", "KubernetesUnauthorized", "KubernetesForbidden"}
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


def called(task: Id) -> str:
    """The logical id of the function that the Task calls."""
    resource: str = TASKS[task].state["Resource"]
    return resource.rpartition(":")[2]


def source(task: Id) -> Reached:
    return reached(FUNCTIONS[called(task)]["Handler"].removesuffix(".handler"))


def in_the_vpc(task: Id) -> bool:
    """Whether the Task's function talks to Kubernetes."""
    return "VpcConfig" in FUNCTIONS[called(task)]


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
    # The drill does again what the run has done before; names are unique in a machine.
    assert called(task) in (f"{task[1]}Function", f"{task[1].removesuffix('Again')}Function")
    given = {key.removesuffix(".$") for key in state["Parameters"]}
    assert "executionId" in given
    assert source(task).event_keys <= given


def test_every_function_but_those_that_events_call_is_a_state() -> None:
    assert {called(task) for task in TASKS} == FUNCTIONS.keys() - {
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
    waits = sum(rounds(place) * place.state["Seconds"] for place in places if place.state["Type"] == "Wait")
    looks = sum(
        rounds(place) * retrier["IntervalSeconds"] * retrier["MaxAttempts"]
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
    # What marks a complete cluster is what the end of its proof leaves, or the word that there is none.
    assert {states[name]["ResultPath"] for name in ("DescribeProof", "Unproven")} == {before[2]["Variable"]}
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
    assert named <= error_classes() | AWS_ERRORS | VPC_ERRORS
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


def test_throttling_is_retried_exactly_where_the_code_calls_an_api(task: Id) -> None:
    assert ("Throttled" in retried(task)) == (bool(source(task).actions) or in_the_vpc(task))


def test_what_a_function_in_the_vpc_meets_in_its_first_minutes_is_retried(task: Id) -> None:
    assert (set(retried(task)) >= VPC_ERRORS | KUBERNETES_ERRORS) == in_the_vpc(task)


def test_faults_of_lambda_are_retried_everywhere(task: Id) -> None:
    assert set(retried(task)) >= AWS_ERRORS - {"States.ALL"}


def test_errors_are_never_retried_that_trying_again_cannot_cure(task: Id) -> None:
    curable = {"NotReadyYet", "Throttled"} | (KUBERNETES_ERRORS if in_the_vpc(task) else set())
    assert error_classes() & set(retried(task)) <= curable


def of_the_drill(place: Placed) -> bool:
    """Whether it is a state of the drill, which ends with the first address that does not move."""
    return any(outer.name == "Drill" for outer in place.around)


def rounds(place: Placed) -> int:
    """How often a run comes by: the drill has its rounds."""
    planned: list[int] = MACHINES["ProvisionStateMachine"]["States"]["PlanDrill"]["Result"]
    return len(planned) if of_the_drill(place) else 1


def of_a_server(place: Placed) -> bool:
    """Whether it is inside a Map: what happens there happens to one server, and must not end the others."""
    return any(outer.state["Type"] == "Map" for outer in place.around) and not of_the_drill(place)


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
    goes_on = (
        {"TornDown"}
        if task[0].startswith("Teardown") and "$.failures." in str(TASKS[task].state["Catch"])
        else set()
    )
    assert reached_ends == {FAILED[task[0]]} | goes_on


def ends(place: Placed, error: str) -> set[str]:
    """The names of the terminal states that the error can lead to; an error nobody catches has none."""
    for here in (place, *place.around):
        for catcher in here.state.get("Catch", []):
            if {error, "States.ALL"} & set(catcher["ErrorEquals"]):
                return terminals(catcher["Next"], here.siblings, catcher.get("ResultPath"))
    raise AssertionError(f"{error} of {place.name} is caught nowhere")


def terminals(name: str, states: dict[str, Any], caught: str | None = None) -> set[str]:
    """caught: the path of the error that is on its way; a Choice that asks first whether it is there goes by it."""
    if not following(states[name]):
        return {name}
    asked = [choice for choice in states[name].get("Choices", []) if "IsPresent" in choice]
    there = [choice["Next"] for choice in asked if caught and choice.get("Variable") == caught]
    nexts = there or following(states[name])
    return {end for next_name in nexts for end in terminals(next_name, states, caught)}


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
    # What is done well or not: the way of an error goes through these, too.
    passed = {"EndVerification", "RevokeKubernetesAccess", "JudgeKubernetes", "RevokeOrSkip"}
    for name in leased:
        for catcher in states[name].get("Catch", []):
            assert catcher["Next"] in (leased | passed | {"RecordFailure"}), name
            assert catcher["ResultPath"].startswith(("$.failure", "$.left", "$.unrevoked")), name


def test_whatever_fails_from_the_access_on_ends_the_access() -> None:
    states = MACHINES["ProvisionStateMachine"]["States"]
    entered = terminal_path("GrantKubernetesAccess", states) - terminal_path("RevokeKubernetesAccess", states)
    assert {"AwaitNodes", "ClusterServices", "ReadVerification"} <= entered
    for name in entered:
        for catcher in states[name].get("Catch", []):
            assert catcher["Next"] in ("EndVerification", "RevokeKubernetesAccess", "RevokeOrSkip"), name
    assert states["RevokeOrSkip"]["Default"] == states["EndVerification"]["Next"] == "RevokeKubernetesAccess"
    (catcher,) = states["EndVerification"]["Catch"]
    assert catcher["Next"] == "RevokeKubernetesAccess"
    # The first failure is the one that is told.
    asked = [(choice["Variable"], choice["Next"]) for choice in states["JudgeKubernetes"]["Choices"]]
    assert asked[0] == ("$.failure", "RecordFailure")
    assert [variable for variable, _ in asked] == ["$.failure", "$.left", "$.unrevoked"]


def terminal_path(name: str, states: dict[str, Any]) -> set[str]:
    """The states from one to the green end, in the order of Next, at a Choice of Default."""
    onward = states[name].get("Next") or states[name].get("Default")
    return {name} | (terminal_path(onward, states) if onward else set())
