"""The LNI evaluator, row by row."""

from dataclasses import replace
from typing import Any

import pytest

from extended_cluster.errors import GuardMisconfigured
from extended_cluster.lni import UNKNOWN, Action, Interface, SubnetFacts, decide
from extended_cluster.lni_policy import Policy, from_environment
from tests.unit.lni_aws import POLICY

OUTPOST = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0a1b2c3d4e5f60001"
SERVER_SUBNET = SubnetFacts(
    subnet_id="subnet-1",
    exists=True,
    account_id="123456789012",
    state="available",
    owner_id="123456789012",
    outpost_arn=OUTPOST,
    hardware_type="SERVER",
    interfaces=(),
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
        ({"hardware_type": UNKNOWN}, Action.REPORT, "of which AWS does not say whether it is a server"),
        ({"owner_id": "another-account"}, Action.REPORT, "belongs to account another-account"),
        ({"state": "pending"}, Action.NOT_READY, "still pending"),
        ({"state": "failed-insufficient-capacity"}, Action.REFUSE, "is failed-insufficient-capacity"),
    ],
)
def test_each_fact_decides(changes: dict[str, str | int | None], action: Action, reason: str) -> None:
    decision = decide(replace(SERVER_SUBNET, **changes), Policy())  # type: ignore[arg-type]
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
    assert decide(replace(SERVER_SUBNET, **changes), Policy()).action is action  # type: ignore[arg-type]


def test_the_primary_interfaces_index_is_refused() -> None:
    assert decide(SERVER_SUBNET, Policy(device_index=0)).action is Action.REFUSE


LNI, OURS = "eks-outposts-servers:lni", {"eks-outposts-servers:cluster": "edge-1"}
INDEX = "eks-outposts-servers:lni-device-index"


def interface(index: int | None, *, no_manage: bool = False, resolver: bool = False) -> Interface:
    return Interface(interface_id="eni-1", device_index=index, no_manage=no_manage, resolver=resolver)


@pytest.mark.parametrize(
    ("found", "changes", "action"),
    [
        (interface(None), {}, Action.ENABLE),
        (interface(0), {}, Action.ENABLE),
        (interface(1, no_manage=True), {}, Action.ENABLE),
        (interface(1), {}, Action.CONFLICT),
        (interface(None, resolver=True), {}, Action.REFUSE),
        (interface(1, resolver=True), {}, Action.REFUSE),
        (interface(1), {"current_index": 1}, Action.NOTHING),
        (interface(0), {"current_index": 2, "tags": OURS}, Action.MOVE),
        (interface(2, no_manage=True), {"current_index": 2, "tags": OURS}, Action.CONFLICT),
        (interface(1), {"current_index": 2, "tags": OURS}, Action.CONFLICT),
        (interface(None, resolver=True), {"current_index": 2, "tags": OURS}, Action.REFUSE),
        (interface(0), {"current_index": 2}, Action.REPORT),
    ],
)
def test_what_is_attached_decides(found: Interface, changes: dict[str, Any], action: Action) -> None:
    decision = decide(replace(SERVER_SUBNET, interfaces=(found,), **changes), Policy())
    assert decision.action is action
    if action in (Action.CONFLICT, Action.REFUSE):
        assert "eni-1" in decision.reason


@pytest.mark.parametrize("missing", ["hardware_type", "interfaces"])
def test_a_fact_that_is_missing_is_never_guessed(missing: str) -> None:
    assert decide(replace(SERVER_SUBNET, **{missing: None}), Policy()).action is Action.LOOK  # type: ignore[arg-type]


OPT_IN, ONE_VPC = Policy(opt_in=True), Policy(vpc_ids=frozenset({"vpc-2"}))
ON_OUTPOST = Policy(outpost_indexes={"op-0a1b2c3d4e5f60001": 3})


@pytest.mark.parametrize(
    ("policy", "tags", "action", "index"),
    [
        (Policy(), {}, Action.ENABLE, 1),
        (Policy(), {LNI: "enabled"}, Action.ENABLE, 1),
        (Policy(), {LNI: "disabled"}, Action.SKIP, None),
        (Policy(), {LNI: "Disabled"}, Action.REPORT, None),
        (Policy(), {LNI: "disabled", INDEX: "2"}, Action.REPORT, None),
        (Policy(), {INDEX: "2"}, Action.ENABLE, 2),
        (Policy(), {INDEX: "0"}, Action.REPORT, None),
        (Policy(), {INDEX: "16"}, Action.REPORT, None),
        (Policy(), {INDEX: "1 "}, Action.REPORT, None),
        (OPT_IN, {}, Action.SKIP, None),
        (OPT_IN, {LNI: "enabled"}, Action.ENABLE, 1),
        (ONE_VPC, {}, Action.SKIP, None),
        (ONE_VPC, {LNI: "enabled"}, Action.SKIP, None),
        (ON_OUTPOST, {}, Action.ENABLE, 3),
        (ON_OUTPOST, {INDEX: "2"}, Action.ENABLE, 2),
    ],
)
def test_policy_and_tags_decide(
    policy: Policy, tags: dict[str, str], action: Action, index: int | None
) -> None:
    decision = decide(replace(SERVER_SUBNET, vpc_id="vpc-1", tags=tags), policy)
    assert (decision.action, decision.device_index) == (action, index)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LNI_SELECTION", "all"),
        ("LNI_MODE", "off"),
        ("LNI_DEVICE_INDEX", "0"),
        ("LNI_OUTPOST_DEVICE_INDEXES", "op-1=2"),
        ("LNI_OUTPOST_DEVICE_INDEXES", "op-0a1b2c3d4e5f60001=x"),
        ("LNI_OUTPOST_DEVICE_INDEXES", "op-0a1b2c3d4e5f60001=2,op-0a1b2c3d4e5f60001=3"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for variable, text in {**POLICY, name: value}.items():
        monkeypatch.setenv(variable, text)
    with pytest.raises(GuardMisconfigured, match=value.rpartition("=")[2]):
        from_environment()
