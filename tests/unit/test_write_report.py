"""WriteReport: where it goes, what it says, and what it must not say."""

import json
from typing import Any

import pytest
import write_report

from extended_cluster import kubectl_access, left_out
from extended_cluster.types import ClusterPlan
from tests.unit.fake_aws import FakeClient
from tests.unit.server_plan import OUTPOST
from tests.unit.server_plan import SERVER as SERVER_PLAN
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
ADMIN = "arn:aws:iam::123456789012:role/admin"
PLANNED: ClusterPlan = {
    "name": "edge-1",
    "version": "1.35",
    "exists": False,
    "tags": {},
    "settings": {
        "endpointPrivate": True,
        "publicCidrs": [],
        "logTypes": [],
        "secretsKmsKeyArn": None,
        "deletionProtection": False,
    },
    "adminPrincipalArns": [ADMIN],
    "localCidrs": [],
}
EVENT: dict[str, Any] = {
    "spec": {"clusterName": "edge-1", "kubernetes": "verify"},
    "plan": {
        "cluster": PLANNED,
        "servers": [SERVER_PLAN],
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


def write(monkeypatch: pytest.MonkeyPatch, event: dict[str, Any] = EVENT) -> tuple[Any, dict[str, Any]]:
    """The state's result, and what was put."""
    monkeypatch.setenv("REPORT_BUCKET", "reports-bucket")
    s3 = FakeClient("s3", put_object={})
    result = run(monkeypatch, write_report.handler, event, s3=s3)
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
        "request": {"clusterName": "edge-1", "kubernetes": "verify"},
        "cluster": {key: CLUSTER[key] for key in ("name", "arn", "version", "endpoint")},
        "servers": [SERVER],
        "addons": [ADDON],
        "findings": [],
        "addresses": [],
        "drill": [],
        "kubectl": {"access": kubectl_access.commands(PLANNED, CLUSTER["arn"]), "grant": [], "leftOut": []},
        "decisions": EVENT["plan"]["decisions"],
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
        "findings": {},
        "addresses": [],
        "drill": [],
    }


def test_what_was_proven_is_told_whole_in_the_report_and_short_in_the_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finding = {"id": "lni-up", "required": True, "status": "pass", "evidence": "all up", "advice": "look"}
    address = {"outpostId": OUTPOST, "address": "192.168.10.200", "node": "node-1"}
    moves = [[{"outpostId": OUTPOST, "from": "node-1", "to": "node-2", "seconds": 12}]] * 2
    proven = {"verification": {"findings": [finding], "addresses": [address]}, "drill": moves}
    result, put = write(monkeypatch, {**EVENT, **proven})
    report = json.loads(put["Body"])
    assert (report["findings"], report["addresses"], report["drill"]) == ([finding], [address], moves)
    short = result["report"]
    assert (short["findings"], short["addresses"], short["drill"]) == ({"lni-up": "pass"}, [address], moves)


def test_what_was_skipped_is_told_as_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    _, put = write(monkeypatch, {**EVENT, "spec": {**EVENT["spec"], "kubernetes": "skip"}})
    assert json.loads(put["Body"])["kubectl"]["leftOut"] == left_out.commands([SERVER_PLAN])


def test_without_an_administrator_the_report_says_how_to_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = {**EVENT["plan"], "cluster": {**PLANNED, "adminPrincipalArns": []}}
    _, put = write(monkeypatch, {**EVENT, "plan": nobody})
    told = json.loads(put["Body"])["kubectl"]
    assert told["access"] == []
    assert told["grant"] == kubectl_access.grant("edge-1", CLUSTER["arn"])


def test_neither_certificate_authority_nor_user_data_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    result, put = write(monkeypatch)
    said = put["Body"].decode() + json.dumps(result)
    assert CLUSTER["certificateAuthority"] not in said
    assert "SECRET-USER-DATA" not in said
