"""What the LNI guard and EnableLni meet: sample events, and three subnets (on a server, a rack, in the Region)."""

import json
from pathlib import Path
from typing import Any

from tests.unit.fake_aws import refusal
from tests.unit.stateful_aws import ACCOUNT, StatefulClient

EVENTS = Path(__file__).parents[2] / "events"
SUBNET = "subnet-0a1b2c3d4e5f60011"
SERVER = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0a1b2c3d4e5f60001"
RACK = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0a1b2c3d4e5f60009"


class Ec2(StatefulClient):
    service = "ec2"

    def __init__(self) -> None:
        super().__init__()
        self.subnets: dict[str, dict[str, Any]] = {
            SUBNET: self._subnet(SUBNET, SERVER),
            "subnet-0a1b2c3d4e5f60012": self._subnet("subnet-0a1b2c3d4e5f60012", RACK),
            "subnet-0a1b2c3d4e5f60013": self._subnet("subnet-0a1b2c3d4e5f60013", None),
        }
        self.interfaces: list[dict[str, Any]] = []
        self.lagging = False
        self.fault: Exception | None = None

    def describe_subnets(self, *, SubnetIds: list[str]) -> dict[str, Any]:
        if self.fault:
            raise self.fault
        if SubnetIds[0] not in self.subnets:
            raise refusal("InvalidSubnetID.NotFound", "DescribeSubnets")
        return {"Subnets": [self.subnets[SubnetIds[0]]]}

    def describe_network_interfaces(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        (wanted,) = Filters
        return {"NetworkInterfaces": [i for i in self.interfaces if i["SubnetId"] in wanted["Values"]]}

    def modify_subnet_attribute(self, *, SubnetId: str, EnableLniAtDeviceIndex: int) -> None:
        if not self.lagging:
            self.subnets[SubnetId]["EnableLniAtDeviceIndex"] = EnableLniAtDeviceIndex

    def _subnet(self, subnet_id: str, outpost: str | None) -> dict[str, Any]:
        subnet = {"SubnetId": subnet_id, "VpcId": "vpc-1", "State": "available", "OwnerId": ACCOUNT}
        return {**subnet, "OutpostArn": outpost} if outpost else subnet


class Outposts(StatefulClient):
    service = "outposts"
    looks = 0

    def get_outpost(self, *, OutpostId: str) -> dict[str, Any]:
        self.looks += 1
        return {"Outpost": {"SupportedHardwareType": "RACK" if OutpostId == RACK else "SERVER"}}


class Events(StatefulClient):
    """EventBridge's default bus; ``lost``: how many entries of each call it refuses."""

    service = "events"
    lost = 0

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ARG002
        return {"FailedEntryCount": self.lost, "Entries": []}

    @property
    def details(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for _, call in self.writes for entry in call["Entries"]]


class Sqs(StatefulClient):
    service = "sqs"
    fault: Exception | None = None

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: ARG002
        if self.fault:
            raise self.fault

    @property
    def pauses(self) -> list[int]:
        return [call["VisibilityTimeout"] for _, call in self.writes]


POLICY = {
    "LNI_DEVICE_INDEX": "1",
    "LNI_SELECTION": "optOut",
    "LNI_VPC_IDS": "",
    "LNI_OUTPOST_DEVICE_INDEXES": "",
    "LNI_MODE": "enable",
    "LNI_QUEUE_URL": "https://queue",
}


def sample(case: str) -> str:
    """The text of ``events/lni-<case>.json``."""
    return (EVENTS / f"lni-{case}.json").read_text()
