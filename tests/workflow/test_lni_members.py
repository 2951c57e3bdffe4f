"""The guard deployed alone, by sam and aws as docs/operate.md says: member accounts, a second Region, and an Outpost
that is shared with an account which has a guard of its own."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from demo.deployment import deploy_guard, tools
from demo.simulator_process import ROOT, simulator
from tests.workflow.conftest import Deployed

HOME = "123456789012"
MEMBER, ESTRANGED, CONSUMER = HOME[::-1], HOME[6:] + HOME[:6], HOME[3:] + HOME[:3]
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
    lines = _lines(guard, "LniSweepLogGroupName")
    told = [line for line in lines if line.get("outcome") == "MemberRoleRefused" and "level" in line]
    assert {(line["level"], line["account"]) for line in told} == {("ERROR", ESTRANGED)}
    assert any("LniGuardFailed" in line for line in lines)


def _lines(of: Deployed, log_group: str) -> list[dict[str, Any]]:
    """What a function printed: log lines and metrics."""
    pages = of.client("logs").get_paginator("filter_log_events").paginate(logGroupName=of.output(log_group))
    texts = [event["message"] for page in pages for event in page["events"]]
    return [json.loads(text) for text in texts if text.startswith("{")]


def test_nobody_but_the_sweep_takes_the_members_role(guard: Deployed) -> None:
    sts = guard.client("sts")
    role = next(
        role["Arn"]
        for role in guard.account(MEMBER).client("iam").list_roles()["Roles"]
        if "LniMemberRole" in role["RoleName"]
    )
    with pytest.raises(sts.exceptions.ClientError, match="is not authorized to perform: sts:AssumeRole"):
        sts.assume_role(RoleArn=role, RoleSessionName="somebody", ExternalId=EXTERNAL_ID)


# --- A shared Outpost: its consumer's account has a guard of its own ------------------------------------


@pytest.fixture(scope="module")
def consumer(guard: Deployed) -> Deployed:
    """The whole guard once more, in the consumer's account, with a trail, a queue and functions of its own."""
    account = guard.account(CONSUMER)
    deploy_guard(account.environment)
    _pause(account)
    return account


@pytest.fixture(scope="module")
def shared(guard: Deployed) -> str:
    """One of the owner's Outposts servers, shared by RAM; its ARN."""
    (outpost,) = guard.edge(servers=1, subnets=0)["outposts"]
    guard.client("ram").create_resource_share(name="edge", resourceArns=[outpost], principals=[CONSUMER])
    return outpost


def _node_subnet(consumer: Deployed, outpost: str, cidr: str, **tags: str) -> str:
    ec2 = consumer.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    found = consumer.client("outposts").get_outpost(OutpostId=outpost)["Outpost"]
    assert found["OwnerId"] == HOME
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock=cidr,
        AvailabilityZone=found["AvailabilityZone"],
        OutpostArn=outpost,
        TagSpecifications=[{"ResourceType": "subnet", "Tags": given}] if given else [],
    )
    consumer.settle()
    return str(made["Subnet"]["SubnetId"])


def _told(of: Deployed, log_group: str, subnet: str) -> list[tuple[str, str, str | None]]:
    """(outcome, account, Outpost) of a function's log lines about a subnet."""
    lines = _lines(of, log_group)
    outcomes = [line for line in lines if line.get("message") == "outcome" and line["subnetId"] == subnet]
    return [(line["outcome"], line["account"], line["outpostArn"]) for line in outcomes]


def _writes(of: Deployed, function: str, since: int) -> list[str]:
    calls = of.calls_of(function, since)
    # The two roles that cannot be had are refused at every sweep.
    assert [entry for entry in calls if entry["error"] and entry["name"] != "sts.AssumeRole"] == []
    return [entry["name"] for entry in calls if entry["mutating"] and entry["name"] != "events.PutEvents"]


def test_a_consumers_subnet_on_a_shared_outpost_gets_lni_by_the_consumers_own_event(
    guard: Deployed, consumer: Deployed, shared: str
) -> None:
    mark = guard.mark()
    subnet = _node_subnet(consumer, shared, "10.0.7.0/24")
    assert _index(consumer, "us-west-2", subnet) == 1
    assert _writes(consumer, "LniGuardFunctionName", mark) == ["ec2.ModifySubnetAttribute"]
    told = _told(consumer, "LniGuardLogGroupName", subnet)
    # The write's own event comes back, and nothing is left to do.
    assert told == [("enable", CONSUMER, shared), ("nothing", CONSUMER, shared)]
    # The event was the consumer's alone: the owner's guard never woke.
    assert guard.calls_of("LniGuardFunctionName", mark) == []
    assert [each["OwnerId"] for each in _seen(guard, subnet)] == []


def test_the_owners_guard_leaves_a_consumers_subnet_that_it_can_see_alone(
    guard: Deployed, consumer: Deployed, shared: str
) -> None:
    """Visible once the consumer shares the subnet too, but without its tags: its opt-out is the consumer's affair."""
    subnet = _node_subnet(consumer, shared, "10.0.8.0/24", **{"eks-outposts-servers:lni": "disabled"})
    before = _sweep(guard)
    arn = f"arn:aws:ec2:us-west-2:{CONSUMER}:subnet/{subnet}"
    consumer.client("ram").create_resource_share(name="subnet", resourceArns=[arn], principals=[HOME])
    assert [(each["OwnerId"], each["Tags"]) for each in _seen(guard, subnet)] == [(CONSUMER, [])]
    mark = guard.mark()
    swept = _sweep(guard)
    assert swept["subnets"] == before["subnets"] + 1
    assert swept["outcomes"].get("report", 0) == before["outcomes"].get("report", 0) + 1
    # An event that names it, from wherever, changes nothing either.
    event = json.loads((ROOT / "events" / "lni-create-subnet-server.json").read_text())
    event["detail"]["responseElements"]["subnet"]["subnetId"] = subnet
    guard.client("sqs").send_message(QueueUrl=guard.output("LniQueueUrl"), MessageBody=json.dumps(event))
    guard.settle()
    assert _told(guard, "LniGuardLogGroupName", subnet) == [("report", HOME, shared)]
    assert _writes(guard, "LniGuardFunctionName", mark) == []
    assert _writes(guard, "LniSweepFunctionName", mark) == []
    assert _index(consumer, "us-west-2", subnet) is None


def _seen(by: Deployed, subnet: str) -> list[dict[str, Any]]:
    subnets: list[dict[str, Any]] = by.client("ec2").describe_subnets()["Subnets"]
    return [each for each in subnets if each["SubnetId"] == subnet]


# --- What a sweep costs: `make bench` measures more -----------------------------------------------------


def test_a_thousand_subnets_more_are_two_calls_more_and_four_for_each_change(guard: Deployed) -> None:
    before = _calls_of_a_sweep(guard)
    guard.edge(servers=100, subnets=1000, enabled=980)
    after = _calls_of_a_sweep(guard)
    assert after - before == {
        "ec2.DescribeSubnets": 1 + 20 * 2,  # a page; before and after each write
        "ec2.DescribeNetworkInterfaces": 1 + 20,  # of the candidates; right before each write
        "ec2.ModifySubnetAttribute": 20,
        "events.PutEvents": 2,  # ten outcomes in each
    }


def _calls_of_a_sweep(guard: Deployed) -> Counter[str]:
    """By name, and the members' too."""
    mark = guard.mark()
    _sweep(guard)
    home, member = guard.calls_of("LniSweepFunctionName", mark), _by_member_role(guard, mark)
    return Counter(entry["name"] for entry in home + member)
