"""The deployed guard in storms: AWS throttles, functions die, events are lost, doubled, late and overtaken."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.workflow import schedule
from tests.workflow.conftest import RACK, SERVER_1U, Deployed, lni_index, server_subnet
from tests.workflow.faults import faults

OPTED_OUT, INDEX_2 = {"eks-outposts-servers:lni": "disabled"}, {"eks-outposts-servers:lni-device-index": "2"}
OURS = {"eks-outposts-servers:cluster": "storm"}


@pytest.fixture(scope="module", autouse=True)
def paused(deployed: Deployed) -> Iterator[None]:
    """What the sweep finds is what the guard has missed."""
    schedule.switch(deployed, "DISABLED")
    yield
    schedule.switch(deployed, "ENABLED")


@contextmanager
def _one_moment(deployed: Deployed) -> Iterator[None]:
    """All that is done in the block happens at once."""
    deployed.control("clock/hold", post=True)
    try:
        yield
    finally:
        deployed.control("clock/release", post=True)


class Edge:
    """Subnets of every kind. wanted: the index that each shall end with; eligible: those that the guard may change;
    unheard: those of which an event is lost; changes: how often operators have made or changed each."""

    def __init__(self, deployed: Deployed, block: int) -> None:
        self._deployed, self._block, self._ec2 = deployed, block, deployed.client("ec2")
        self.wanted: dict[str, int | None] = {}
        self.changes: Counter[str] = Counter()
        self.unheard = [self._make(1), self._make(1)]
        self.plain = [
            self._make(1),
            self._make(1, outpost=SERVER_1U, zone="us-west-2b"),
            self._make(2, INDEX_2),
        ]
        self.ours = self._make(1, OURS)
        self.eligible = list(self.wanted)
        self._make(None, OPTED_OUT)
        self._make(None, outpost=RACK)
        self.theirs = self._make(3)
        self.set(self.theirs, 3)
        region = self._ec2.create_subnet(
            VpcId=deployed.output("VpcId"), CidrBlock=self._free(), AvailabilityZone="us-west-2a"
        )
        self.wanted[region["Subnet"]["SubnetId"]] = None

    def _free(self) -> str:
        number = len(self.wanted)
        return f"10.0.{self._block}.{16 * number}/28"

    def _make(self, wanted: int | None, tags: dict[str, str] | None = None, **where: str) -> str:
        subnet = server_subnet(self._deployed, self._free(), **where)
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            self._ec2.create_tags(Resources=[subnet], Tags=listed)
        self.wanted[subnet] = wanted
        self.changes[subnet] += 1
        return subnet

    def set(self, subnet: str, index: int | None) -> None:
        """As an operator: enable LNI at an index, or disable it."""
        off: dict[str, Any] = {"DisableLniAtDeviceIndex": {"Value": True}}
        on = {"EnableLniAtDeviceIndex": index}
        self._ec2.modify_subnet_attribute(SubnetId=subnet, **(on if index else off))
        self.changes[subnet] += 1

    def burst(self, chance: random.Random) -> None:
        """Operators who know nothing of the guard."""
        self.set(self.unheard[1], None)
        for _ in range(8):
            self.set(chance.choice(self.plain), None)
        for _ in range(2):
            self.set(self.ours, chance.choice([None, 4, 5]))

    @property
    def found(self) -> dict[str, int | None]:
        return {subnet: lni_index(self._deployed, subnet) for subnet in self.wanted}

    def delete(self) -> None:
        for subnet in self.wanted:
            self._ec2.delete_subnet(SubnetId=subnet)


def _rules(deployed: Deployed, seed: int) -> list[dict[str, Any]]:
    guard = deployed.output("LniGuardFunctionName")
    looks = {"kind": "error", "service": "ec2", "operation": "DescribeSubnets", "caller": guard}
    writes = {"service": "ec2", "operation": "ModifySubnetAttribute"}
    throttled = {"errorCode": "RequestLimitExceeded"}
    dies = {"kind": "crash", "function": guard}
    queue = deployed.output("LniQueueUrl").rpartition("/")[2]
    rules: list[dict[str, Any]] = [
        # Of the unheard: the first one's only event, and the last one of the second.
        {"kind": "eventLoss", "service": "ec2", "operation": "CreateSubnet", "nth": 1},
        {"kind": "eventLoss", **writes, "caller": "user/administrator", "nth": 2},
        {"kind": "eventLoss", **writes, "caller": guard, "share": 0.3},
        {"kind": "eventDuplicate", "service": "ec2", "share": 0.3},
        {"kind": "eventDelay", "service": "ec2", "share": 0.3, "seconds": 200},
        {"kind": "eventReorder", "service": "ec2", "share": 0.3},
        {"kind": "messageDuplicate", "queue": queue, "share": 0.2},
        # The SDK tries three times, and then the first message has to come again.
        *({**looks, **throttled, "nth": number} for number in (1, 2, 3)),
        {**looks, **throttled, "share": 0.1},
        {"kind": "delay", "service": "outposts", "operation": "GetOutpost", "seconds": 20, "nth": 1},
        {"kind": "error", **writes, **throttled, "caller": guard, "nth": 2},
        {"kind": "error", **writes, "errorCode": "InternalError", "when": "after", "caller": guard, "nth": 4},
        {**dies, **writes, "at": "before", "nth": 3},
        {**dies, **writes, "at": "after", "nth": 3},
        {**dies, "at": "start", "nth": 4},
        {**dies, "at": "end", "nth": 5},
    ]
    return [{**rule, "seed": seed} for rule in rules]


def _messages(deployed: Deployed, url: str) -> int:
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    told = deployed.client("sqs").get_queue_attributes(QueueUrl=deployed.output(url), AttributeNames=names)
    return sum(int(count) for count in told["Attributes"].values())


def _written(deployed: Deployed, function: str, since: int) -> list[str | None]:
    """The error, or None, of each write that a function has made."""
    own = deployed.calls_of(function, since)
    return [entry["error"] for entry in own if entry["name"] == "ec2.ModifySubnetAttribute"]


def _sweep(deployed: Deployed) -> None:
    """Once, by the schedule."""
    schedule.switch(deployed, "ENABLED")
    deployed.control("clock/advance?seconds=900", post=True)
    deployed.settle()
    schedule.switch(deployed, "DISABLED")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_a_storm_and_a_sweep_every_subnet_is_as_wanted(deployed: Deployed, seed: int) -> None:
    mark, dead = deployed.mark(), _messages(deployed, "LniDeadLetterQueueUrl")
    with faults(deployed, *_rules(deployed, seed)):
        with _one_moment(deployed):
            edge = Edge(deployed, 230 + seed)
        deployed.settle(seconds=120)
        # Events alone mend everything that they tell of.
        assert edge.found == edge.wanted | {edge.unheard[0]: None}
        with _one_moment(deployed):
            edge.burst(random.Random(seed))  # noqa: S311
        deployed.settle(seconds=120)
    assert edge.found == edge.wanted | dict.fromkeys(edge.unheard)
    _sweep(deployed)

    assert edge.found == edge.wanted
    by_guard = _written(deployed, "LniGuardFunctionName", mark)
    by_sweep = _written(deployed, "LniSweepFunctionName", mark)
    # What may not be written is refused by EC2 (rack, Region) or by IAM (opted out), or would show (theirs).
    assert set(by_guard + by_sweep) == {None, "RequestLimitExceeded", "InternalError"}
    assert by_sweep == [None] * len(edge.unheard)
    # Each answers an operator's change, or comes again after one of the two errors.
    assert len(by_guard + by_sweep) <= sum(edge.changes[subnet] for subnet in edge.eligible) + 2
    assert _messages(deployed, "LniQueueUrl") == 0
    assert _messages(deployed, "LniDeadLetterQueueUrl") == dead
    edge.delete()


def test_a_write_that_is_not_seen_yet_is_made_again_and_does_no_harm(deployed: Deployed) -> None:
    """EC2's reads lag by seconds; here by so long that an event which comes a minute later finds the old index."""
    mark, ec2 = deployed.mark(), deployed.client("ec2")
    twice = {"kind": "eventDuplicate", "service": "ec2", "every": 1}
    with faults(deployed, {"kind": "readLag", "seconds": 90, "every": 1}, twice):
        with _one_moment(deployed):
            subnet = server_subnet(deployed, "10.0.230.0/28")
        deployed.settle()
    assert lni_index(deployed, subnet) == 1
    # Two for the two events and two for those of each write, for as many rounds of the trail as fit into the lag.
    by_guard = _written(deployed, "LniGuardFunctionName", mark)
    assert by_guard == [None] * len(by_guard)
    assert 2 <= len(by_guard) <= 2 + 4 + 8

    with faults(deployed, {"kind": "readLag", "seconds": 150, "every": 1}):
        with _one_moment(deployed):
            ec2.modify_subnet_attribute(SubnetId=subnet, DisableLniAtDeviceIndex={"Value": True})
        deployed.settle()
    assert lni_index(deployed, subnet) is None  # its event was judged by what EC2 still showed
    _sweep(deployed)
    assert lni_index(deployed, subnet) == 1
    ec2.delete_subnet(SubnetId=subnet)
