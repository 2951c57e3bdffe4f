"""The guard's parser over the sample events."""

import json
from typing import Any

import pytest

from extended_cluster.errors import MalformedEvent
from extended_cluster.subnet_event import parse
from tests.unit.lni_aws import sample


@pytest.mark.parametrize(
    ("case", "subnet_id"),
    [
        ("create-subnet-server", "subnet-0a1b2c3d4e5f60011"),
        ("create-subnet-rack", "subnet-0a1b2c3d4e5f60012"),
        ("create-subnet-region", "subnet-0a1b2c3d4e5f60013"),
        ("modify-subnet-attribute-disabled", "subnet-0a1b2c3d4e5f60011"),
    ],
)
def test_a_successful_call_names_its_subnet(case: str, subnet_id: str) -> None:
    hint = parse(sample(case))
    assert hint.subnet_id == subnet_id
    assert hint.event_id == json.loads(sample(case))["detail"]["eventID"]


def test_a_failed_call_names_none() -> None:
    hint = parse(sample("create-subnet-failed"))
    assert hint.subnet_id is None
    assert hint.reason == "the call to CreateSubnet failed with Client.InvalidSubnet.Conflict"


def test_another_call_names_none() -> None:
    event = json.loads(sample("create-subnet-server"))
    event["detail"]["eventName"] = "DeleteSubnet"
    assert parse(json.dumps(event)).subnet_id is None


def test_a_successful_call_without_its_subnet_is_malformed() -> None:
    with pytest.raises(MalformedEvent, match="successful CreateSubnet and names no subnet"):
        parse(sample("malformed"))


def without(event: dict[str, Any], *path: str) -> str:
    parent = event
    for name in path[:-1]:
        parent = parent[name]
    del parent[path[-1]]
    return json.dumps(event)


@pytest.mark.parametrize(
    "path",
    [
        ("detail",),
        ("detail", "eventID"),
        ("detail", "eventName"),
        ("detail", "responseElements"),
        ("detail", "responseElements", "subnet"),
    ],
)
def test_what_must_be_there_and_is_not_is_malformed(path: tuple[str, ...]) -> None:
    with pytest.raises(MalformedEvent):
        parse(without(json.loads(sample("create-subnet-server")), *path))


@pytest.mark.parametrize("body", ["", "not JSON", "null", "[]", '"detail"', '{"detail": "text"}'])
def test_what_is_no_event_at_all_is_malformed(body: str) -> None:
    with pytest.raises(MalformedEvent):
        parse(body)
