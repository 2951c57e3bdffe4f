"""GrantKubernetesAccess and RevokeKubernetesAccess: entries for one run, and nobody else's ever touched."""

from typing import Any

import grant_kubernetes_access
import pytest
import revoke_kubernetes_access

from extended_cluster.errors import AccessEntryConflict
from tests.unit.fake_aws import refusal
from tests.unit.stateful_aws import StatefulClient, run

ROLE = "arn:aws-cn:iam::123456789012:role/"
READERS, WRITERS, LAST = [ROLE + "await", ROLE + "read"], [ROLE + "label"], [ROLE + "remove"]
ADMIN, NODE = ROLE + "ops", ROLE + "node"
POLICY = "arn:aws-cn:eks::aws:cluster-access-policy/"
OURS = {"eks-outposts-servers:cluster": "edge-1"}
MARKED = {**OURS, "eks-outposts-servers:access": "run"}


class Eks(StatefulClient):
    """Entries: tags and policy ARNs by principal. ``hidden``: not listed, though there."""

    service = "eks"

    def __init__(self, status: str = "ACTIVE", tags: dict[str, str] = OURS) -> None:
        super().__init__()
        self.cluster = {"name": "edge-1", "status": status, "tags": tags}
        if status != "CREATING":
            self.cluster |= {
                "arn": "arn:aws-cn:eks:cn-north-1:123456789012:cluster/edge-1",
                "version": "1.35",
                "endpoint": "https://127.0.0.1:1",
                "certificateAuthority": {"data": "Y2E="},
                "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"},
                "resourcesVpcConfig": {"clusterSecurityGroupId": "sg-1"},
            }
        self.tags: dict[str, dict[str, str]] = {NODE: OURS, ADMIN: OURS}
        self.policies: dict[str, set[tuple[str, str]]] = {
            ADMIN: {(POLICY + "AmazonEKSClusterAdminPolicy", "cluster")}
        }
        self.hidden: set[str] = set()

    def describe_cluster(self, *, name: str) -> dict[str, Any]:
        if name != self.cluster["name"]:
            raise refusal("ResourceNotFoundException", "DescribeCluster")
        return {"cluster": self.cluster}

    def list_access_entries(self, **_: Any) -> dict[str, Any]:
        return {"accessEntries": [principal for principal in self.tags if principal not in self.hidden]}

    def describe_access_entry(self, *, principalArn: str, **_: Any) -> dict[str, Any]:
        if principalArn not in self.tags:
            raise refusal("ResourceNotFoundException", "DescribeAccessEntry")
        return {"accessEntry": {"principalArn": principalArn, "tags": self.tags[principalArn]}}

    def create_access_entry(
        self, *, principalArn: str, type: str, tags: dict[str, str], **asked: Any
    ) -> dict[str, Any]:
        assert type == "STANDARD"
        assert "clientRequestToken" not in asked
        if principalArn in self.tags:
            raise refusal("ResourceInUseException", "CreateAccessEntry")
        self.tags[principalArn] = tags
        return {}

    def delete_access_entry(self, *, principalArn: str, **_: Any) -> dict[str, Any]:
        if principalArn not in self.tags:
            raise refusal("ResourceNotFoundException", "DeleteAccessEntry")
        del self.tags[principalArn]
        self.policies.pop(principalArn, None)
        return {}

    def list_associated_access_policies(self, *, principalArn: str, **_: Any) -> dict[str, Any]:
        held = [
            {"policyArn": arn, "accessScope": {"type": scope}}
            for arn, scope in sorted(self.policies.get(principalArn, set()))
        ]
        return {"associatedAccessPolicies": held}

    def associate_access_policy(
        self, *, principalArn: str, policyArn: str, accessScope: dict[str, str], **_: Any
    ) -> dict[str, Any]:
        self.policies.setdefault(principalArn, set()).add((policyArn, accessScope["type"]))
        return {}


def grant(monkeypatch: pytest.MonkeyPatch, eks: Eks, name: str = "edge-1", purpose: str = "provision") -> Any:
    monkeypatch.setenv("READER_ROLE_ARNS", ",".join(READERS))
    monkeypatch.setenv("WRITER_ROLE_ARNS", ",".join(WRITERS))
    monkeypatch.setenv("TEARDOWN_WRITER_ROLE_ARNS", ",".join(LAST))
    event = {"name": name, "tags": {"team": "edge"}, "purpose": purpose}
    return run(monkeypatch, grant_kubernetes_access.handler, event, eks=eks)


def revoke(monkeypatch: pytest.MonkeyPatch, eks: Eks, name: str = "edge-1") -> Any:
    return run(monkeypatch, revoke_kubernetes_access.handler, {"name": name}, eks=eks)


def test_readers_read_and_writers_write_and_a_second_grant_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    eks = Eks()
    first = grant(monkeypatch, eks)
    assert first["granted"] == sorted(READERS + WRITERS)
    assert first["cluster"]["endpoint"] == "https://127.0.0.1:1"
    assert {role: eks.policies[role] for role in READERS + WRITERS} == {
        **{role: {(POLICY + "AmazonEKSAdminViewPolicy", "cluster")} for role in READERS},
        **{role: {(POLICY + "AmazonEKSClusterAdminPolicy", "cluster")} for role in WRITERS},
    }
    assert all(eks.tags[role] == MARKED | {"team": "edge"} for role in READERS + WRITERS)
    eks.writes.clear()
    assert grant(monkeypatch, eks) == first
    assert eks.writes == []


def test_teardown_lets_in_its_own_function_only(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    assert grant(monkeypatch, eks, purpose="teardown")["granted"] == LAST
    assert eks.tags.keys() == {NODE, ADMIN, *LAST}


def test_a_grant_that_was_interrupted_is_made_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    eks.tags[READERS[0]] = MARKED  # made, and the policy not yet
    eks.policies[READERS[1]] = {(POLICY + "AmazonEKSAdminViewPolicy", "namespace")}
    eks.tags[READERS[1]] = MARKED
    eks.hidden = {READERS[1]}
    grant(monkeypatch, eks)
    assert all((POLICY + "AmazonEKSAdminViewPolicy", "cluster") in eks.policies[role] for role in READERS)


@pytest.mark.parametrize("listed", [True, False])
def test_an_entry_that_somebody_made_by_hand_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, listed: bool
) -> None:
    eks = Eks()
    eks.tags[WRITERS[0]] = OURS
    eks.hidden = set() if listed else {WRITERS[0]}
    with pytest.raises(AccessEntryConflict, match="role/label that no run of ours made"):
        grant(monkeypatch, eks)
    assert WRITERS[0] not in eks.policies
    revoke(monkeypatch, eks)
    assert eks.tags.keys() == {NODE, ADMIN, WRITERS[0]}


@pytest.mark.parametrize(
    ("eks", "name"),
    [(Eks("CREATING"), "edge-1"), (Eks("DELETING"), "edge-1"), (Eks(tags={}), "edge-1"), (Eks(), "edge-2")],
)
def test_without_a_cluster_of_ours_that_serves_there_is_nothing_to_grant(
    monkeypatch: pytest.MonkeyPatch, eks: Eks, name: str
) -> None:
    assert grant(monkeypatch, eks, name) == {"cluster": None, "granted": []}
    assert eks.writes == []


def test_what_was_granted_is_revoked_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    grant(monkeypatch, eks)
    eks.tags[ROLE + "former"] = MARKED  # of a role that the stack has replaced since
    assert sorted(revoke(monkeypatch, eks)["revoked"]) == sorted([*READERS, *WRITERS, ROLE + "former"])
    assert eks.tags.keys() == {NODE, ADMIN}
    eks.writes.clear()
    assert revoke(monkeypatch, eks) == {"revoked": []}
    assert eks.writes == []


def test_a_cluster_that_is_gone_or_not_ours_has_nothing_to_revoke(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = Eks(tags={})
    foreign.tags[ROLE + "theirs"] = MARKED
    assert revoke(monkeypatch, foreign) == {"revoked": []}
    assert revoke(monkeypatch, Eks(), "edge-2") == {"revoked": []}
    assert ROLE + "theirs" in foreign.tags


def test_an_entry_that_goes_meanwhile_is_as_good_as_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Racing(Eks):
        def delete_access_entry(self, *, principalArn: str, **asked: Any) -> dict[str, Any]:
            if principalArn == READERS[0]:
                self.tags.pop(principalArn)
            return super().delete_access_entry(principalArn=principalArn, **asked)

    eks = Racing()
    eks.tags |= {READERS[0]: MARKED, WRITERS[0]: MARKED}
    assert revoke(monkeypatch, eks) == {"revoked": WRITERS}
