"""Every sample in ``events/lni-*.json`` is a case of its own, and the guard does with it what its name says."""

import json
from pathlib import Path

import lni_guard
import pytest

from extended_cluster import aws
from tests.unit.lni_aws import EVENTS, SERVER, SUBNET, Sqs, sample
from tests.unit.lni_world import OURS, Account, Outposts, home, sweep, tagged
from tests.unit.stateful_aws import ACCOUNT, CONTEXT

__all__ = ["home"]

RACK, SHARED = (
    SERVER.replace("60001", "60009"),
    SERVER.replace("60001", "60007").replace(ACCOUNT, ACCOUNT[::-1]),
)
OUTCOMES = {
    "create-subnet-server": "enable",
    "create-subnet-shared": "enable",
    "create-subnet-rack": "ignore",
    "create-subnet-region": "ignore",
    "create-subnet-failed": "ignore",
    "modify-subnet-attribute-disabled": "enable",
    "modify-subnet-attribute-moved": "move",
    "modify-subnet-attribute-enabled": "nothing",
    "modify-subnet-attribute-other": "enable",  # whatever was changed: the event is a hint, the subnet is looked at
    "malformed": "MalformedEvent",
}
SWEEPS = {"sweep", "sweep-dry-run"}


def test_no_sample_is_left_out() -> None:
    assert {path.stem.removeprefix("lni-") for path in EVENTS.glob("lni-*.json")} == {*OUTCOMES, *SWEEPS}


@pytest.mark.parametrize("case", OUTCOMES)
def test_what_comes_of_an_event(home: Account, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    kept, sqs = home.ec2, Sqs()
    home.outposts = Outposts({SERVER: "SERVER", RACK: "RACK"}, {SHARED: "SERVER"})
    for last, on in ((11, SERVER), (12, RACK), (13, None), (14, SHARED)):
        subnet_id = f"{SUBNET[:-2]}{last}"
        kept.subnets[subnet_id] = {**kept.subnets.pop(kept._add(on)), "SubnetId": subnet_id}
    if case.endswith("moved"):
        kept.subnets[SUBNET].update(EnableLniAtDeviceIndex=2, Tags=tagged({OURS: "edge-1"}))
    if case.endswith("enabled"):
        kept.subnets[SUBNET]["EnableLniAtDeviceIndex"] = 1
    monkeypatch.setattr(aws, "client", lambda service: sqs if service == "sqs" else home.client(service))
    record = {
        "messageId": "1",
        "receiptHandle": "1",
        "attributes": {"ApproximateReceiveCount": "1"},
        "body": sample(case).replace("OWNER_ACCOUNT", ACCOUNT[::-1]),
    }
    answer = lni_guard.handler({"Records": [record]}, CONTEXT)
    assert [each["outcome"] for each in home.told] == [OUTCOMES[case]]
    assert bool(answer["batchItemFailures"]) is (case == "malformed")
    assert len(kept.writes) == (OUTCOMES[case] in ("enable", "move"))


@pytest.mark.parametrize("case", sorted(SWEEPS))
def test_what_comes_of_a_sweep(home: Account, case: str) -> None:
    home.outposts = Outposts({SERVER: "SERVER"})
    home.ec2._add(SERVER)
    assert sweep(**json.loads(sample(case)))["outcomes"] == {"enable": 1}
    assert len(home.ec2.writes) == (case == "sweep")


def test_the_schedule_sends_what_the_sample_has() -> None:
    template = Path(EVENTS.parent / "guard.yaml").read_text()
    assert """Input: '{"now": "<aws.scheduler.scheduled-time>"}'""" in template
    assert json.loads(sample("sweep")).keys() == {"now"}
