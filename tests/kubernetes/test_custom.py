"""Custom resources and admission webhooks, on the layer and on a real API server alike."""

from typing import Any

import pytest

from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.test_api import told

SCHEMA = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "required": ["addresses"],
            "properties": {
                "addresses": {"type": "array", "items": {"type": "string"}},
                "autoAssign": {"type": "boolean", "default": True},
                "priority": {"type": "integer", "minimum": 0},
                "mode": {"type": "string", "enum": ["a", "b"]},
            },
        },
        "status": {"type": "object", "properties": {"free": {"type": "integer"}}},
    },
}


@pytest.fixture(scope="module")
def pools(kubernetes: Kubernetes) -> str:
    """The path of a namespace's pools."""
    names = {"plural": "pools", "singular": "pool", "kind": "Pool", "listKind": "PoolList"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}
    version["subresources"] = {"status": {}}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "pools.example.com"},
        "spec": {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]},
    }
    made = kubernetes.apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pools.example.com", crd)
    assert made.code == 201, made.body
    kubernetes.namespace("custom")
    path = "/apis/example.com/v1/namespaces/custom/pools"
    for _ in range(30):
        if kubernetes.ask("GET", path).code == 200:
            return path
        kubernetes.server.pass_time(1)
    pytest.fail("the custom resource is not served")


def pool(name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Pool", "metadata": {"name": name}, "spec": spec}


def test_defaults_and_pruning(kubernetes: Kubernetes, pools: str) -> None:
    made = kubernetes.ask("POST", pools, pool("a", addresses=["x"], unknown=1))
    assert (made.code, made.body["spec"]) == (201, {"addresses": ["x"], "autoAssign": True})


@pytest.mark.parametrize(
    ("spec", "reason", "field", "part"),
    [
        ({}, "FieldValueRequired", "spec.addresses", "Required value"),
        (
            {"addresses": [], "priority": -1},
            "FieldValueInvalid",
            "spec.priority",
            "greater than or equal to 0",
        ),
        ({"addresses": [], "mode": "c"}, "FieldValueNotSupported", "spec.mode", 'supported values: "a", "b"'),
        ({"addresses": "x"}, None, "spec.addresses", "must be of type array"),
    ],
)
def test_the_schema_holds(
    kubernetes: Kubernetes, pools: str, spec: dict[str, Any], reason: str | None, field: str, part: str
) -> None:
    answer = kubernetes.ask("POST", pools, pool("b", **spec))
    message = told(answer, 422, "Invalid")
    assert message.startswith(f'Pool.example.com "b" is invalid: {field}: ')
    assert part in message
    (cause,) = answer.body["details"]["causes"]
    assert cause["field"] == field
    if reason:
        assert cause["reason"] == reason


def test_a_custom_resource_s_status_is_written_by_itself(kubernetes: Kubernetes, pools: str) -> None:
    made = kubernetes.ask("POST", pools, {**pool("c", addresses=[]), "status": {"free": 1}}).body
    assert "status" not in made
    kubernetes.ask("PUT", f"{pools}/c/status", {**made, "spec": {"addresses": ["z"]}, "status": {"free": 2}})
    after = kubernetes.ask("GET", f"{pools}/c").body
    assert (after["status"], after["spec"]["addresses"]) == ({"free": 2}, [])


def test_a_webhook_fails_closed_while_its_service_has_no_endpoint(kubernetes: Kubernetes, pools: str) -> None:
    service = {
        "metadata": {"name": "hook"},
        "spec": {"selector": {"app": "hook"}, "ports": [{"port": 443, "protocol": "TCP"}]},
    }
    assert kubernetes.ask("POST", "/api/v1/namespaces/custom/services", service).code == 201
    webhook = {
        "name": "pools.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"service": {"name": "hook", "namespace": "custom", "path": "/validate"}},
        "rules": [
            {
                "apiGroups": ["example.com"],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["pools"],
            }
        ],
    }
    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    made = kubernetes.ask("POST", path, {"metadata": {"name": "hook"}, "webhooks": [webhook]})
    assert made.code == 201, made.body
    try:
        kubernetes.server.pass_time(2)
        answer = kubernetes.ask("POST", pools, pool("d", addresses=[]))
        message = told(answer, 500, "InternalError")
        assert 'failed calling webhook "pools.example.com"' in message
        assert 'no endpoints available for service "hook"' in message
    finally:
        kubernetes.ask("DELETE", f"{path}/hook")
    kubernetes.server.pass_time(2)
    assert kubernetes.ask("POST", pools, pool("d", addresses=[])).code == 201
