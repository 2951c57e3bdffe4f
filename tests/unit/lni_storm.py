"""One seeded storm: operators change subnets while the guard hears of it late, twice, out of order or never.

AWS throttles and functions crash meanwhile. What the guard ought to do is worked out here anew, not by its own code.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, Final

import lni_guard

from tests.unit.fake_aws import refusal
from tests.unit.lni_aws import Sqs, sample
from tests.unit.lni_world import INDEX, LNI, NO_MANAGE, OURS, Account, outpost, sweep, tagged
from tests.unit.stateful_aws import ACCOUNT, CONTEXT

STEPS: Final = 20
RECEIPTS: Final = 7  # guard.yaml, maxReceiveCount
SERVERS, RACK, RESOLVER = (outpost(1), outpost(2)), outpost(9), "Route 53 Resolver: rslvr-in-1:rni-1"
CREATED, MODIFIED = sample("create-subnet-server"), sample("modify-subnet-attribute-disabled")


class Crash(Exception):
    """A function's end in the middle of its work."""


class Storm:
    """policy: the guard's environment; wrong: writes that ought not to have been; crashes, throttles: how many."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.account = Account(**{SERVERS[0]: "SERVER", SERVERS[1]: "SERVER", RACK: "RACK"})
        self.ec2, self.sqs = self.account.ec2, Sqs()
        self.policy = {
            "LNI_DEVICE_INDEX": self.random.choice(["1", "2"]),
            "LNI_SELECTION": self.random.choice(["optOut", "optIn"]),
            "LNI_VPC_IDS": self.random.choice(["", "vpc-1"]),
            "LNI_OUTPOST_DEVICE_INDEXES": self.random.choice(["", f"{SERVERS[1].rpartition('/')[2]}=3"]),
        }
        self.clear = False  # whether the storm is over
        self.messages: list[tuple[int, str, int]] = []  # due at this step, body, times received
        self.step = 0
        self.seen: dict[str, dict[str, Any]] = {}
        self.seen_interfaces: dict[str, list[dict[str, Any]]] = {}
        self.wrong: list[str] = []
        self.met = {"crash": 0, "throttle": 0, "lost": 0, "write": 0}

    def rage(self) -> None:
        """Operators, deliveries and sweeps by turns, then a calm sweep."""
        for self.step in range(STEPS):
            self.operate()
            self.deliver()
            if self.random.random() < 0.1:
                self._survive(sweep)
        self.clear = True
        for subnet in self.ec2.subnets.values():
            subnet["State"] = "available"
        sweep()

    def client(self, service: str) -> Any:
        """What the functions get as their client."""
        return Exposed(self, self.sqs if service == "sqs" else self.account.client(service))

    # --- Operators ---------------------------------------------------------------------------------

    def operate(self) -> None:
        """One change by somebody else. Other operators know nothing of the guard."""
        subnets = list(self.ec2.subnets.values())
        if len(subnets) < 8 and (not subnets or self.random.random() < 0.5):
            self._create()
            return
        subnet = self.random.choice(subnets)
        match self.random.randrange(6):
            case 0:
                subnet.pop("EnableLniAtDeviceIndex", None)
                self.record(MODIFIED, subnet["SubnetId"])
            case 1:
                subnet["EnableLniAtDeviceIndex"] = self.random.randint(1, 3)
                self.record(MODIFIED, subnet["SubnetId"])
            case 2:
                subnet["Tags"] = self._tags()  # CreateTags is no event of the rule
            case 3:
                self._attach(subnet["SubnetId"])
            case 4:
                self.ec2.interfaces.clear()
            case 5:
                subnet["State"] = "available"

    def _create(self) -> None:
        on = self.random.choice([*SERVERS, *SERVERS, RACK, None])
        subnet_id = self.ec2._add(
            on,
            State=self.random.choice(["pending", "available"]),
            VpcId=self.random.choice(["vpc-1", "vpc-1", "vpc-2"]),
            OwnerId=self.random.choice([ACCOUNT] * 5 + [ACCOUNT[::-1]]),
            Tags=self._tags(),
        )
        self.record(CREATED, subnet_id)

    def _tags(self) -> list[dict[str, str]]:
        said = self.random.choice([{}, {LNI: "enabled"}, {LNI: "enabled"}, {LNI: "disabled"}, {LNI: "off"}])
        index = self.random.choice([{}, {}, {INDEX: "3"}, {INDEX: "x"}])
        return tagged({**said, **index, **self.random.choice([{}, {OURS: "edge-1"}])})

    def _attach(self, subnet_id: str) -> None:
        tags = self.random.choice([{}, {"no_manage": "true"}])
        name = self.ec2._interface(subnet_id, self.random.choice([None, 0, 1, 2, 3]), **tags)
        if self.random.random() < 0.2:
            self.ec2.interfaces[name]["Description"] = RESOLVER

    # --- Events ------------------------------------------------------------------------------------

    def record(self, text: str, subnet_id: str) -> None:
        """CloudTrail's event of a call: lost, once or twice, each time after a delay of its own."""
        event = json.loads(text)
        for named in (
            event["detail"]["requestParameters"],
            event["detail"]["responseElements"].get("subnet"),
        ):
            if named and "subnetId" in named:
                named["subnetId"] = subnet_id
        copies = self.random.choice([0, 1, 1, 1, 2])
        self.met["lost"] += copies == 0
        for _ in range(copies):
            self.messages.append((self.step + self.random.randrange(6), json.dumps(event), 0))

    def deliver(self) -> None:
        """What is due, in any order; what fails comes back until it has been received seven times."""
        due = [message for message in self.messages if message[0] <= self.step]
        self.random.shuffle(due)
        batch = due[:10]
        if not batch:
            return
        if self.random.random() < 0.1:
            batch.append((0, "not JSON", RECEIPTS - 1))
        self.messages = [message for message in self.messages if message not in batch]
        answer = self._survive(lambda: lni_guard.handler({"Records": _records(batch)}, CONTEXT))
        back = range(len(batch)) if answer is None else [int(each["itemIdentifier"]) for each in answer]
        for number in back:
            _, body, received = batch[number]
            if received + 1 < RECEIPTS:
                self.messages.append((self.step + 1 + self.random.randrange(3), body, received + 1))

    def _survive(self, call: Callable[[], dict[str, Any]]) -> list[dict[str, str]] | None:
        try:
            failures: list[dict[str, str]] = call().get("batchItemFailures", [])
        except Crash:
            return None
        return failures

    # --- Faults, and the judge of every write -------------------------------------------------------

    def before(self, service: str, operation: str, params: dict[str, Any]) -> None:
        """Throttle, crash, let an operator in; and judge a write by what the guard could have seen."""
        if operation == "modify_subnet_attribute":
            self._judge(params["SubnetId"], params["EnableLniAtDeviceIndex"])
        elif not self.clear and service == "ec2" and self.random.random() < 0.05:
            self.operate()
        self._crash()
        if not self.clear and service in ("ec2", "outposts") and self.random.random() < 0.05:
            self.met["throttle"] += 1
            raise refusal("RequestLimitExceeded", operation)

    def after(self, operation: str, params: dict[str, Any], answer: Any) -> None:
        """Remember what was seen; a crash after the effect, too."""
        if operation == "describe_subnets" and "SubnetIds" in params:
            self.seen[params["SubnetIds"][0]] = copy.deepcopy(answer["Subnets"][0])
        if operation == "describe_network_interfaces" and params["Filters"][0]["Name"] == "subnet-id":
            for subnet_id in params["Filters"][0]["Values"]:
                found = [i for i in answer["NetworkInterfaces"] if i["SubnetId"] == subnet_id]
                self.seen_interfaces[subnet_id] = copy.deepcopy(found)
        if operation == "modify_subnet_attribute":
            self.met["write"] += 1
            self.seen[params["SubnetId"]]["EnableLniAtDeviceIndex"] = params["EnableLniAtDeviceIndex"]
            self.record(MODIFIED, params["SubnetId"])  # its own echo
        self._crash()

    def _crash(self) -> None:
        if not self.clear and self.random.random() < 0.02:
            self.met["crash"] += 1
            raise Crash

    def _judge(self, subnet_id: str, index: int) -> None:
        subnet = self.seen[subnet_id]
        wanted = self.wanted(subnet, self.seen_interfaces.get(subnet_id, []))
        if wanted != index or subnet.get("EnableLniAtDeviceIndex") == index:
            self.wrong.append(f"{index} on {subnet}, wanted {wanted}")

    def wanted(self, subnet: dict[str, Any], interfaces: list[dict[str, Any]]) -> int | None:
        """The index that the subnet ought to have, None where the guard has no say."""
        tags = {tag["Key"]: tag["Value"] for tag in subnet["Tags"]}
        on, now = subnet.get("OutpostArn"), subnet.get("EnableLniAtDeviceIndex")
        if on not in SERVERS or subnet["OwnerId"] != ACCOUNT or subnet["State"] != "available":
            return None
        if tags.get(LNI) in ("disabled", "off") or tags.get(INDEX) == "x":
            return None
        if self.policy["LNI_SELECTION"] == "optIn" and tags.get(LNI) != "enabled":
            return None
        if self.policy["LNI_VPC_IDS"] and subnet["VpcId"] != "vpc-1":
            return None
        override = 3 if self.policy["LNI_OUTPOST_DEVICE_INDEXES"] and on == SERVERS[1] else None
        index = int(tags.get(INDEX) or override or self.policy["LNI_DEVICE_INDEX"])
        if now == index:
            return index
        if now and OURS not in tags:
            return None
        for each in interfaces:
            at, lni = each.get("Attachment", {}).get("DeviceIndex"), {"Key": NO_MANAGE, "Value": "true"}
            if (
                each["Description"] == RESOLVER
                or (at == index and lni not in each["TagSet"])
                or (now and at == now)
            ):
                return None
        return index

    def missing(self) -> list[str]:
        """Subnets that ought to have an index now and have another or none."""
        found = []
        for subnet_id, subnet in self.ec2.subnets.items():
            inside = [each for each in self.ec2.interfaces.values() if each["SubnetId"] == subnet_id]
            wanted = self.wanted(subnet, inside)
            if wanted and subnet.get("EnableLniAtDeviceIndex") != wanted:
                found.append(f"{subnet}, wanted {wanted}")
        return found


class Exposed:
    """A client in the storm."""

    def __init__(self, storm: Storm, client: Any) -> None:
        self._storm, self._client = storm, client

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda **params: self._call(
            operation, params, lambda: getattr(self._client, operation)(**params)
        )

    def get_paginator(self, operation: str) -> Any:
        """As boto3's."""

        def paginate(**params: Any) -> Iterator[dict[str, Any]]:
            pages = self._client.get_paginator(operation).paginate
            yield from self._call(
                operation, params, lambda: list(pages(**params)) or [{"NetworkInterfaces": []}]
            )

        return SimpleNamespace(paginate=paginate)

    def _call(self, operation: str, params: dict[str, Any], call: Callable[[], Any]) -> Any:
        self._storm.before(self._client.service, operation, params)
        answer = call()
        merged = answer
        if isinstance(answer, list):
            merged = {key: [item for page in answer for item in page[key]] for key in answer[0]}
        self._storm.after(operation, params, merged)
        return answer


def _records(batch: list[tuple[int, str, int]]) -> list[dict[str, Any]]:
    return [
        {
            "messageId": str(number),
            "receiptHandle": f"receipt-{number}",
            "attributes": {"ApproximateReceiveCount": str(received + 1)},
            "body": body,
        }
        for number, (_, body, received) in enumerate(batch)
    ]
