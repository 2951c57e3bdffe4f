"""The LNI sweep: what events lost is found, and nothing else is touched."""

import json
from typing import Any

import fastjsonschema
import pytest
from botocore.exceptions import EndpointConnectionError

from extended_cluster import aws
from extended_cluster.errors import GuardMisconfigured
from tests.unit.fake_aws import refusal
from tests.unit.lni_aws import EVENTS, RACK
from tests.unit.lni_world import INDEX, LNI, OURS, Account, Outposts, home, outpost, sweep, tagged
from tests.unit.stateful_aws import ACCOUNT

__all__ = ["home"]

SCHEMA = EVENTS.parent / "docs" / "lni-guard-outcome.schema.json"
OTHER = ACCOUNT[::-1]
SERVER, SHARED, SILENT = outpost(1), outpost(2, OTHER), outpost(3)


def writes(account: Account) -> list[tuple[str, int]]:
    return [(call["SubnetId"], call["EnableLniAtDeviceIndex"]) for _, call in account.ec2.writes]


def test_it_enables_what_is_unset_and_a_second_sweep_writes_nothing(home: Account) -> None:
    unset, _, _, _ = [home.ec2._add(*on) for on in ((SERVER,), (SERVER, 1), (outpost(9),), (None,))]
    answer = sweep()
    assert writes(home) == [(unset, 1)]
    assert (answer["subnets"], answer["eligible"], answer["targets"]) == (4, 2, 1)
    assert answer["outcomes"] == {"enable": 1, "ignore": 1, "nothing": 1}
    assert sweep()["outcomes"] == {"ignore": 1, "nothing": 2}
    assert len(writes(home)) == 1


def test_every_event_fits_the_schema_and_right_subnets_are_told_by_number(home: Account) -> None:
    check = fastjsonschema.compile(json.loads(SCHEMA.read_text()))
    home.cloudtrail.logging = False
    for tags in ({}, {LNI: "maybe"}, {LNI: "disabled"}):
        home.ec2._add(SERVER, Tags=tagged(tags))
    home.ec2._add(SERVER, 1)
    sweep()
    assert sorted(check(each)["outcome"] for each in home.told) == ["NoTrail", "enable", "report"]
    (summary,) = home.summaries
    assert summary["outcomes"] == {"NoTrail": 1, "enable": 1, "nothing": 1, "report": 1, "skip": 1}


def test_its_completion_is_a_metric(home: Account, capsys: pytest.CaptureFixture[str]) -> None:
    sweep()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["LniSweepCompleted"] for line in lines if "LniSweepCompleted" in line] == [[1.0]]


@pytest.mark.parametrize(
    ("parameters", "tags", "index"),
    [
        ({}, {LNI: "disabled"}, None),
        ({}, {INDEX: "3"}, 3),
        ({}, {LNI: "disabled", INDEX: "3"}, None),
        ({"LNI_SELECTION": "optIn"}, {}, None),
        ({"LNI_SELECTION": "optIn"}, {LNI: "enabled"}, 1),
        ({"LNI_VPC_IDS": "vpc-2"}, {}, None),
        ({"LNI_VPC_IDS": "vpc-2, vpc-1"}, {}, 1),
        ({"LNI_OUTPOST_DEVICE_INDEXES": f"op-{1:017x}=2"}, {}, 2),
        ({"LNI_OUTPOST_DEVICE_INDEXES": f"op-{1:017x}=2"}, {INDEX: "3"}, 3),
        ({"LNI_DEVICE_INDEX": "4"}, {}, 4),
        ({"LNI_MODE": "report"}, {}, None),
    ],
)
def test_the_policy_holds_for_the_sweep_too(
    home: Account,
    monkeypatch: pytest.MonkeyPatch,
    parameters: dict[str, str],
    tags: dict[str, str],
    index: int | None,
) -> None:
    for name, value in parameters.items():
        monkeypatch.setenv(name, value)
    subnet = home.ec2._add(SERVER, Tags=tagged(tags))
    sweep()
    assert writes(home) == ([(subnet, index)] if index else [])


@pytest.mark.parametrize("how", ["dryRun", "report"])
def test_a_dry_run_answers_the_same_and_writes_nothing(
    home: Account, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    moved = home.ec2._add(SERVER, 2, Tags=tagged({OURS: "edge-1"}))
    unset = home.ec2._add(SERVER)
    if how == "report":
        monkeypatch.setenv("LNI_MODE", "report")
    dry = sweep(dryRun=how == "dryRun")
    assert home.ec2.writes == []
    assert dry["dryRun"] is True
    assert all(each["dryRun"] for each in home.told)
    monkeypatch.setenv("LNI_MODE", "enable")
    real = sweep()
    assert writes(home) == [(moved, 1), (unset, 1)]
    assert (real["outcomes"], real["told"]) == (
        dry["outcomes"],
        [{**each, "dryRun": False} for each in dry["told"]],
    )


def test_only_true_is_a_dry_run(home: Account) -> None:
    unset = home.ec2._add(SERVER)
    sweep(dryRun="yes")
    assert writes(home) == [(unset, 1)]


def test_past_the_limit_nothing_is_written_and_the_answer_says_what_would_be(home: Account) -> None:
    for _ in range(51):
        home.ec2._add(SERVER)
    for _ in range(200):
        home.ec2._add(SERVER, 1)
    answer = sweep()
    assert home.ec2.writes == []
    assert answer["outcomes"] == {"LimitExceeded": 1, "nothing": 200}
    assert (answer["listed"], len(home.told)) == (52, 1)  # all in the answer, one in an event
    assert "51 of 251 subnets" in home.told[0]["reason"]


def test_the_share_counts_above_ten_changes_only(home: Account) -> None:
    for _ in range(10):
        home.ec2._add(SERVER)
    assert sweep()["outcomes"] == {"enable": 10}
    for _ in range(11):
        home.ec2._add(SERVER)
    assert sweep()["outcomes"]["LimitExceeded"] == 1
    assert len(writes(home)) == 10


def test_a_limit_that_is_no_number_is_named(home: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LNI_MAX_CHANGES", "many")
    with pytest.raises(GuardMisconfigured, match="many and 25"):
        sweep()
    assert home.ec2.calls.total() == 0


@pytest.mark.parametrize(("trails", "logging"), [(0, True), (2, False)])
def test_no_trail_is_told_once_a_sweep_and_the_sweep_still_works(
    home: Account, trails: int, *, logging: bool
) -> None:
    home.cloudtrail.trails, home.cloudtrail.logging = trails, logging
    for _ in range(3):
        home.ec2._add(SERVER)
    assert sweep()["outcomes"] == {"NoTrail": 1, "enable": 3}


def test_subnets_of_other_owners_are_only_counted(home: Account) -> None:
    home.ec2._add(SERVER, OwnerId=OTHER)
    assert sweep()["outcomes"] == {"report": 1}
    assert home.told == []


def test_a_shared_outpost_is_asked_for_by_name(home: Account) -> None:
    home.outposts.shared[SHARED] = "SERVER"
    subnets = [home.ec2._add(SHARED) for _ in range(3)]
    sweep()
    assert writes(home) == [(subnet, 1) for subnet in subnets]
    assert home.outposts.calls == {"list_outposts": 1, "get_outpost": 1}


def test_an_outpost_that_is_unknown_here_is_asked_for_once_and_fails_its_own_subnets(home: Account) -> None:
    for on in (SHARED, SHARED, SERVER):
        home.ec2._add(on)
    assert sweep()["outcomes"] == {"OutpostNotFound": 2, "enable": 1}
    assert home.outposts.calls["get_outpost"] == 1


def test_an_outpost_that_does_not_say_what_it_is_is_asked_for_once_and_its_subnets_are_reported(
    home: Account,
) -> None:
    home.outposts.kinds[SILENT] = ""
    for on in (SILENT, SILENT, SERVER):
        home.ec2._add(on)
    assert sweep()["outcomes"] == {"report": 2, "enable": 1}
    assert home.outposts.calls["get_outpost"] == 1
    assert {detail["outcome"] for detail in home.told} == {"report", "enable"}
    assert [subnet for subnet, _ in writes(home)] == [list(home.ec2.subnets)[2]]


def test_outposts_that_cannot_be_listed_are_one_outcome(home: Account) -> None:
    home.outposts.fault = refusal("AccessDeniedException", "ListOutposts")
    for _ in range(5):
        home.ec2._add(SERVER)
    assert sweep()["outcomes"] == {"AccessDenied": 1}
    assert home.outposts.calls == {"list_outposts": 1}


def test_it_looks_again_right_before_it_writes(home: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    subnet = home.ec2._add(SERVER)
    trail = home.cloudtrail.describe_trails

    def opted_out_meanwhile() -> Any:
        home.ec2.subnets[subnet]["Tags"] = tagged({LNI: "disabled"})
        return trail()

    monkeypatch.setattr(home.cloudtrail, "describe_trails", opted_out_meanwhile)
    assert sweep()["outcomes"] == {"skip": 1}
    assert home.ec2.writes == []


def test_a_refused_write_stops_no_other(home: Account) -> None:
    for _ in range(2):
        home.ec2._add(SERVER)
    home.ec2.faults["modify_subnet_attribute"] = refusal("RequestLimitExceeded", "ModifySubnetAttribute")
    assert sweep()["outcomes"] == {"Throttled": 2}
    assert [each["subnetId"] for each in home.told] == list(home.ec2.subnets)


def test_without_time_it_says_what_is_left(home: Account) -> None:
    home.ec2._add(SERVER)
    assert sweep(left=60_000)["outcomes"] == {"SweepUnfinished": 1}
    assert home.ec2.writes == []


@pytest.mark.parametrize(
    "error", [refusal("InternalFailure", "PutEvents"), EndpointConnectionError(endpoint_url="x")]
)
def test_an_event_that_cannot_be_put_ends_no_sweep(
    home: Account, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr(home.events, "put_events", fail)
    home.ec2._add(SERVER)
    assert sweep()["outcomes"] == {"enable": 1}


# --- Several accounts and Regions -----------------------------------------------------------------------

ROLE = f"arn:aws:iam::{OTHER}:role/member"


@pytest.fixture
def members(home: Account, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str | None, str], Account]:
    """Two Regions at home and in one member; by (role, Region). The home Region is the fixture ``home``."""
    kinds = {SERVER: "SERVER", RACK: "RACK"}
    found = {(role, region): Account() for role in (None, ROLE) for region in ("us-west-2", "eu-west-1")}
    found[None, "us-west-2"] = home
    for account in found.values():
        account.outposts = Outposts(kinds)
    monkeypatch.setattr(aws, "session", lambda: None)
    monkeypatch.setattr(aws, "assumed", lambda role, external_id: role if external_id == "secret" else 1 / 0)
    monkeypatch.setattr(aws, "regional", lambda role, service, region: found[role, region].client(service))
    monkeypatch.setenv("LNI_MEMBER_ROLE_ARNS", ROLE)
    monkeypatch.setenv("LNI_REGIONS", "us-west-2,eu-west-1")
    monkeypatch.setenv("LNI_EXTERNAL_ID", "secret")
    return found


type Members = dict[tuple[str | None, str], Account]


def test_every_account_is_visited_in_every_region(home: Account, members: Members) -> None:
    for account in members.values():
        account.ec2._add(SERVER, 1)
    answer = sweep()
    assert (answer["targets"], answer["subnets"]) == (4, 4)
    assert home.cloudtrail.calls["describe_trails"] == 1


@pytest.mark.parametrize(
    "error", [refusal("UnauthorizedOperation", "DescribeSubnets"), EndpointConnectionError(endpoint_url="x")]
)
def test_one_failing_target_does_not_stop_the_rest(home: Account, members: Members, error: Exception) -> None:
    members[None, "eu-west-1"].ec2.faults["describe_subnets"] = error
    unset = home.ec2._add(SERVER)
    answer = sweep()
    assert writes(home) == [(unset, 1)]
    assert answer["targets"] == 3
    failed = [each for each in home.told if each["outcome"] != "enable"]
    assert [(each["account"], each["region"]) for each in failed] == [(ACCOUNT, "eu-west-1")]


@pytest.mark.parametrize(
    ("code", "outcome"), [("AccessDenied", "MemberRoleRefused"), ("Throttling", "Throttled")]
)
def test_a_role_that_cannot_be_assumed_stops_only_its_account(
    home: Account, members: Members, monkeypatch: pytest.MonkeyPatch, code: str, outcome: str
) -> None:
    def refused(role: str, external_id: str) -> None:
        raise refusal(code, "AssumeRole")

    monkeypatch.setattr(aws, "assumed", refused)
    home.ec2._add(SERVER)
    answer = sweep()
    assert answer["outcomes"] == {outcome: 2, "enable": 1}
    assert answer["targets"] == len(members) - 2
    told = [each for each in home.told if each["outcome"] == outcome]
    assert {(each["account"], each["region"]) for each in told} == {
        (OTHER, "us-west-2"),
        (OTHER, "eu-west-1"),
    }


def test_a_dry_run_says_so_even_when_no_account_answers(home: Account) -> None:
    home.ec2.faults["describe_subnets"] = refusal("UnauthorizedOperation", "DescribeSubnets")
    assert sweep(dryRun=True)["dryRun"] is True


def test_the_limit_counts_all_targets_together(
    home: Account, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LNI_MAX_CHANGES", "1")
    east = members[None, "eu-west-1"]
    for account in (home, east):
        account.ec2._add(SERVER)
    assert sweep()["outcomes"] == {"LimitExceeded": 1}
    assert home.ec2.writes == east.ec2.writes == []


def test_members_without_an_external_id_are_refused(home: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LNI_MEMBER_ROLE_ARNS", ROLE)
    with pytest.raises(GuardMisconfigured, match="ExternalId is empty"):
        sweep()
    assert home.ec2.calls.total() == 0
