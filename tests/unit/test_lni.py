"""The LNI evaluator, row by row."""

from dataclasses import replace

import pytest

from extended_cluster.lni import Action, SubnetFacts, decide

OUTPOST = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0a1b2c3d4e5f60001"
SERVER_SUBNET = SubnetFacts(
    subnet_id="subnet-1",
    exists=True,
    account_id="123456789012",
    state="available",
    owner_id="123456789012",
    outpost_arn=OUTPOST,
    hardware_type="SERVER",
)


@pytest.mark.parametrize(
    ("changes", "action", "reason"),
    [
        ({}, Action.ENABLE, f"subnet-1 on {OUTPOST} has no LNI enabled"),
        ({"current_index": 1}, Action.NOTHING, "subnet-1 has LNI enabled at device index 1"),
        ({"current_index": 2}, Action.REPORT, "at device index 2 instead of 1"),
        ({"exists": False}, Action.IGNORE, "does not exist"),
        ({"outpost_arn": None, "hardware_type": None}, Action.IGNORE, "not on an Outpost"),
        ({"hardware_type": "RACK"}, Action.IGNORE, "which is a RACK and not a server"),
        ({"owner_id": "another-account"}, Action.REPORT, "belongs to account another-account"),
        ({"state": "pending"}, Action.NOT_READY, "still pending"),
        ({"state": "failed-insufficient-capacity"}, Action.REFUSE, "is failed-insufficient-capacity"),
    ],
)
def test_each_fact_decides(changes: dict[str, str | int | None], action: Action, reason: str) -> None:
    decision = decide(replace(SERVER_SUBNET, **changes), 1)  # type: ignore[arg-type]
    assert decision.action is action
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"hardware_type": "RACK", "owner_id": "another-account"}, Action.IGNORE),
        ({"owner_id": "another-account", "state": "pending"}, Action.REPORT),
        ({"state": "pending", "current_index": 2}, Action.NOT_READY),
    ],
)
def test_an_earlier_row_wins(changes: dict[str, str | int], action: Action) -> None:
    assert decide(replace(SERVER_SUBNET, **changes), 1).action is action  # type: ignore[arg-type]


def test_the_primary_interfaces_index_is_refused() -> None:
    assert decide(SERVER_SUBNET, 0).action is Action.REFUSE
