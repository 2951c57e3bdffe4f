"""CreateCluster: found, made, raced, refused."""

from typing import Any

import create_cluster
import pytest

from extended_cluster.errors import ClusterConflict, NotReadyYet
from extended_cluster.types import ClusterPlan
from tests.unit.fake_aws import refusal
from tests.unit.stateful_aws import StatefulClient, run

PLAN: ClusterPlan = {
    "name": "edge-1",
    "version": "1.35",
    "exists": False,
    "tags": {"team": "edge"},
    "settings": {
        "endpointPrivate": True,
        "publicCidrs": [],
        "logTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        "secretsKmsKeyArn": None,
        "deletionProtection": True,
    },
    "adminPrincipalArns": [],
    "localCidrs": [],
}
ROLE = "arn:aws:iam::123456789012:role/cluster"


class Eks(StatefulClient):
    service = "eks"

    def __init__(self) -> None:
        super().__init__()
        self.cluster: dict[str, Any] | None = None
        self.raced_by: dict[str, Any] | None = None
        self.invisible = False

    def describe_cluster(self, **_: Any) -> dict[str, Any]:
        if self.cluster is None:
            raise refusal("ResourceNotFoundException", "DescribeCluster")
        return {"cluster": self.cluster}

    def create_cluster(self, *, tags: dict[str, str], **_: Any) -> dict[str, Any]:
        if self.raced_by or self.invisible:
            self.cluster = self.raced_by
            raise refusal("ResourceInUseException", "CreateCluster")
        self.cluster = made(tags)
        return {"cluster": self.cluster}


def made(tags: dict[str, str]) -> dict[str, Any]:
    arn = "arn:aws:eks:us-west-2:123456789012:cluster/edge-1"
    return {"name": "edge-1", "arn": arn, "status": "CREATING", "tags": tags}


def create(monkeypatch: pytest.MonkeyPatch, eks: Eks, **settings: Any) -> Any:
    monkeypatch.setenv("CLUSTER_SUBNET_IDS", "subnet-1,subnet-2")
    monkeypatch.setenv("CLUSTER_ROLE_ARN", ROLE)
    monkeypatch.setenv("CONTROL_PLANE_SECURITY_GROUP_ID", "sg-1")
    plan = {**PLAN, "settings": {**PLAN["settings"], **settings}}
    return run(monkeypatch, create_cluster.handler, {"cluster": plan}, eks=eks)


def test_the_second_run_finds_what_the_first_made(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    assert create(monkeypatch, eks) == create(monkeypatch, eks)
    assert [name for name, _ in eks.writes] == ["create_cluster"]


def test_it_is_made_as_an_extended_cluster_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    create(monkeypatch, eks)
    ((_, asked),) = eks.writes
    token = asked.pop("clientRequestToken")
    assert 33 <= len(token) <= 126
    assert asked == {
        "name": "edge-1",
        "version": "1.35",
        "roleArn": ROLE,
        "resourcesVpcConfig": {
            "subnetIds": ["subnet-1", "subnet-2"],
            "securityGroupIds": ["sg-1"],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
        },
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "bootstrapSelfManagedAddons": False,
        "upgradePolicy": {"supportType": "STANDARD"},
        "logging": {
            "clusterLogging": [
                {
                    "types": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
                    "enabled": True,
                }
            ]
        },
        "deletionProtection": True,
        "tags": {"team": "edge", "eks-outposts-servers:cluster": "edge-1"},
    }


def test_it_is_made_as_the_request_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    eks, key = Eks(), "arn:aws:kms:us-west-2:123456789012:key/1"
    create(
        monkeypatch,
        eks,
        endpointPrivate=False,
        publicCidrs=["203.0.113.0/24"],
        logTypes=["audit"],
        secretsKmsKeyArn=key,
    )
    ((_, asked),) = eks.writes
    assert asked["resourcesVpcConfig"] == {
        "subnetIds": ["subnet-1", "subnet-2"],
        "securityGroupIds": ["sg-1"],
        "endpointPrivateAccess": False,
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["203.0.113.0/24"],
    }
    assert asked["logging"] == {"clusterLogging": [{"types": ["audit"], "enabled": True}]}
    assert asked["encryptionConfig"] == [{"resources": ["secrets"], "provider": {"keyArn": key}}]


def test_no_logs_are_asked_for_by_an_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    create(monkeypatch, eks, logTypes=[])
    ((_, asked),) = eks.writes
    assert asked["logging"] == {"clusterLogging": []}


def test_a_cluster_of_others_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    eks.cluster = made({"team": "another"})
    with pytest.raises(ClusterConflict, match="edge-1 exists and was not made by this application"):
        create(monkeypatch, eks)
    assert eks.writes == []


def test_a_second_run_at_the_same_time_finds_the_firsts(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    eks.raced_by = made({"eks-outposts-servers:cluster": "edge-1"})
    assert create(monkeypatch, eks)["status"] == "CREATING"


def test_a_race_lost_to_others_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    eks.raced_by = made({})
    with pytest.raises(ClusterConflict):
        create(monkeypatch, eks)


def test_what_is_made_and_not_shown_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    eks.invisible = True
    with pytest.raises(NotReadyYet):
        create(monkeypatch, eks)
