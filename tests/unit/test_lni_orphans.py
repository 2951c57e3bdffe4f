"""Orphaned local network interfaces: two looks, ten minutes apart, and nothing else is ever deleted."""

import pytest

from tests.unit.fake_aws import refusal
from tests.unit.lni_world import SINCE, Account, home, outpost, sweep, tagged

__all__ = ["home"]

AT_12_00, AT_12_05, AT_12_15 = (f"2026-11-23T12:{minute}:00Z" for minute in ("00", "05", "15"))


def orphan(account: Account, **tags: str) -> str:
    subnet = account.ec2._add(outpost(1), 1)
    return account.ec2._interface(subnet, None, **{"cluster": "edge-1", "no_manage": "true", **tags})


def writes(account: Account) -> list[str]:
    return [name for name, _ in account.ec2.writes]


def test_marked_at_the_first_look_deleted_at_a_look_ten_minutes_later(home: Account) -> None:
    name = orphan(home)
    sweep(now=AT_12_00)
    assert home.ec2.interfaces[name]["TagSet"][-1] == {"Key": SINCE, "Value": AT_12_00}
    sweep(now=AT_12_05)  # too young still
    assert name in home.ec2.interfaces
    sweep(now=AT_12_15)
    assert home.ec2.interfaces == {}
    assert writes(home) == ["create_tags", "delete_network_interface"]
    assert [(each["outcome"], each["networkInterfaceId"]) for each in home.told] == [
        ("mark", name),
        ("delete", name),
    ]


def test_in_use_again_it_loses_the_mark(home: Account) -> None:
    name = orphan(home, since=AT_12_00)
    home.ec2.interfaces[name]["Status"] = "in-use"
    sweep(now=AT_12_15)
    assert writes(home) == ["delete_tags"]
    sweep(now=AT_12_15)
    assert writes(home) == ["delete_tags"]


@pytest.mark.parametrize("since", ["yesterday", "", "2026-11-23T13:00:00Z"])
def test_a_mark_that_tells_no_time_in_the_past_is_set_anew(home: Account, since: str) -> None:
    orphan(home, since=since)
    sweep(now=AT_12_15)
    assert writes(home) == ["create_tags"]


@pytest.mark.parametrize("tags", [{"no_manage": "false"}, {"no_manage": ""}])
def test_what_is_no_lni_of_ours_is_left(home: Account, tags: dict[str, str]) -> None:
    orphan(home, since=AT_12_00, **tags)
    sweep(now=AT_12_15)
    assert writes(home) == []


def test_an_interface_of_others_is_not_even_looked_at(home: Account) -> None:
    name = orphan(home, since=AT_12_00)
    home.ec2.interfaces[name]["TagSet"] = tagged({SINCE: AT_12_00})
    sweep(now=AT_12_15)
    assert writes(home) == []


def test_without_a_time_no_interface_is_touched(home: Account) -> None:
    orphan(home, since=AT_12_00)
    sweep(now=None)
    assert writes(home) == []
    assert home.ec2.calls["describe_network_interfaces"] == 0


def test_a_dry_run_says_what_it_would_delete(home: Account) -> None:
    name = orphan(home, since=AT_12_00)
    assert [each["networkInterfaceId"] for each in sweep(now=AT_12_15, dryRun=True)["told"]] == [name]
    assert writes(home) == []


def test_one_that_is_gone_by_now_is_no_failure(home: Account) -> None:
    orphan(home, since=AT_12_00)
    home.ec2.faults["delete_network_interface"] = refusal(
        "InvalidNetworkInterfaceID.NotFound", "DeleteNetworkInterface"
    )
    assert sweep(now=AT_12_15)["outcomes"]["delete"] == 1


def test_one_that_cannot_be_deleted_is_told_and_stops_nothing(home: Account) -> None:
    orphan(home, since=AT_12_00)
    unset = home.ec2._add(outpost(1))
    home.ec2.faults["delete_network_interface"] = refusal("UnauthorizedOperation", "DeleteNetworkInterface")
    outcomes = sweep(now=AT_12_15)["outcomes"]
    assert (outcomes["AccessDenied"], outcomes["enable"]) == (1, 1)
    assert home.ec2.subnets[unset]["EnableLniAtDeviceIndex"] == 1


def test_deletions_count_in_the_limit(home: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LNI_MAX_CHANGES", "2")
    for _ in range(3):
        orphan(home, since=AT_12_00)
    assert sweep(now=AT_12_15)["outcomes"]["LimitExceeded"] == 1
    assert writes(home) == []
