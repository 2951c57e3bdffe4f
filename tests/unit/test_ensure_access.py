"""EnsureAccess: entries and policies, made once."""

from typing import Any

import ensure_access
import pytest

from extended_cluster.errors import AccessEntryConflict
from tests.unit.fake_aws import refusal
from tests.unit.stateful_aws import StatefulClient, run

NODE = "arn:aws:iam::123456789012:role/node"
ADMINS = ["arn:aws:iam::123456789012:role/ops", "arn:aws:iam::123456789012:user/ann"]
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


class Eks(StatefulClient):
    service = "eks"

    def __init__(self, types: dict[str, str] | None = None) -> None:
        super().__init__()
        self.types = types or {}
        self.scopes: dict[str, str] = {}
        self.hidden: set[str] = set()  # entries of another run, made after our list

    def list_access_entries(self, **_: Any) -> dict[str, Any]:
        return {"accessEntries": [principal for principal in self.types if principal not in self.hidden]}

    def describe_access_entry(self, *, principalArn: str, **_: Any) -> dict[str, Any]:
        return {"accessEntry": {"principalArn": principalArn, "type": self.types[principalArn]}}

    def create_access_entry(self, *, principalArn: str, type: str, **_: Any) -> dict[str, Any]:
        if principalArn in self.types:
            raise refusal("ResourceInUseException", "CreateAccessEntry")
        self.types[principalArn] = type
        return {"accessEntry": {"principalArn": principalArn, "type": type}}

    def list_associated_access_policies(self, *, principalArn: str, **_: Any) -> dict[str, Any]:
        scope = self.scopes.get(principalArn)
        policies = [{"policyArn": POLICY, "accessScope": {"type": scope}}] if scope else []
        return {"associatedAccessPolicies": policies}

    def associate_access_policy(
        self, *, principalArn: str, policyArn: str, accessScope: dict[str, str], **_: Any
    ) -> dict[str, Any]:
        assert policyArn == POLICY
        self.scopes[principalArn] = accessScope["type"]
        return {}


def ensure(monkeypatch: pytest.MonkeyPatch, eks: Eks) -> Any:
    monkeypatch.setenv("NODE_ROLE_ARN", NODE)
    event = {"name": "edge-1", "adminPrincipalArns": ADMINS, "tags": {"team": "edge"}}
    return run(monkeypatch, ensure_access.handler, event, eks=eks)


def test_the_second_run_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks()
    first = ensure(monkeypatch, eks)
    assert first["entries"] == [
        {"principalArn": NODE, "type": "EC2_LINUX"},
        *({"principalArn": admin, "type": "STANDARD"} for admin in ADMINS),
    ]
    assert eks.scopes == dict.fromkeys(ADMINS, "cluster")
    creates = [asked for name, asked in eks.writes if name == "create_access_entry"]
    assert all(asked["tags"]["eks-outposts-servers:cluster"] == "edge-1" for asked in creates)
    assert len({asked["clientRequestToken"] for asked in creates}) == 3
    eks.writes.clear()
    assert ensure(monkeypatch, eks) == first
    assert eks.writes == []


def test_a_policy_for_some_namespaces_becomes_one_for_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    eks = Eks({NODE: "EC2_LINUX"} | dict.fromkeys(ADMINS, "STANDARD"))
    eks.scopes = {ADMINS[0]: "namespace", ADMINS[1]: "cluster"}
    ensure(monkeypatch, eks)
    assert [(name, asked["principalArn"]) for name, asked in eks.writes] == [
        ("associate_access_policy", ADMINS[0])
    ]


def test_an_entry_of_another_type_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        AccessEntryConflict, match=r"entry of type STANDARD for .*role/node, which needs EC2_LINUX"
    ):
        ensure(monkeypatch, Eks({NODE: "STANDARD"}))


@pytest.mark.parametrize(("kind", "conflict"), [("EC2_LINUX", False), ("STANDARD", True)])
def test_an_entry_made_meanwhile_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, kind: str, conflict: bool
) -> None:
    eks = Eks({NODE: kind})
    eks.hidden = {NODE}
    if conflict:
        with pytest.raises(AccessEntryConflict):
            ensure(monkeypatch, eks)
    else:
        assert ensure(monkeypatch, eks)["entries"][0]["type"] == "EC2_LINUX"
