"""The functions' client, on the layer and on a real API server alike."""

from collections.abc import Callable
from typing import Any

import pytest

from extended_cluster.errors import (
    FieldConflict,
    KubernetesCallFailed,
    KubernetesForbidden,
    KubernetesUnauthorized,
    Throttled,
)
from extended_cluster.kubernetes.connection import Connection
from tests.kubernetes.conftest import Kubernetes

ROLE = "arn:aws:iam::123456789012:role/label-nodes"
type Connect = Callable[[str], Connection]


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINCIPAL_ARN", ROLE)


@pytest.fixture
def client(kubernetes: Kubernetes, connect: Connect) -> Connection:
    """An administrator's."""
    return connect(kubernetes.server.admin)


def config_map(
    name: str, namespace: str, labels: dict[str, str] | None = None, **data: str
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def namespace(client: Connection, name: str) -> str:
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def names(found: list[dict[str, Any]]) -> list[str]:
    return sorted(each["metadata"]["name"] for each in found)


def test_apply_makes_and_changes_and_writes_nothing_when_it_is_so_already(client: Connection) -> None:
    where = namespace(client, "client-apply")
    assert client.get("v1", "ConfigMap", "a", where) is None
    made = client.apply(config_map("a", where, x="1", y="1"))
    assert (made["apiVersion"], made["kind"], made["data"]) == ("v1", "ConfigMap", {"x": "1", "y": "1"})
    assert [each["manager"] for each in made["metadata"]["managedFields"]] == ["eks-outposts-servers"]
    same = client.apply(config_map("a", where, x="1", y="1"))
    assert same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    client.apply(config_map("a", where, x="2"))
    found = client.get("v1", "ConfigMap", "a", where)
    assert found is not None
    assert found["data"] == {"x": "2"}  # y was ours, and is not asked for any more


def test_lists_of_one_namespace_of_all_and_by_label(client: Connection) -> None:
    here, there = namespace(client, "client-here"), namespace(client, "client-there")
    client.apply(config_map("a", here, {"team": "edge", "client": "a"}))
    client.apply(config_map("b", here, {"team": "core"}))
    client.apply(config_map("c", there, {"team": "edge"}))
    assert {"a", "b"} <= set(names(client.list("v1", "ConfigMap", here)))
    assert names(client.list("v1", "ConfigMap", labels="team=edge")) == ["a", "c"]
    assert names(client.list("v1", "ConfigMap", here, labels="team")) == ["a", "b"]
    assert names(client.list("v1", "ConfigMap", labels="team=edge,client")) == ["a"]
    (one,) = client.list("v1", "ConfigMap", there, labels="team=edge")
    assert (one["apiVersion"], one["kind"]) == ("v1", "ConfigMap")
    assert {here, there} <= set(names(client.list("v1", "Namespace")))


def test_deleting_tells_whether_it_was_there(client: Connection) -> None:
    where = namespace(client, "client-delete")
    client.apply(config_map("a", where))
    assert client.delete("v1", "ConfigMap", "a", where) is True
    assert client.delete("v1", "ConfigMap", "a", where) is False
    assert client.get("v1", "ConfigMap", "a", where) is None


def test_a_kind_that_is_not_defined_has_no_objects_and_takes_none(client: Connection) -> None:
    """No other test here defines MetalLB's."""
    assert client.get("metallb.io/v1beta1", "L2Advertisement", "a", "default") is None
    assert client.list("metallb.io/v1beta1", "L2Advertisement") == []
    assert client.delete("metallb.io/v1beta1", "L2Advertisement", "a", "default") is False
    one = {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "L2Advertisement",
        "metadata": {"name": "a", "namespace": "default"},
    }
    with pytest.raises(
        KubernetesCallFailed, match=r"apply metallb\.io/v1beta1 L2Advertisement a in default with 404"
    ):
        client.apply(one)


def test_fields_of_another_manager_are_a_conflict_unless_taken_by_force(
    client: Connection, kubernetes: Kubernetes
) -> None:
    where = namespace(client, "client-conflict")
    path = f"/api/v1/namespaces/{where}/configmaps/a"
    theirs = config_map("a", where, x="1")
    assert kubernetes.apply(path, theirs, "theirs").code == 201
    with pytest.raises(FieldConflict, match=r'\.data\.x \(conflict with "theirs"'):
        client.apply(config_map("a", where, x="2"))
    assert client.apply(config_map("a", where, x="2"), force=True)["data"] == {"x": "2"}
    client.apply(config_map("a", where, x="3"))  # ours now


def test_somebody_without_rights_is_told_which(kubernetes: Kubernetes, connect: Connect) -> None:
    nobody = connect(kubernetes.nobody)
    with pytest.raises(
        KubernetesForbidden, match=r'nodes "a" is forbidden.* cannot get resource "nodes"'
    ) as told:
        nobody.get("v1", "Node", "a")
    assert ROLE in str(told.value)
    with pytest.raises(KubernetesForbidden, match='cannot list resource "daemonsets" in API group "apps"'):
        nobody.list("apps/v1", "DaemonSet")
    with pytest.raises(KubernetesForbidden, match='cannot patch resource "configmaps"'):
        nobody.apply(config_map("a", "default"))
    with pytest.raises(KubernetesForbidden, match='cannot delete resource "services"'):
        nobody.delete("v1", "Service", "a", "default")


def test_a_token_that_is_none_is_unauthorized(connect: Connect) -> None:
    with pytest.raises(KubernetesUnauthorized, match=f"does not know {ROLE}: there is no access entry"):
        connect("k8s-aws-v1.bm8").list("v1", "Node")


def test_an_object_that_is_wrong_is_refused_with_the_reason(client: Connection) -> None:
    with pytest.raises(KubernetesCallFailed, match=r"422 Invalid: .*metadata\.name"):
        client.apply(config_map("Not_A_Name", "default"))


def test_a_namespace_that_is_going_is_waited_for(client: Connection) -> None:
    where = namespace(client, "client-going")
    client.apply(config_map("a", where))
    assert client.delete("v1", "Namespace", where) is True
    with pytest.raises(Throttled, match="because it is being terminated"):
        client.apply(config_map("b", where))


def test_a_namespace_too_much_or_too_few_is_a_mistake_of_ours(client: Connection) -> None:
    with pytest.raises(ValueError, match="v1 Node is not in a namespace"):
        client.get("v1", "Node", "a", "default")
    with pytest.raises(ValueError, match="v1 Pod is in a namespace"):
        client.delete("v1", "Pod", "a")
    with pytest.raises(KeyError):
        client.list("v1", "Unheard")
