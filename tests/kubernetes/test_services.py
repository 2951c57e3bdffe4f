"""Services that answer only where their pods are: the ports they get, and what is refused."""

from typing import Any

from tests.kubernetes.conftest import Kubernetes


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}], **spec}}


def test_a_local_load_balancer_gets_a_node_port_and_one_for_its_health(kubernetes: Kubernetes) -> None:
    path = f"{kubernetes.namespace('local-services')}/services"
    made = kubernetes.ask("POST", path, service("one", type="LoadBalancer", externalTrafficPolicy="Local"))
    assert made.code == 201, made.body
    spec = kubernetes.ask("GET", f"{path}/one").body["spec"]
    ports = [spec["healthCheckNodePort"], spec["ports"][0]["nodePort"]]
    assert all(30000 <= port <= 32767 for port in ports)
    assert len(set(ports)) == 2


def test_a_policy_that_does_not_fit_is_refused(kubernetes: Kubernetes) -> None:
    path = f"{kubernetes.namespace('refused-services')}/services"
    inside = kubernetes.ask("POST", path, service("one", type="ClusterIP", externalTrafficPolicy="Local"))
    unknown = kubernetes.ask(
        "POST", path, service("two", type="LoadBalancer", externalTrafficPolicy="Elsewhere")
    )
    for answer in (inside, unknown):
        assert answer.code == 422
        assert "spec.externalTrafficPolicy" in answer.body["message"].replace(
            "ExternalTraffic", "externalTraffic"
        )
