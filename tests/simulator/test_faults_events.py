"""CloudTrail events that are lost, doubled, late or overtaken, and what a fault of a call leaves in the trail."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator import iam, trail
from simulator.call import AwsError
from simulator.cloud import Cloud
from simulator.faults import calls
from tests.simulator.virtual_time import let_pass

type Arrivals = list[tuple[float, dict[str, Any]]]


@pytest.fixture(scope="module")
def whole() -> Cloud:
    cloud = Cloud(seed=3, start=datetime(2026, 11, 23, 6, tzinfo=UTC))
    cloud.wrap(trail.layer(cloud))
    cloud.wrap(calls.layer(cloud))
    cloud.wrap(iam.layer(cloud))
    cloud.install(iam.operations(cloud))
    cloud.install(trail.operations(cloud))
    bucket = {"LocationConstraint": "us-west-2"}
    cloud.client("s3").create_bucket(Bucket="trail", CreateBucketConfiguration=bucket)
    cloud.client("cloudtrail").create_trail(Name="all", S3BucketName="trail")
    cloud.client("cloudtrail").start_logging(Name="all")
    return cloud


@pytest.fixture
def cloud(whole: Cloud) -> Iterator[Cloud]:
    """Time stands still, or it would pass between two calls, as events are on their way."""
    whole.clock.hold()
    let_pass(whole, 1000)
    yield whole
    whole.faults.clear()
    whole.clock.release()


@pytest.fixture
def arrivals(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Arrivals:
    """When and what arrives at the bus."""
    arrived: Arrivals = []
    began = cloud.clock.time()
    monkeypatch.setattr(
        cloud.events, "deliver", lambda event: arrived.append((cloud.clock.time() - began, event))
    )
    return arrived


def make(cloud: Cloud, *blocks: str) -> None:
    for block in blocks:
        cloud.client("ec2").create_vpc(CidrBlock=block)
    let_pass(cloud, 1000)


def blocks(arrivals: Arrivals) -> list[str]:
    return [event["detail"]["requestParameters"]["cidrBlock"] for _, event in arrivals]


def test_a_lost_event_never_comes(cloud: Cloud, arrivals: Arrivals) -> None:
    cloud.faults.add([{"kind": "eventLoss", "service": "ec2", "operation": "CreateVpc", "nth": 2}])
    make(cloud, "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16")
    assert sorted(blocks(arrivals)) == ["10.0.0.0/16", "10.2.0.0/16"]


def test_a_doubled_event_is_the_same_event_at_another_time(cloud: Cloud, arrivals: Arrivals) -> None:
    cloud.faults.add([{"kind": "eventDuplicate", "nth": 1}])
    make(cloud, "10.3.0.0/16", "10.4.0.0/16")
    [first, second] = [each for each in arrivals if blocks([each]) == ["10.3.0.0/16"]]
    assert len(arrivals) == 3
    assert first[1] == second[1]
    assert first[0] != second[0]


def test_a_late_event(cloud: Cloud, arrivals: Arrivals) -> None:
    cloud.faults.add([{"kind": "eventDelay", "seconds": 500, "nth": 1}])
    make(cloud, "10.5.0.0/16", "10.6.0.0/16")
    assert blocks(arrivals) == ["10.6.0.0/16", "10.5.0.0/16"]
    assert 520 < arrivals[1][0] < 620


def test_an_overtaken_event_comes_after_the_next_one_only(cloud: Cloud, arrivals: Arrivals) -> None:
    cloud.faults.add([{"kind": "eventReorder", "nth": 1}, {"kind": "eventDuplicate", "nth": 1}])
    cloud.client("ec2").create_vpc(CidrBlock="10.7.0.0/16")
    let_pass(cloud, 150)  # its time has come, and nothing is there to overtake it
    assert arrivals == []
    make(cloud, "10.8.0.0/16")
    assert blocks(arrivals) == ["10.8.0.0/16", "10.7.0.0/16", "10.7.0.0/16"]
    assert 5 <= arrivals[1][0] - arrivals[0][0] < 6


def test_an_event_that_nothing_overtakes_comes_at_last(cloud: Cloud, arrivals: Arrivals) -> None:
    cloud.faults.add([{"kind": "eventReorder", "every": 1}])
    make(cloud, "10.9.0.0/16")
    assert blocks(arrivals) == ["10.9.0.0/16"]
    assert 320 < arrivals[0][0] < 420


def test_a_throttled_call_is_recorded_as_the_client_s_fault(cloud: Cloud, arrivals: Arrivals) -> None:
    rule = {"kind": "error", "service": "ec2", "operation": "CreateVpc", "errorCode": "RequestLimitExceeded"}
    cloud.faults.add([{**rule, "nth": 1}, {**rule, "errorCode": "InternalError", "nth": 1, "when": "after"}])
    for _ in range(2):
        with pytest.raises(AwsError):
            cloud.call("ec2", "CreateVpc", CidrBlock="10.10.0.0/16")
    let_pass(cloud, 1000)
    codes = {event["detail"]["errorCode"] for _, event in arrivals}
    assert codes == {"Client.RequestLimitExceeded", "Server.InternalError"}
