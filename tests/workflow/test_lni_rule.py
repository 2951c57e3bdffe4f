"""The EventBridge rule keeps Outposts server subnets LNI-enabled and leaves everything else alone."""

import json
import re
import subprocess
import sys
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


def _dead_letters(deployed: Deployed, **params: int) -> list[str]:
    answer = deployed.client("sqs").receive_message(
        QueueUrl=deployed.output("LniDeadLetterQueueUrl"), MaxNumberOfMessages=10, **params
    )
    return [message["Body"] for message in answer.get("Messages", [])]


def _documented(command: str) -> str:
    """The shell block of the troubleshooting guide that has the command."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "troubleshoot.md").read_text(), re.DOTALL)
    (found,) = [block for block in blocks if command in block]
    return str(found)


def _typed(deployed: Deployed, commands: str) -> str:
    """What the commands print, typed as the guides say, with the variables that they share."""
    shared = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "operate.md").read_text(), re.DOTALL)[0]
    # README, "One exception": version 1 of the AWS CLI heeds AWS_ENDPOINT_URL for all but SQS.
    tool = f'aws() {{ "{sys.executable}" -m awscli --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }}\n'
    script = f"set -eu\n{tool}{shared}\n{commands}"
    result = subprocess.run(
        ["bash", "-c", script], env=deployed.environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def _told_in_one_invocation(deployed: Deployed, *subnets: str) -> bool:
    """Whether some invocation of the guard told of all these subnets."""
    group = deployed.output("LniGuardLogGroupName")
    pages = deployed.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    told: dict[str, set[str]] = {}
    for line in (
        event["message"] for page in pages for event in page["events"] if "subnet-" in event["message"]
    ):
        names = {subnet for subnet in subnets if subnet in line}
        told.setdefault(json.loads(line)["function_request_id"], set()).update(names)
    return any(names == set(subnets) for names in told.values())


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


def test_what_failed_beside_its_batch_mates_is_handled_after_its_cure_and_the_documented_redrive(
    deployed: Deployed,
) -> None:
    iam, sqs = deployed.client("iam"), deployed.client("sqs")
    # The sweep too: it could come by meanwhile and do the guard's work.
    roles = [deployed.role(f"Lni{name}FunctionName").split("/")[1] for name in ("Guard", "Sweep")]
    deployed.control("clock/hold", post=True)
    poison, mate = server_subnet(deployed, "10.0.199.0/25"), server_subnet(deployed, "10.0.199.128/25")
    denied = {
        "Effect": "Deny",
        "Action": "ec2:ModifySubnetAttribute",
        "Resource": f"arn:aws:ec2:us-west-2:123456789012:subnet/{poison}",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName="Mistaken", PolicyDocument=document)
    sent = [_event("lni-create-subnet-server.json", subnet) for subnet in (poison, mate)]
    _send(deployed, *sent)
    deployed.control("clock/release", post=True)
    deployed.settle(seconds=120)

    assert (lni_index(deployed, poison), lni_index(deployed, mate)) == (None, 1)
    assert _told_in_one_invocation(deployed, poison, mate)
    dead = _dead_letters(deployed, VisibilityTimeout=0)
    assert len(dead) == 2  # the one sent here, and the trail's own
    assert sent[0] in dead
    assert {json.loads(body)["detail"]["responseElements"]["subnet"]["subnetId"] for body in dead} == {poison}

    for role in roles:
        iam.delete_role_policy(RoleName=role, PolicyName="Mistaken")
    mark = deployed.mark()
    assert '"Results"' in _typed(deployed, _documented("start-message-move-task"))
    deployed.settle()

    assert lni_index(deployed, poison) == 1
    assert set(_guard_writes(deployed, mark)) == {"ec2.ModifySubnetAttribute"}
    assert _dead_letters(deployed) == []
    listed = sqs.list_message_move_tasks(SourceArn=deployed.output("LniDeadLetterQueueArn"))["Results"][0]
    assert (listed["Status"], listed["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)
