"""Functions, queues that start them, and schedules of one name in two accounts: each is its account's own."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simulator import awslambda, scheduler
from simulator.call import Caller
from tests.simulator.edge_account import Refusal
from tests.simulator.lambda_cloud import package
from tests.simulator.two_accounts import HOME, OTHER, TwoAccounts

NAME = "f"
# Whose function it is, as it sees itself, and what it was given.
TELL = """
import json
def handler(event, context):
    given = [record["body"] for record in event.get("Records", [])] or event
    print(json.dumps({"of": context.invoked_function_arn.split(":")[4], "given": given}))
"""


@pytest.fixture
def accounts() -> Iterator[TwoAccounts]:
    made = TwoAccounts()
    made.cloud.install(awslambda.operations(made.cloud))
    made.cloud.install(scheduler.operations(made.cloud))
    for who in (made.here, made.there):
        _function(made, who)
    yield made
    made.cloud.functions.close()


def _function(accounts: TwoAccounts, who: Caller) -> None:
    allowed = {"Action": ["logs:*", "sqs:*"], "Resource": "*"}
    role = accounts.role(who, "function", {"Principal": {"Service": "lambda.amazonaws.com"}}, allowed)
    made = accounts.cloud.client("lambda", who).create_function(
        FunctionName=NAME,
        Code={"ZipFile": package(app=TELL)},
        Runtime="python3.13",
        Handler="app.handler",
        Role=role,
    )
    assert made["FunctionArn"] == _arn(who)


def _arn(who: Caller) -> str:
    return f"arn:aws:lambda:us-west-2:{who.account}:function:{NAME}"


def _told(accounts: TwoAccounts, who: Caller) -> list[dict[str, Any]]:
    found = accounts.cloud.client("logs", who).filter_log_events(logGroupName=f"/aws/lambda/{NAME}")
    return [json.loads(e["message"]) for e in found["events"] if e["message"].startswith("{")]


def test_a_function_runs_and_logs_in_its_own_account(accounts: TwoAccounts) -> None:
    accounts.cloud.client("lambda", accounts.there).invoke(
        FunctionName=_arn(accounts.there), Payload=b"{}", InvocationType="Event"
    )
    accounts.wait(60)
    assert _told(accounts, accounts.there) == [{"of": OTHER, "given": {}}]
    assert accounts.cloud.client("logs").describe_log_groups()["logGroups"] == []
    with Refusal("NotModelledBySimulator", _arn(accounts.there)):
        accounts.cloud.client("lambda").invoke(FunctionName=_arn(accounts.there))


def test_a_role_of_another_account_is_no_functions_role(accounts: TwoAccounts) -> None:
    with Refusal("AccessDeniedException", "Cross-account pass role"):
        accounts.cloud.client("lambda", accounts.there).update_function_configuration(
            FunctionName=NAME, Role=f"arn:aws:iam::{HOME}:role/function"
        )


def test_a_queue_starts_the_function_of_its_own_account(accounts: TwoAccounts) -> None:
    urls = {}
    for who in (accounts.here, accounts.there):
        urls[who.account] = accounts.cloud.client("sqs", who).create_queue(QueueName="work")["QueueUrl"]
        accounts.cloud.client("lambda", who).create_event_source_mapping(
            EventSourceArn=f"arn:aws:sqs:us-west-2:{who.account}:work", FunctionName=NAME
        )
    accounts.wait(120)
    theirs = accounts.cloud.client("sqs", accounts.there)
    theirs.send_message(QueueUrl=urls[OTHER], MessageBody="at once")
    theirs.send_message(QueueUrl=urls[OTHER], MessageBody="later", DelaySeconds=30)
    accounts.wait(60)
    assert _told(accounts, accounts.there) == [
        {"of": OTHER, "given": [body]} for body in ("at once", "later")
    ]
    assert accounts.cloud.client("logs").describe_log_groups()["logGroups"] == []


def test_a_schedule_starts_the_function_of_its_own_account(accounts: TwoAccounts) -> None:
    own = {"StringEquals": {"aws:SourceAccount": OTHER}}
    trust = {"Principal": {"Service": "scheduler.amazonaws.com"}, "Condition": own}
    allowed = {"Action": "lambda:InvokeFunction", "Resource": _arn(accounts.there)}
    role = accounts.role(accounts.there, "schedule", trust, allowed)
    theirs = accounts.cloud.client("scheduler", accounts.there)
    made = theirs.create_schedule(
        Name="often",
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": _arn(accounts.there), "RoleArn": role, "Input": '{"now": 1}'},
    )
    assert f":{OTHER}:schedule/default/often" in made["ScheduleArn"]
    accounts.wait(60)
    assert _told(accounts, accounts.there) == [{"of": OTHER, "given": {"now": 1}}]
    assert accounts.cloud.client("scheduler").list_schedules()["Schedules"] == []
