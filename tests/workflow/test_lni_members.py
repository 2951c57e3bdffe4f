"""The guard deployed alone, with member accounts and a second Region: docs/operate.md's steps, by sam and aws."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from demo.deployment import deploy_guard, tools
from demo.simulator_process import ROOT, simulator
from tests.workflow.conftest import Deployed

HOME = "123456789012"
MEMBER, ESTRANGED = HOME[::-1], HOME[6:] + HOME[:6]
REGIONS = ("us-west-2", "eu-west-1")
EXTERNAL_ID = "agreed-between-both"


@pytest.fixture(scope="module", autouse=True)
def leave_nothing() -> None:
    """These tests have a simulator of their own, with the guard alone in it."""


@pytest.fixture(scope="module")
def guard() -> Iterator[Deployed]:
    """Deployed twice: the member roles trust the sweep's role, which must be there first."""
    with simulator(seed=1, name="members") as environment:
        deploy_guard(environment)
        home = Deployed(environment, "eks-outposts-lni-guard")
        roles = [
            _deploy_member(home, MEMBER, EXTERNAL_ID),
            _deploy_member(home, ESTRANGED, "another"),
            f"arn:aws:iam::{ESTRANGED}:role/nobody",
        ]
        members = {"MemberRoleArns": ",".join(roles), "ExternalId": EXTERNAL_ID}
        deploy_guard(environment, {**members, "Regions": ",".join(REGIONS)})
        _pause(home)
        yield home


def _deploy_member(home: Deployed, account: str, external_id: str) -> str:
    """The member's own administrator deploys; the role's ARN."""
    member = home.account(account)
    parameters = {
        "SweepRoleArn": home.output("LniSweepRoleArn"),
        "ExternalId": external_id,
        "Regions": ",".join(REGIONS),
    }
    command = [
        *(sys.executable, "-m", "awscli", "cloudformation", "deploy", "--stack-name", "lni-member"),
        *("--template-file", "guard-member.yaml", "--capabilities", "CAPABILITY_IAM"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=tools(member.environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (stack,) = member.client("cloudformation").describe_stacks(StackName="lni-member")["Stacks"]
    return str(stack["Outputs"][0]["OutputValue"])


def _pause(home: Deployed) -> None:
    """No schedule, so that the test sees its own sweeps alone."""
    scheduler = home.client("scheduler")
    (listed,) = scheduler.list_schedules()["Schedules"]
    found = scheduler.get_schedule(Name=listed["Name"])
    kept = {name: found[name] for name in ("FlexibleTimeWindow", "ScheduleExpression", "Target")}
    scheduler.update_schedule(Name=listed["Name"], State="DISABLED", **kept)


def _sweep(guard: Deployed) -> dict[str, Any]:
    answer = guard.client("lambda").invoke(FunctionName=guard.output("LniSweepFunctionName"), Payload=b"{}")
    payload: dict[str, Any] = json.load(answer["Payload"])
    assert "FunctionError" not in answer, payload
    guard.settle()
    return payload


def _index(of: Deployed, region: str, subnet: str) -> int | None:
    (found,) = of.client("ec2", region).describe_subnets(SubnetIds=[subnet])["Subnets"]
    index: int | None = found.get("EnableLniAtDeviceIndex")
    return index


def _by_member_role(guard: Deployed, since: int) -> list[dict[str, Any]]:
    session = f"arn:aws:sts::{MEMBER}:assumed-role/lni-member-LniMemberRole-"
    return [entry for entry in guard.calls(since) if entry["caller"].startswith(session)]


def test_one_sweep_reaches_both_regions_and_the_member_and_a_failing_account_stops_nothing(
    guard: Deployed,
) -> None:
    accounts = {number: guard.account(number) for number in (MEMBER, ESTRANGED)} | {HOME: guard}
    made = {
        (account, region): guard.edge(servers=1, subnets=2, enabled=1, account=account, region=region)[
            "subnets"
        ]
        for account in accounts
        for region in REGIONS
    }
    opted_out = guard.edge(servers=1, subnets=1, account=MEMBER)["subnets"][0]
    accounts[MEMBER].client("ec2").create_tags(
        Resources=[opted_out], Tags=[{"Key": "eks-outposts-servers:lni", "Value": "disabled"}]
    )
    mark = guard.mark()
    swept = _sweep(guard)

    # Two roles that cannot be had, in two Regions each: named, with account and role, and nothing else stops.
    assert swept["outcomes"] == {"MemberRoleRefused": 4, "enable": 4, "nothing": 4, "skip": 1}
    assert swept["targets"] == 4
    refused = [each for each in swept["told"] if each["outcome"] == "MemberRoleRefused"]
    assert {(each["account"], each["region"]) for each in refused} == {(ESTRANGED, r) for r in REGIONS}
    assert all("guard-member.yaml" in each["reason"] for each in refused)
    enabled = {(e["account"], e["region"], e["subnetId"]) for e in swept["told"] if e["outcome"] == "enable"}
    assert enabled == {(*where, ids[1]) for where, ids in made.items() if where[0] != ESTRANGED}

    # EC2 of each account and Region says the same.
    for (account, region), (right, unset) in made.items():
        assert _index(accounts[account], region, right) == 1
        assert _index(accounts[account], region, unset) == (None if account == ESTRANGED else 1)
    assert _index(accounts[MEMBER], "us-west-2", opted_out) is None

    # In the member account the role wrote two subnets, and was refused nothing.
    by_role = _by_member_role(guard, mark)
    assert [entry["error"] for entry in by_role if entry["error"]] == []
    writes = [entry["name"] for entry in by_role if entry["mutating"]]
    assert writes == ["ec2.ModifySubnetAttribute"] * len(REGIONS)

    mark = guard.mark()
    again = _sweep(guard)
    assert (again["outcomes"]["nothing"], "enable" in again["outcomes"]) == (8, False)
    assert [entry for entry in _by_member_role(guard, mark) if entry["mutating"]] == []


def test_the_failing_account_is_in_the_log_for_its_alarm(guard: Deployed) -> None:
    _sweep(guard)
    logs = guard.client("logs").filter_log_events(
        logGroupName=guard.output("LniSweepLogGroupName"), filterPattern="MemberRoleRefused"
    )
    lines = [json.loads(event["message"]) for event in logs["events"]]
    told = [line for line in lines if line.get("outcome") == "MemberRoleRefused"]
    assert {(line["level"], line["account"]) for line in told if "level" in line} == {("ERROR", ESTRANGED)}
    assert any("LniGuardFailed" in event["message"] for event in _all_lines(guard))


def _all_lines(guard: Deployed) -> list[dict[str, Any]]:
    pages = guard.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=guard.output("LniSweepLogGroupName"))
    return [event for page in found for event in page["events"]]


def test_nobody_but_the_sweep_takes_the_members_role(guard: Deployed) -> None:
    sts = guard.client("sts")
    role = next(
        role["Arn"]
        for role in guard.account(MEMBER).client("iam").list_roles()["Roles"]
        if "LniMemberRole" in role["RoleName"]
    )
    with pytest.raises(sts.exceptions.ClientError, match="is not authorized to perform: sts:AssumeRole"):
        sts.assume_role(RoleArn=role, RoleSessionName="somebody", ExternalId=EXTERNAL_ID)
