"""Rules of faults: how they are given, what they match, how often they strike."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from simulator.call import Call, Caller
from simulator.cloud import Cloud
from simulator.control import Control
from simulator.faults.active import Faults
from simulator.faults.parse import Malformed, parse

THROTTLE = {
    "kind": "error",
    "service": "ec2",
    "operation": "DescribeSubnets",
    "errorCode": "RequestLimitExceeded",
    "nth": 2,
}
LOSS = {"kind": "eventLoss", "share": 0.5}
GUARD = Caller("arn:aws:sts::123456789012:assumed-role/app-LniGuard-1/app-LniGuard-2")


def struck(rule: dict[str, Any], number: int, seed: int = 1) -> list[int]:
    """Which of so many matches it strikes."""
    faults = Faults(seed)
    faults.add([rule])
    return [each for each in range(1, number + 1) if faults.striking(rule["kind"], lambda _: True)]


@pytest.mark.parametrize(
    ("often", "expected"), [({"nth": 3}, [3]), ({"every": 3}, [3, 6, 9]), ({"share": 1}, list(range(1, 11)))]
)
def test_how_often_a_rule_strikes(often: dict[str, Any], expected: list[int]) -> None:
    assert struck({"kind": "eventLoss", **often}, 10) == expected


def test_a_share_is_drawn_from_the_seeds_and_the_rule_alone() -> None:
    first = struck(LOSS, 1000)
    assert 440 < len(first) < 560
    assert struck(LOSS, 1000) == first
    assert struck(LOSS, 1000, seed=2) != first
    assert struck({**LOSS, "seed": 1}, 1000) != first
    assert struck({**LOSS, "kind": "eventDuplicate"}, 1000) != first


@pytest.mark.parametrize(
    ("changes", "concerned"),
    [
        ({}, True),
        ({"service": "ec2"}, True),
        ({"service": "eks"}, False),
        ({"service": "ec2", "operation": "CreateSubnet"}, True),
        ({"service": "ec2", "operation": "DeleteSubnet"}, False),
        ({"caller": "LniGuard"}, True),
        ({"caller": "LniSweep"}, False),
    ],
)
def test_which_calls_a_rule_concerns(changes: dict[str, str], concerned: bool) -> None:
    call = Call("ec2", "CreateSubnet", {}, GUARD)
    assert parse({**LOSS, **changes}).concerns(call) is concerned


@pytest.mark.parametrize(
    ("code", "service", "operation", "status"),
    [
        ("RequestLimitExceeded", "ec2", "DescribeSubnets", 503),
        ("ThrottlingException", "eks", "UpdateClusterConfig", 429),  # in that operation's model
        ("ThrottlingException", "ssm", "GetParameter", 400),
        ("InternalFailure", "sqs", "SendMessage", 500),
        ("InternalServerException", "outposts", "GetOutpost", 500),
    ],
)
def test_an_error_has_the_status_that_its_service_gives_it(
    code: str, service: str, operation: str, status: int
) -> None:
    rule = {**THROTTLE, "errorCode": code, "service": service, "operation": operation}
    assert parse(rule).status == status
    assert parse({**rule, "status": 418}).status == 418


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("loss", "kind is one of error, delay, crash, eventLoss"),
        ({"kind": "fire"}, "kind is one of"),
        ({"kind": "eventLoss"}, "just one of nth, every, share"),
        ({**LOSS, "nth": 1}, "just one of nth, every, share"),
        ({**LOSS, "share": 1.5}, "share is a number above 0, up to 1, not 1.5"),
        ({**LOSS, "share": True}, "share is"),
        ({"kind": "eventLoss", "nth": 0}, "nth is a whole number, 1 or more"),
        ({**LOSS, "colour": "red"}, "eventLoss needs kind, .* may have service, operation, caller, seed"),
        ({**LOSS, "service": "braket"}, "service is one of autoscaling"),
        ({**LOSS, "operation": "CreateSubnet"}, "operation needs its service"),
        ({**LOSS, "service": "sts", "operation": "AssumeRoll"}, "operation is one of sts: AssumeRole,"),
        ({"kind": "eventDelay", "every": 1}, "eventDelay needs kind, seconds"),
        ({"kind": "eventDelay", "every": 1, "seconds": 0}, "seconds is a number above 0"),
        ({**THROTTLE, "when": "while"}, "when is before or after"),
        ({**THROTTLE, "errorCode": "Sulking"}, "needs a status; known are .*RequestLimitExceeded"),
        ({**THROTTLE, "status": 200}, "status is an HTTP status from 400"),
        ({"kind": "crash", "function": "f", "at": "noon", "nth": 1}, "at is start, before, after or end"),
        ({"kind": "crash", "function": "f", "at": "end", "nth": 1, "service": "ec2"}, "those are of calls"),
        ({"kind": "messageDuplicate", "queue": "", "nth": 1}, "queue is part of the queue's name"),
    ],
)
def test_what_cannot_be_read_says_what_can(rule: Any, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        parse(rule)


def test_the_guide_lists_every_kind_and_its_example_is_accepted() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    with pytest.raises(Malformed) as refused:
        parse({})
    kinds = re.findall(r"one of (.*), not", str(refused.value))[0].split(", ")
    assert re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE) == kinds
    (example,) = re.findall(r"-d '(\[.*?\])'", guide, re.DOTALL)
    assert [parse(rule).kind for rule in json.loads(example)] == ["error", "crash", "eventLoss"]


def test_the_control_api_adds_tells_and_forgets() -> None:
    cloud = Cloud(seed=1)
    control = Client(Control(cloud))
    assert control.get("/_simulator/faults").json == []
    assert control.post("/_simulator/faults", json=[THROTTLE]).status_code == 200
    added = control.post("/_simulator/faults", json=[LOSS]).json
    assert added == [{"rule": rule, "matched": 0, "struck": 0} for rule in (THROTTLE, LOSS)]
    for _ in range(3):
        cloud.faults.striking("error", lambda _: True)
    told = control.delete("/_simulator/faults").json
    assert told == [
        {"rule": THROTTLE, "matched": 3, "struck": 1},
        {"rule": LOSS, "matched": 0, "struck": 0},
    ]
    assert control.get("/_simulator/faults").json == []


@pytest.mark.parametrize("body", [LOSS, [LOSS, {"kind": "fire"}]])
def test_the_control_api_adds_nothing_that_is_malformed(body: Any) -> None:
    control = Client(Control(Cloud(seed=1)))
    refused = control.post("/_simulator/faults", json=body)
    assert refused.status_code == 400
    assert "rule" in refused.text
    assert control.get("/_simulator/faults").json == []
