"""Our clients when EC2 throttles: the SDK's own retries, of reads and writes alike, and then a named error."""

from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from extended_cluster import aws
from extended_cluster.lni_outcome import named

THROTTLED = (
    503,
    "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded."
    "</Message></Error></Errors><RequestID>1</RequestID></Response>",
)
READ = (200, "<DescribeSubnetsResponse><subnetSet/></DescribeSubnetsResponse>")
WRITTEN = (200, "<ModifySubnetAttributeResponse><return>true</return></ModifySubnetAttributeResponse>")


class _Raw:
    def __init__(self, text: str) -> None:
        self._text = text

    def stream(self) -> Any:
        yield self._text.encode()


class Ec2:
    """A client of ours whose requests get the given answers, in order; ``pauses``: what it slept between them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, str]) -> None:
        self.pauses: list[float] = []
        self._answers = list(answers)
        monkeypatch.setattr("botocore.endpoint.time.sleep", self.pauses.append)
        session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b")
        self.client = aws.regional(session, "ec2", "us-west-2")
        self.client.meta.events.register("before-send", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        status, text = self._answers.pop(0)
        raw: Any = _Raw(text)
        return AWSResponse(request.url, status, HTTPHeaders(), raw)

    @property
    def left(self) -> int:
        return len(self._answers)


def test_a_throttled_read_is_tried_again_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2(monkeypatch, THROTTLED, THROTTLED, READ)
    assert ec2.client.describe_subnets()["Subnets"] == []
    assert (len(ec2.pauses), ec2.left) == (2, 0)


def test_a_throttled_write_too(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2(monkeypatch, THROTTLED, WRITTEN)
    ec2.client.modify_subnet_attribute(SubnetId="subnet-1", EnableLniAtDeviceIndex=1)
    assert (len(ec2.pauses), ec2.left) == (1, 0)


def test_after_three_attempts_it_is_throttled_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2(monkeypatch, THROTTLED, THROTTLED, THROTTLED, READ)
    with pytest.raises(ClientError, match="RequestLimitExceeded") as raised:
        ec2.client.describe_subnets()
    assert (len(ec2.pauses), ec2.left) == (2, 1)
    assert type(named(raised.value)).__name__ == "Throttled"
