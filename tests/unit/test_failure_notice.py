"""The notice says what happened, why, what is kept and the next command, and SNS takes it."""

import json
import re
import shlex
from dataclasses import replace
from typing import Any

import pytest
import tell_rollback

from extended_cluster.failure_notice import Places, Run, cluster_of, facts, subject, text
from tests.unit.test_documents import faults

STATES = "arn:aws:states:us-west-2:123456789012"
TEARDOWN = f"{STATES}:stateMachine:stack-Teardown-1"
RUN = Run(
    machine="provision",
    machine_arn=f"{STATES}:stateMachine:stack-Provision-1",
    arn=f"{STATES}:execution:stack-Provision-1:run-1",
    status="FAILED",
    cluster="edge-1",
    error="NodesFailed",
    cause="No room. Free a slot.",
)
PLACES = Places(TEARDOWN, "/aws/vendedlogs/states/stack/Provision", "/aws/lambda/stack/")


def notice(**changes: Any) -> str:
    return text(replace(RUN, **changes), PLACES)


def commands(message: str) -> list[list[str]]:
    lines = [line.partition(" > ")[0] for line in message.splitlines() if line.startswith("  aws ")]
    return [shlex.split(line) for line in lines]


def test_a_failed_run() -> None:
    assert notice() == (
        "The provision run of cluster edge-1 has failed (FAILED).\n"
        f"{STATES}:execution:stack-Provision-1:run-1\n"
        "\n"
        "Error: NodesFailed\n"
        "Cause: No room. Free a slot.\n"
        "\n"
        "What was made and not rolled back is kept, with its tag, and the same request carries on with it. The "
        "lease is given back: nothing stands in the next run's way. "
        "Do not use Redrive, it would go on without a lease.\n"
        "\n"
        "Next: cure the cause, correct request.json if that is the cure, and start again:\n"
        "  aws stepfunctions describe-execution --region us-west-2 "
        f"--execution-arn {STATES}:execution:stack-Provision-1:run-1 --query input --output text > request.json\n"
        "  aws stepfunctions start-execution --region us-west-2 "
        f"--state-machine-arn {STATES}:stateMachine:stack-Provision-1 --input file://request.json\n"
        "\n"
        "Or give up. This deletes the whole cluster with its nodes, also what earlier runs made:\n"
        f"  aws stepfunctions start-execution --region us-west-2 --state-machine-arn {TEARDOWN} "
        '--input \'{"clusterName": "edge-1", "confirm": "edge-1"}\'\n'
        "\n"
        "Console: https://us-west-2.console.aws.amazon.com/states/home?region=us-west-2#/v2/executions/details/"
        f"{STATES}:execution:stack-Provision-1:run-1\n"
        "Log groups: /aws/vendedlogs/states/stack/Provision (states), /aws/lambda/stack/STATE (each step)\n"
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("FAILED", "has failed (FAILED)"),
        ("TIMED_OUT", "time limit (TIMED_OUT)"),
        ("ABORTED", "was stopped (ABORTED)"),
    ],
)
def test_every_status_is_told_in_words(status: str, said: str) -> None:
    assert said in notice(status=status)
    assert subject(replace(RUN, status=status)) == f"{status} provision of edge-1: NodesFailed"


def test_a_run_out_of_time_says_where_it_was() -> None:
    message = notice(
        status="TIMED_OUT",
        error=None,
        cause=None,
        under_way=("Nodes", "AwaitInstances"),
        last_failure='NotReadyYet: Instance "i-1" is pending.',
    )
    assert "Neither an error nor a cause was given." in message
    assert "It was in: Nodes, AwaitInstances" in message
    assert 'The last that a step said: NotReadyYet: Instance "i-1" is pending.' in message


def test_a_cause_that_is_lambdas_json_is_told_as_its_message() -> None:
    message = notice(cause='{"errorMessage": "No room.", "errorType": "NodesFailed", "stackTrace": ["x"]}')
    assert "Cause: No room.\n" in message
    assert "stackTrace" not in message


def test_a_long_cause_is_cut_in_its_middle_and_says_so() -> None:
    message = notice(cause=f"{'a' * 2000}{'x' * 28_000}{'z' * 2000}")
    cut = "[… 28000 characters left out; the execution has all]"
    assert f"Cause: {'a' * 2000} {cut} {'z' * 2000}\n" in message
    assert f"Cause: {'a' * 4000}\n" in notice(cause="a" * 4000)


def test_the_outcome_of_a_rollback_is_told_whatever_the_length_of_the_error() -> None:
    rolled = tell_rollback.outcome("edge-1", TEARDOWN, {"execution": "run-2", "deleted": {}})
    message = notice(cause=f"{'x' * 15_000} {rolled}")
    assert rolled in message


def test_after_a_rollback_that_worked_nothing_is_offered_to_delete() -> None:
    rollback = {"execution": "run-2", "deleted": {"clusters": ["edge-1"]}}
    message = notice(cause=f"No room. {tell_rollback.outcome('edge-1', TEARDOWN, rollback)}")
    assert "All that this run made is undone" in message
    assert "is kept, with its tag" not in message
    assert TEARDOWN not in message
    assert [words[2] for words in commands(message)] == ["describe-execution", "start-execution"]


@pytest.mark.parametrize(
    "rollback",
    [{"kept": "existed"}, {"kept": "complete"}, {"Error": "States.Timeout", "Cause": "Too long."}],
)
def test_after_any_other_rollback_teardown_is_offered(rollback: dict[str, str]) -> None:
    message = notice(cause=f"No room. {tell_rollback.outcome('edge-1', TEARDOWN, rollback)}")
    assert "is kept, with its tag" in message
    assert TEARDOWN in [words[-3] for words in commands(message)]


@pytest.mark.parametrize("error", ["InvalidRequest", "LeaseHeld", "PlanOutdated", "DeletionProtected"])
def test_a_run_that_made_nothing_says_so_and_offers_no_teardown(error: str) -> None:
    message = notice(error=error)
    assert "This run has changed nothing." in message
    assert TEARDOWN not in message


def test_without_a_name_nothing_is_to_be_deleted() -> None:
    message = notice(cluster=None)
    assert "a cluster whose name its input does not tell" in message
    assert TEARDOWN not in message


def test_a_teardown_is_started_again_by_its_own_machine() -> None:
    message = notice(machine="teardown", machine_arn=TEARDOWN)
    assert "What is left keeps its tag" in message
    starts = [words for words in commands(message) if words[2] == "start-execution"]
    assert [words[words.index("--state-machine-arn") + 1] for words in starts] == [TEARDOWN]


def test_the_commands_exist_and_are_whole() -> None:
    told = commands(notice())
    assert len(told) == 3
    assert [fault for words in told for fault in faults(words)] == []
    assert json.loads(told[2][-1]) == {"clusterName": "edge-1", "confirm": "edge-1"}


def test_another_partition_has_another_console_and_an_unknown_one_none() -> None:
    assert "console.amazonaws-us-gov.com" in notice(arn=RUN.arn.replace("arn:aws:", "arn:aws-us-gov:"))
    assert "https://" not in notice(arn=RUN.arn.replace("arn:aws:", "arn:aws-elsewhere:"))


@pytest.mark.parametrize(
    ("given", "cluster"),
    [
        ({"clusterName": "edge-1"}, "edge-1"),
        ({"clusterName": "x'; echo 1 #"}, None),
        ({"clusterName": "edge-1\n"}, None),
        ({"clusterName": 7}, None),
        ({}, None),
        (["clusterName"], None),
        (None, None),
    ],
)
def test_only_a_name_that_a_run_takes_is_repeated(given: Any, cluster: str | None) -> None:
    assert cluster_of(json.dumps(given)) == cluster


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cluster": "c" * 100},
        {"cluster": None, "error": None},
        {"error": "made up\nby hand, äöü"},
        {"error": "e" * 256},
    ],
)
def test_sns_takes_the_subject(changes: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Z][ -~]{1,98}", subject(replace(RUN, **changes)))


def test_the_ledger_gets_what_is_known() -> None:
    assert facts(RUN) == {"outcome": "FAILED", "error": "NodesFailed", "cause": "No room. Free a slot."}
    assert facts(replace(RUN, status="TIMED_OUT", error=None, cause=None)) == {"outcome": "TIMED_OUT"}
    assert facts(replace(RUN, cause='{"errorMessage": "No room."}'))["cause"] == "No room."
