"""An account in one Region as the LNI sweep meets it: any number of subnets on servers and racks, and interfaces."""

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import lni_sweep
import pytest

from extended_cluster import aws
from tests.unit.fake_aws import refusal
from tests.unit.lni_aws import POLICY, Events
from tests.unit.stateful_aws import ACCOUNT, CONTEXT, StatefulClient

NOW = "2026-11-23T12:00:00Z"
LNI, INDEX = "eks-outposts-servers:lni", "eks-outposts-servers:lni-device-index"
OURS, NO_MANAGE = "eks-outposts-servers:cluster", "node.k8s.amazonaws.com/no_manage"
SINCE = "eks-outposts-servers:orphaned-since"

SWEEP = {
    **POLICY,
    "LNI_MAX_CHANGES": "50",
    "LNI_MAX_CHANGES_SHARE": "25",
    "LNI_REGIONS": "",
    "LNI_MEMBER_ROLE_ARNS": "",
    "LNI_EXTERNAL_ID": "",
    "POWERTOOLS_METRICS_NAMESPACE": "EksOutpostsServers",
}


def outpost(number: int, account: str = ACCOUNT) -> str:
    return f"arn:aws:outposts:us-west-2:{account}:outpost/op-{number:017x}"


def tagged(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


class Ec2(StatefulClient):
    """Pages of a thousand, as EC2 gives at most; IAM's condition on the tag is that of guard.yaml."""

    service = "ec2"
    page = 1000

    def __init__(self) -> None:
        super().__init__()
        self.subnets: dict[str, dict[str, Any]] = {}
        self.interfaces: dict[str, dict[str, Any]] = {}
        self.faults: dict[str, Exception] = {}

    def _add(self, on: str | None, index: int | None = None, **facts: Any) -> str:
        subnet_id = f"subnet-{len(self.subnets):017x}"
        subnet = {
            "SubnetId": subnet_id,
            "VpcId": "vpc-1",
            "State": "available",
            "OwnerId": ACCOUNT,
            "Tags": [],
        }
        self.subnets[subnet_id] = {
            **subnet,
            **({"OutpostArn": on} if on else {}),
            **({"EnableLniAtDeviceIndex": index} if index else {}),
            **facts,
        }
        return subnet_id

    def _interface(self, subnet_id: str, index: int | None = None, **tags: str) -> str:
        """Attached at the index, or attached to nothing. tags: by the names in ``TAGS``."""
        name = f"eni-{len(self.interfaces):017x}"
        at = {"DeviceIndex": index, "Status": "attached", "InstanceId": "i-1"}
        self.interfaces[name] = {
            "NetworkInterfaceId": name,
            "SubnetId": subnet_id,
            "Status": "available" if index is None else "in-use",
            "Description": "",
            "TagSet": tagged({TAGS[key]: value for key, value in tags.items()}),
            **({} if index is None else {"Attachment": at}),
        }
        return name

    def describe_subnets(self, *, SubnetIds: list[str] | None = None) -> dict[str, Any]:
        self._fail("describe_subnets")
        if SubnetIds is None:
            return {"Subnets": [dict(subnet) for subnet in self.subnets.values()]}
        if SubnetIds[0] not in self.subnets:
            raise refusal("InvalidSubnetID.NotFound", "DescribeSubnets")
        return {"Subnets": [dict(self.subnets[SubnetIds[0]])]}

    def describe_network_interfaces(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        self._fail("describe_network_interfaces")
        assert all(len(each["Values"]) <= 200 for each in Filters)
        found = list(self.interfaces.values())
        for each in Filters:
            found = [i for i in found if _has(i, each["Name"]) & set(each["Values"])]
        return {"NetworkInterfaces": found}

    def modify_subnet_attribute(self, *, SubnetId: str, EnableLniAtDeviceIndex: int) -> None:
        self._fail("modify_subnet_attribute")
        subnet = self.subnets[SubnetId]
        if subnet["OwnerId"] != ACCOUNT or {"Key": LNI, "Value": "disabled"} in subnet["Tags"]:
            raise refusal("UnauthorizedOperation", "ModifySubnetAttribute")
        subnet["EnableLniAtDeviceIndex"] = EnableLniAtDeviceIndex

    def create_tags(self, *, Resources: list[str], Tags: list[dict[str, str]]) -> None:
        self.interfaces[Resources[0]]["TagSet"] += Tags

    def delete_tags(self, *, Resources: list[str], Tags: list[dict[str, str]]) -> None:
        interface, keys = self.interfaces[Resources[0]], {tag["Key"] for tag in Tags}
        interface["TagSet"] = [tag for tag in interface["TagSet"] if tag["Key"] not in keys]

    def delete_network_interface(self, *, NetworkInterfaceId: str) -> None:
        self._fail("delete_network_interface")
        del self.interfaces[NetworkInterfaceId]

    def _fail(self, operation: str) -> None:
        if operation in self.faults:
            raise self.faults[operation]


TAGS = {"cluster": OURS, "no_manage": NO_MANAGE, "since": SINCE}


def _has(interface: dict[str, Any], name: str) -> set[str]:
    match name:
        case "subnet-id":
            return {interface["SubnetId"]}
        case "status":
            return {interface["Status"]}
        case "tag-key":
            return {tag["Key"] for tag in interface["TagSet"]}
    raise AssertionError(f"a filter that the fake does not know: {name}")


class Outposts(StatefulClient):
    """kinds: by ARN, those of the account, ``""`` where AWS does not say it; shared: not listed, but known when asked
    for by ARN."""

    service = "outposts"
    page = 1000

    def __init__(self, kinds: Mapping[str, str], shared: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.kinds, self.shared = dict(kinds), dict(shared or {})
        self.fault: Exception | None = None

    def list_outposts(self) -> dict[str, Any]:
        if self.fault:
            raise self.fault
        return {"Outposts": [{"OutpostArn": arn, **_hardware(kind)} for arn, kind in self.kinds.items()]}

    def get_outpost(self, *, OutpostId: str) -> dict[str, Any]:
        kind = {**self.kinds, **self.shared}.get(OutpostId)
        if kind is None:
            raise refusal("NotFoundException", "GetOutpost")
        return {"Outpost": _hardware(kind)}


def _hardware(kind: str) -> dict[str, str]:
    return {"SupportedHardwareType": kind} if kind else {}


class CloudTrail(StatefulClient):
    service = "cloudtrail"

    def __init__(self, logging: bool = True, trails: int = 1) -> None:
        super().__init__()
        self.logging, self.trails = logging, trails

    def describe_trails(self) -> dict[str, Any]:
        arns = [f"arn:aws:cloudtrail:us-west-2:{ACCOUNT}:trail/{number}" for number in range(self.trails)]
        return {"trailList": [{"TrailARN": arn} for arn in arns]}

    def get_trail_status(self, *, Name: str) -> dict[str, Any]:  # noqa: ARG002
        return {"IsLogging": self.logging}


class Account:
    """The clients of one account, and what is asked of them."""

    def __init__(self, **kinds: str) -> None:
        """kinds: none for one server, ``outpost(1)``, and one rack, ``outpost(9)``."""
        self.ec2 = Ec2()
        self.outposts = Outposts(kinds or {outpost(1): "SERVER", outpost(9): "RACK"})
        self.events = Events()
        self.cloudtrail = CloudTrail()

    def client(self, service: str) -> Any:
        return {
            "ec2": self.ec2,
            "outposts": self.outposts,
            "events": self.events,
            "cloudtrail": self.cloudtrail,
        }[service]

    @property
    def told(self) -> list[dict[str, Any]]:
        """Details of the outcomes' events."""
        return list(self._details("LNI Guard Outcome"))

    @property
    def summaries(self) -> list[dict[str, Any]]:
        return list(self._details("LNI Guard Sweep Completed"))

    def _details(self, kind: str) -> Iterator[dict[str, Any]]:
        for _, call in self.events.writes:
            for entry in call["Entries"]:
                if entry["DetailType"] == kind:
                    yield json.loads(entry["Detail"])


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Account:
    """The account that the sweep runs in, with the stack's default parameters."""
    found = Account()
    monkeypatch.setattr(aws, "client", found.client)
    for name, value in SWEEP.items():
        monkeypatch.setenv(name, value)
    return found


def sweep(*, now: str | None = NOW, left: int = 900_000, **event: Any) -> dict[str, Any]:
    """Invoke the sweep as its schedule does; left: milliseconds that its function still has."""
    context = SimpleNamespace(**vars(CONTEXT), get_remaining_time_in_millis=lambda: left)
    return lni_sweep.handler({**({"now": now} if now else {}), **event}, context)
