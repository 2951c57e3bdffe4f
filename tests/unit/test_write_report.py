"""WriteReport: where it goes, what it says, and what it must not say."""

import json
from typing import Any

import pytest
import write_report

from tests.unit.fake_aws import FakeClient
from tests.unit.server_plan import OUTPOST
from tests.unit.stateful_aws import run
from tests.unit.test_user_data import CLUSTER

NODE = {
    "instanceId": "i-1",
    "lni": {"networkInterfaceId": "eni-1", "macAddress": "0a:00:00:00:00:01", "privateIp": "10.0.64.10"},
}
SERVER = {
    "outpostId": OUTPOST,
    "subnetId": "subnet-1",
    "launchTemplateId": "lt-1",
    "autoScalingGroupName": "edge-1-x",
    "instances": [NODE],
}
ADDON = {"name": "coredns", "version": "v1.1.0-eksbuild.1", "status": "ACTIVE"}
EVENT = {
    "spec": {"clusterName": "edge-1"},
    "plan": {
        "cluster": {},
        "servers": [],
        "decisions": [{"action": "create", "resource": "cluster edge-1", "reason": "it does not exist"}],
        "warnings": ["not supported by AWS"],
        "expectedMinutes": 15,
    },
    "cluster": CLUSTER,
    "servers": [{**SERVER, "userData": "SECRET-USER-DATA"}],
    "addons": [ADDON],
    "startedAt": "2026-11-20T09:00:00.000Z",
    "now": "2026-11-20T09:14:30.400Z",
    "executionName": "run-1",
}


def write(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, Any]]:
    """The state's result, and what was put."""
    monkeypatch.setenv("REPORT_BUCKET", "reports-bucket")
    s3 = FakeClient("s3", put_object={})
    result = run(monkeypatch, write_report.handler, EVENT, s3=s3)
    ((_, put),) = s3.calls
    return result, put


def test_it_goes_under_the_clusters_and_the_executions_names(monkeypatch: pytest.MonkeyPatch) -> None:
    result, put = write(monkeypatch)
    assert (result["bucket"], result["key"]) == ("reports-bucket", "reports/edge-1/run-1.json")
    assert (put["Bucket"], put["Key"]) == (result["bucket"], result["key"])
    assert put["ContentType"] == "application/json"


def test_it_says_what_was_made_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    _, put = write(monkeypatch)
    assert json.loads(put["Body"]) == {
        "execution": "run-1",
        "startedAt": EVENT["startedAt"],
        "finishedAt": EVENT["now"],
        "durationSeconds": 870,
        "request": {"clusterName": "edge-1"},
        "cluster": {key: CLUSTER[key] for key in ("name", "arn", "version", "endpoint")},
        "servers": [SERVER],
        "addons": [ADDON],
        "decisions": EVENT["plan"]["decisions"],  # type: ignore[index]
        "warnings": ["not supported by AWS"],
        "expectedMinutes": 15,
    }


def test_the_output_is_the_short_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = write(monkeypatch)
    assert result["report"] == {
        "clusterName": "edge-1",
        "kubernetesVersion": "1.35",
        "endpoint": CLUSTER["endpoint"],
        "servers": 1,
        "nodes": 1,
        "durationSeconds": 870,
        "warnings": ["not supported by AWS"],
    }


def test_neither_certificate_authority_nor_user_data_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    result, put = write(monkeypatch)
    said = put["Body"].decode() + json.dumps(result)
    assert CLUSTER["certificateAuthority"] not in said
    assert "SECRET-USER-DATA" not in said
