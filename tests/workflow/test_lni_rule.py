"""The EventBridge rule keeps Outposts server subnets LNI-enabled and leaves everything else alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from demo.simulator_process import ROOT
from tests.workflow.conftest import RACK, Deployed, lni_index, server_subnet

EVENTS: Path = ROOT / "events"


def _guard_calls(deployed: Deployed, since: int) -> list[str]:
    return [entry["name"] for entry in deployed.calls_of("LniGuardFunctionName", since)]


def _guard_writes(deployed: Deployed, since: int) -> list[str]:
    """Its changes; that it tells each outcome as an event is none."""
    own = [entry["name"] for entry in deployed.calls_of("LniGuardFunctionName", since) if entry["mutating"]]
    return [name for name in own if name != "events.PutEvents"]


def _send(deployed: Deployed, *bodies: str) -> None:
    """Put events on the queue as the rule does."""
    sqs = deployed.client("sqs")
    for body in bodies:
        sqs.send_message(QueueUrl=deployed.output("LniQueueUrl"), MessageBody=body)


def _event(sample: str, subnet: str) -> str:
    event = json.loads((EVENTS / sample).read_text())
    event["detail"]["responseElements"]["subnet"]["subnetId"] = subnet
    return json.dumps(event)


def _dead_letters(deployed: Deployed) -> list[str]:
    answer = deployed.client("sqs").receive_message(
        QueueUrl=deployed.output("LniDeadLetterQueueUrl"), MaxNumberOfMessages=10
    )
    return [message["Body"] for message in answer.get("Messages", [])]


def test_a_new_server_subnet_gets_lni(deployed: Deployed) -> None:
    subnet = server_subnet(deployed, "10.0.200.0/24")
    deployed.settle()
    assert lni_index(deployed, subnet) == 1


def test_lni_disabled_behind_our_back_is_enabled_again(deployed: Deployed) -> None:
    subnet = server_subnet(deployed, "10.0.201.0/24")
    deployed.settle()
    deployed.client("ec2").modify_subnet_attribute(SubnetId=subnet, DisableLniAtDeviceIndex={"Value": True})
    deployed.settle()
    assert lni_index(deployed, subnet) == 1


def test_a_rack_subnet_is_left_alone(deployed: Deployed) -> None:
    mark = deployed.mark()
    subnet = server_subnet(deployed, "10.0.202.0/24", RACK)
    deployed.settle()
    assert lni_index(deployed, subnet) is None
    assert "outposts.GetOutpost" in _guard_calls(deployed, mark)
    assert _guard_writes(deployed, mark) == []


def test_a_region_subnet_costs_nothing(deployed: Deployed) -> None:
    mark = deployed.mark()
    ec2 = deployed.client("ec2")
    ec2.create_subnet(
        VpcId=deployed.output("VpcId"), CidrBlock="10.0.203.0/24", AvailabilityZone="us-west-2a"
    )
    deployed.settle()
    assert _guard_calls(deployed, mark) == []
    assert not [entry for entry in deployed.calls(mark) if entry["name"] == "lambda.Invoke"]


def test_a_failed_create_subnet_costs_nothing(deployed: Deployed) -> None:
    mark = deployed.mark()
    with pytest.raises(ClientError):
        server_subnet(deployed, "192.168.7.0/24")
    deployed.settle()
    assert _guard_calls(deployed, mark) == []


def test_a_duplicate_event_writes_once(deployed: Deployed) -> None:
    subnet = server_subnet(deployed, "10.0.204.0/24")
    deployed.settle()
    mark = deployed.mark()
    _send(deployed, *[_event("lni-create-subnet-server.json", subnet)] * 2)
    deployed.settle()
    assert lni_index(deployed, subnet) == 1
    assert _guard_writes(deployed, mark) == []
    assert "ec2.DescribeSubnets" in _guard_calls(deployed, mark)


def test_an_event_of_a_subnet_that_is_gone_is_no_error(deployed: Deployed) -> None:
    _send(deployed, _event("lni-create-subnet-server.json", "subnet-0123456789abcdef0"))
    deployed.settle()
    assert _dead_letters(deployed) == []


def test_another_index_is_respected(deployed: Deployed) -> None:
    deployed.control("clock/hold", post=True)
    subnet = server_subnet(deployed, "10.0.205.0/24")
    deployed.control("clock/release", post=True)
    deployed.settle()
    ec2 = deployed.client("ec2")
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=3)
    deployed.settle()
    assert lni_index(deployed, subnet) == 3


@pytest.mark.parametrize("body", ["not json", json.dumps({"detail": {"eventName": "CreateSubnet"}})])
def test_a_malformed_event_ends_whole_in_the_dead_letter_queue(deployed: Deployed, body: str) -> None:
    good = server_subnet(deployed, f"10.0.{206 + len(body) % 40}.0/24")
    mark = deployed.mark()
    _send(deployed, body, _event("lni-create-subnet-server.json", good))
    deployed.settle(seconds=120)
    dead = _dead_letters(deployed)
    assert dead == [body]
    assert lni_index(deployed, good) == 1
    purge: Any = deployed.client("sqs")
    purge.purge_queue(QueueUrl=deployed.output("LniDeadLetterQueueUrl"))
    assert mark
