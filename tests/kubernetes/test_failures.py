"""Every answer that is no success has its name, told by status and reason, never by the message's text."""

import json
import logging
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
from tests.kubernetes.loopback_tls import Asked, Authority, Told, serve

ROLE = "arn:aws:iam::123456789012:role/await-nodes"
SECRET = "k8s-aws-v1.c2VjcmV0"
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
AUTHORITY = Authority()


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINCIPAL_ARN", ROLE)


def status(code: int, reason: str, *causes: dict[str, str], message: str = "as it said") -> Told:
    body = {
        "kind": "Status",
        "code": code,
        "reason": reason,
        "message": message,
        "details": {"causes": causes},
    }
    return Told(code, json.dumps(body))


def apply(told: Told, heard: list[Asked] | None = None, *, force: bool = False) -> Any:
    """Apply a Node to a server that answers so."""

    def answer(asked: Asked) -> Told:
        if heard is not None:
            heard.append(asked)
        return told

    with serve(AUTHORITY, answer) as endpoint:
        cluster = {"name": "edge-1", "endpoint": endpoint, "certificateAuthority": AUTHORITY.data}
        return Connection(cluster, SECRET).apply(NODE, force=force)


OWNED = {
    "reason": "FieldManagerConflict",
    "field": ".spec.taints",
    "message": 'conflict with "kubectl" using v1',
}


@pytest.mark.parametrize(
    ("told", "error", "said"),
    [
        (
            status(401, "Unauthorized"),
            KubernetesUnauthorized,
            [ROLE, "no access entry", "list-access-entries"],
        ),
        (
            status(403, "Forbidden"),
            KubernetesForbidden,
            [ROLE, "as it said", "list-associated-access-policies"],
        ),
        (status(403, "Forbidden", {"reason": "NamespaceTerminating"}), Throttled, ["as it said"]),
        (status(404, "NotFound"), KubernetesCallFailed, ["404 NotFound: as it said"]),
        (Told(404, "404 page not found", "text/plain"), KubernetesCallFailed, ["404 Not Found"]),
        (status(409, "Conflict", OWNED), FieldConflict, [".spec.taints", 'conflict with "kubectl" using v1']),
        (status(409, "Conflict"), Throttled, ["409 Conflict"]),
        (status(410, "Expired"), KubernetesCallFailed, ["410 Expired"]),
        (status(422, "Invalid"), KubernetesCallFailed, ["422 Invalid: as it said"]),
        (status(429, "TooManyRequests"), Throttled, ["429 TooManyRequests"]),
        (
            status(500, "InternalError", message="failed calling webhook"),
            Throttled,
            ["failed calling webhook"],
        ),
        (Told(503, "<html>", "text/html"), Throttled, ["503 Service Unavailable"]),
        (Told(302, "", "text/html"), KubernetesCallFailed, ["302 Found"]),
        # The text says one thing, status and reason another: the text does not count.
        (status(422, "Invalid", message="Unauthorized: too many requests"), KubernetesCallFailed, ["422"]),
    ],
    ids=str,
)
def test_an_answer_has_its_name(told: Told, error: type[Exception], said: list[str]) -> None:
    with pytest.raises(error) as raised:
        apply(told)
    assert type(raised.value) is error
    what = ["cluster edge-1", "apply v1 Node n1", *said]
    assert [part for part in what if part not in str(raised.value)] == []


def test_the_token_is_sent_and_never_told(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Asked] = []
    with caplog.at_level(logging.DEBUG), pytest.raises(KubernetesUnauthorized) as refused:
        apply(status(401, "Unauthorized"), heard)
    assert heard[0].headers["authorization"] == f"Bearer {SECRET}"
    assert caplog.messages  # of httpcore, at DEBUG
    assert SECRET not in caplog.text + repr(refused.value)


@pytest.mark.parametrize(("force", "more"), [(False, ""), (True, "&force=true")])
def test_it_applies_as_the_one_manager_and_takes_fields_only_by_force(force: bool, more: str) -> None:
    heard: list[Asked] = []
    apply(Told(200, json.dumps(NODE)), heard, force=force)
    (asked,) = heard
    query = asked.path.removeprefix("/api/v1/nodes/n1?")
    assert (asked.method, set(query.split("&"))) == (
        "PATCH",
        {"fieldManager=eks-outposts-servers", *more.split("&")} - {""},
    )
    assert asked.headers["content-type"] == "application/apply-patch+yaml"
    assert json.loads(asked.body) == NODE
