"""Server-side apply, on the layer and on a real API server alike."""

from typing import Any

from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.test_api import config_map, told

CONFLICT = 'Apply failed with 1 conflict: conflict with "theirs": .data.b'


def test_apply_makes_changes_and_keeps_what_others_own(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("apply") + "/configmaps/a"
    made = kubernetes.apply(path, config_map("a", data={"a": "1", "b": "1"}))
    assert made.code == 201
    (entry,) = made.body["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("ours", "Apply")
    assert entry["fieldsV1"] == {"f:data": {"f:a": {}, "f:b": {}}}
    same = kubernetes.apply(path, config_map("a", data={"a": "1", "b": "1"}))
    assert same.body["metadata"]["resourceVersion"] == made.body["metadata"]["resourceVersion"]
    kubernetes.apply(path, config_map("a", data={"c": "3"}), "others")
    after = kubernetes.apply(path, config_map("a", data={"a": "2"}))
    assert (after.code, after.body["data"]) == (200, {"a": "2", "c": "3"})


def test_a_conflict_names_manager_and_field_and_force_takes_the_field(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("conflict") + "/configmaps/a"
    kubernetes.apply(path, config_map("a", data={"b": "1"}), "theirs")
    agreed = kubernetes.apply(path, config_map("a", data={"b": "1"}))
    assert agreed.code == 200
    refused = kubernetes.apply(path, config_map("a", data={"b": "2"}))
    assert told(refused, 409, "Conflict") == CONFLICT
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "theirs"', "field": ".data.b"}
    assert refused.body["details"] == {"causes": [cause]}
    forced = kubernetes.apply(path, config_map("a", data={"b": "2"}), force=True).body
    assert forced["data"] == {"b": "2"}
    assert [entry["manager"] for entry in forced["metadata"]["managedFields"]] == ["ours"]


def test_an_updater_s_field_conflicts_too(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("updater") + "/configmaps"
    kubernetes.ask("POST", path, config_map("a", data={"b": "1"}))
    refused = kubernetes.apply(f"{path}/a", config_map("a", data={"b": "2"}))
    message = told(refused, 409, "Conflict")
    assert 'conflict with "tests" using v1' in message
    assert message.endswith(": .data.b")


def test_elements_of_map_lists_have_owners_of_their_own(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("elements") + "/services/a"

    def service(*ports: dict[str, Any]) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "a"},
            "spec": {"ports": list(ports)},
        }

    http = {"name": "http", "port": 80, "protocol": "TCP"}
    https = {"name": "https", "port": 443, "protocol": "TCP"}
    assert kubernetes.apply(path, service(http)).code == 201
    both = kubernetes.apply(path, service(https), "others").body
    assert sorted(port["port"] for port in both["spec"]["ports"]) == [80, 443]
    left = kubernetes.apply(path, service({**https, "port": 8443}), "others").body
    assert sorted(port["port"] for port in left["spec"]["ports"]) == [80, 8443]


def test_apply_wants_a_manager_and_known_fields(kubernetes: Kubernetes) -> None:
    path = kubernetes.namespace("wants") + "/configmaps/a"
    nameless = kubernetes.ask("PATCH", path, config_map("a"), kind="application/apply-patch+yaml")
    assert "fieldManager: Required value" in told(nameless, 422, "Invalid")
    unknown = kubernetes.apply(path, config_map("a", spec={"x": 1}))
    assert unknown.code == 500
    assert "failed to create typed patch object" in unknown.body["message"]
    assert ".spec: field not declared in schema" in unknown.body["message"]
