"""The LNI guard: batches in, failures, metrics and writes out."""

import json
from typing import Any

import fastjsonschema
import lni_guard
import pytest

from extended_cluster import aws
from extended_cluster.handler import logger
from extended_cluster.lni import Action
from tests.unit.fake_aws import refusal
from tests.unit.lni_aws import EVENTS, POLICY, SUBNET, Ec2, Events, Outposts, Sqs, sample
from tests.unit.stateful_aws import CONTEXT

SCHEMA = EVENTS.parent / "docs" / "lni-guard-outcome.schema.json"


@pytest.fixture
def clients() -> dict[str, Any]:
    return {"ec2": Ec2(), "outposts": Outposts(), "events": Events(), "sqs": Sqs()}


@pytest.fixture
def ec2(clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Ec2:
    monkeypatch.setattr(aws, "client", clients.__getitem__)
    for name, value in {**POLICY, "POWERTOOLS_METRICS_NAMESPACE": "EksOutpostsServers"}.items():
        monkeypatch.setenv(name, value)
    found: Ec2 = clients["ec2"]
    return found


def deliver(*bodies: str, received: int = 1) -> list[str]:
    """The message ids that the guard lists as failed; messages are numbered from 0."""
    records = [
        {
            "messageId": str(number),
            "receiptHandle": f"receipt-{number}",
            "attributes": {"ApproximateReceiveCount": str(received)},
            "body": body,
        }
        for number, body in enumerate(bodies)
    ]
    answer = lni_guard.handler({"Records": records}, CONTEXT)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def outcomes(printed: str) -> list[str]:
    lines = [json.loads(line) for line in printed.splitlines()]
    metrics = [line for line in lines if "LniGuardOutcome" in line]
    for metric in metrics:
        (directive,) = metric["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "EksOutpostsServers"
        assert directive["Dimensions"] == [["outcome"]]
        assert metric["LniGuardOutcome"] == [1.0]
    return [metric["outcome"] for metric in metrics]


@pytest.mark.parametrize("case", ["create-subnet-server", "modify-subnet-attribute-disabled"])
def test_it_enables_lni_on_a_servers_subnet_once(
    ec2: Ec2, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deliver(sample(case)) == []
    assert ec2.writes == [("modify_subnet_attribute", {"SubnetId": SUBNET, "EnableLniAtDeviceIndex": 1})]
    assert deliver(sample(case), sample(case)) == []  # duplicates, and the guard's own write come back
    assert len(ec2.writes) == 1
    assert outcomes(capsys.readouterr().out) == ["enable", "nothing", "nothing"]


@pytest.mark.parametrize("case", ["create-subnet-rack", "create-subnet-region", "create-subnet-failed"])
def test_it_leaves_everything_else_alone(ec2: Ec2, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(sample(case)) == []
    assert ec2.writes == []
    assert outcomes(capsys.readouterr().out) == ["ignore"]


def test_a_subnet_that_is_gone_is_ignored(ec2: Ec2) -> None:
    ec2.subnets.clear()
    assert deliver(sample("create-subnet-server")) == []


@pytest.mark.parametrize("change", [{"OwnerId": "another-account"}, {"EnableLniAtDeviceIndex": 2}])
def test_others_choices_are_respected_and_reported(
    ec2: Ec2, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    ec2.subnets[SUBNET].update(change)
    assert deliver(sample("create-subnet-server")) == []
    assert ec2.writes == []
    assert outcomes(capsys.readouterr().out) == ["report"]


def test_a_pending_subnet_comes_back(ec2: Ec2, capsys: pytest.CaptureFixture[str]) -> None:
    ec2.subnets[SUBNET]["State"] = "pending"
    assert deliver(sample("create-subnet-server")) == ["0"]
    assert ec2.writes == []
    assert outcomes(capsys.readouterr().out) == ["NotReadyYet"]


def test_a_write_that_is_not_visible_yet_is_told_as_one_and_does_not_come_back(
    ec2: Ec2, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    ec2.lagging = True
    assert deliver(sample("create-subnet-server")) == []
    assert len(ec2.writes) == 1
    assert outcomes(capsys.readouterr().out) == ["enable"]
    assert vars(caplog.records[0])["reason"].endswith("it is written, and EC2 does not show it yet")


def test_only_the_failed_records_come_back(
    ec2: Ec2, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert deliver(sample("malformed"), sample("create-subnet-server"), "not JSON") == ["0", "2"]
    assert len(ec2.writes) == 1
    assert outcomes(capsys.readouterr().out) == ["MalformedEvent", "enable", "MalformedEvent"]
    assert "successful CreateSubnet and names no subnet" in vars(caplog.records[0])["reason"]


def test_what_failed_comes_back_later_and_later_and_what_never_can_at_once(
    ec2: Ec2, clients: dict[str, Any]
) -> None:
    ec2.subnets[SUBNET]["State"] = "pending"
    for received in (1, 2, 6, 7, 20):
        deliver(sample("create-subnet-server"), received=received)
    deliver(sample("malformed"))
    assert clients["sqs"].pauses == [15, 30, 480, 900, 900, 0]


def test_a_pause_that_cannot_be_set_is_no_failure_of_its_own(ec2: Ec2, clients: dict[str, Any]) -> None:
    clients["sqs"].fault = refusal("ReceiptHandleIsInvalid", "ChangeMessageVisibility")
    assert deliver("not JSON", sample("create-subnet-server")) == ["0"]


def test_every_record_is_an_event_that_fits_the_schema(ec2: Ec2, clients: dict[str, Any]) -> None:
    check = fastjsonschema.compile(json.loads(SCHEMA.read_text()))
    deliver(*[sample(case) for case in ("create-subnet-server", "create-subnet-rack", "malformed")])
    details = clients["events"].details
    assert [check(detail)["outcome"] for detail in details] == ["enable", "ignore", "MalformedEvent"]
    assert details[0]["subnetId"] == SUBNET
    assert len(clients["events"].writes) == 1
    with pytest.raises(fastjsonschema.JsonSchemaException):
        check({**details[0], "version": "2"})


def test_an_event_that_cannot_be_told_fails_nothing(
    ec2: Ec2, clients: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    clients["events"].lost = 1
    assert deliver(sample("create-subnet-server")) == []
    assert "LniGuardFailed" in capsys.readouterr().out


def test_report_only_writes_nothing(
    ec2: Ec2, clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LNI_MODE", "report")
    assert deliver(sample("create-subnet-server")) == []
    assert ec2.writes == []
    (detail,) = clients["events"].details
    assert (detail["outcome"], detail["dryRun"]) == ("enable", True)


def test_a_subnet_that_opted_out_is_not_even_asked_about(ec2: Ec2, clients: dict[str, Any]) -> None:
    ec2.subnets[SUBNET]["Tags"] = [{"Key": "eks-outposts-servers:lni", "Value": "disabled"}]
    assert deliver(sample("create-subnet-server")) == []
    assert ec2.writes == []
    assert clients["outposts"].looks == 0


def test_a_resolver_endpoint_is_never_stopped(ec2: Ec2, capsys: pytest.CaptureFixture[str]) -> None:
    ec2.interfaces = [
        {
            "NetworkInterfaceId": "eni-1",
            "SubnetId": SUBNET,
            "Description": "Route 53 Resolver: rslvr-in-1:rni-1",
            "TagSet": [],
        }
    ]
    assert deliver(sample("create-subnet-server")) == []
    assert ec2.writes == []
    assert outcomes(capsys.readouterr().out) == ["refuse"]


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("RequestLimitExceeded", "Throttled"),
        ("UnauthorizedOperation", "AccessDenied"),
        ("InternalError", "AwsCallFailed"),
    ],
)
def test_an_aws_error_fails_its_record_by_name(
    ec2: Ec2, clients: dict[str, Any], code: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ec2.fault = refusal(code, "DescribeSubnets")
    assert deliver(sample("create-subnet-server"), sample("create-subnet-failed")) == ["0"]
    assert outcomes(capsys.readouterr().out) == [named, "ignore"]
    assert clients["events"].details[0]["subnetId"] == SUBNET


def test_a_defect_fails_the_whole_batch(ec2: Ec2) -> None:
    ec2.fault = TypeError("a defect")
    with pytest.raises(TypeError, match="a defect"):
        deliver(sample("create-subnet-server"))


def test_an_outpost_is_looked_at_once_a_process(ec2: Ec2) -> None:
    deliver(sample("create-subnet-server"), sample("modify-subnet-attribute-disabled"))
    assert aws.client("outposts").looks == 1


def test_a_record_is_one_log_line_under_the_events_id(ec2: Ec2, caplog: pytest.LogCaptureFixture) -> None:
    deliver(sample("create-subnet-server"))
    (line,) = caplog.records
    assert vars(line)["outcome"] == Action.ENABLE
    assert logger.get_correlation_id() == json.loads(sample("create-subnet-server"))["detail"]["eventID"]
