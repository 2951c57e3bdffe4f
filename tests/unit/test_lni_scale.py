"""What a sweep asks of AWS at 100, 1,000 and 10,000 subnets on 500 Outposts. Calls are asserted; time is printed,
the checks of the fake included."""

import json
import math
import time

import lni_guard
import pytest

from extended_cluster.lni_tell import SOURCE
from tests.unit.lni_aws import sample
from tests.unit.lni_world import Account, Outposts, home, outpost, sweep
from tests.unit.stateful_aws import CONTEXT

__all__ = ["home"]

SIZES = (100, 1_000, 10_000)
OUTPOSTS = 500


def fill(account: Account, subnets: int, index: int | None) -> None:
    account.outposts = Outposts({outpost(number): "SERVER" for number in range(OUTPOSTS)})
    for number in range(subnets):
        account.ec2._add(outpost(number % OUTPOSTS), index)


def asked(account: Account) -> dict[str, int]:
    return {**account.ec2.calls, **account.outposts.calls, **account.cloudtrail.calls, **account.events.calls}


@pytest.mark.parametrize("subnets", SIZES)
def test_when_all_is_right_it_reads_pages_and_writes_nothing(home: Account, subnets: int) -> None:
    fill(home, subnets, 1)
    began = time.perf_counter()
    answer = sweep()
    took = time.perf_counter() - began
    print(f"{subnets} subnets: {asked(home)}, {took:.3f} s, {took / subnets * 1e6:.0f} us each")
    assert answer["outcomes"] == {"nothing": subnets}
    assert home.ec2.writes == []
    assert asked(home) == {
        "describe_subnets": math.ceil(subnets / 1000),
        "list_outposts": 1,
        "describe_network_interfaces": 2,  # orphans: unattached, and marked
        "describe_trails": 1,
        "get_trail_status": 1,
        "put_events": 1,  # the summary
    }


@pytest.mark.parametrize("subnets", SIZES)
def test_past_the_limit_it_reads_the_interfaces_of_two_hundred_subnets_a_call(
    home: Account, subnets: int
) -> None:
    fill(home, subnets, None)
    assert sweep()["outcomes"] == {"LimitExceeded": 1}
    assert home.ec2.writes == []
    assert home.ec2.calls["describe_network_interfaces"] == 2 + math.ceil(subnets / 200)
    assert home.outposts.calls == {"list_outposts": 1}


def test_a_change_is_four_calls(home: Account) -> None:
    fill(home, 1_000, 1)
    for _ in range(50):
        home.ec2._add(outpost(1))
    sweep()
    calls = asked(home)
    assert calls["modify_subnet_attribute"] == 50
    assert calls["describe_subnets"] == 2 + 2 * 50  # the pages; before and after each write
    assert calls["describe_network_interfaces"] == 2 + 1 + 50
    assert calls["put_events"] == 5 + 1
    assert {entry["Source"] for _, call in home.events.writes for entry in call["Entries"]} == {SOURCE}


def test_an_event_is_six_calls_and_its_echo_two(home: Account) -> None:
    home.outposts = Outposts({outpost(1): "SERVER"})
    event = json.loads(sample("create-subnet-server"))
    event["detail"]["responseElements"]["subnet"]["subnetId"] = home.ec2._add(outpost(1))
    record = {"messageId": "1", "body": json.dumps(event)}
    lni_guard.handler({"Records": [record]}, CONTEXT)
    first = {
        "describe_subnets": 2,  # before and after the write
        "get_outpost": 1,  # once a process
        "describe_network_interfaces": 1,
        "modify_subnet_attribute": 1,
        "put_events": 1,
    }
    assert asked(home) == first
    lni_guard.handler({"Records": [record]}, CONTEXT)
    assert asked(home) == {**first, "describe_subnets": 3, "put_events": 2}
