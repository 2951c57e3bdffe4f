"""Whom the client trusts, and what it says of servers that it cannot talk to. Real TLS, on loopback."""

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from extended_cluster.errors import CertificateUntrusted, KubernetesUnreachable, Throttled
from extended_cluster.kubernetes import connection
from extended_cluster.kubernetes.connection import Connection
from tests.kubernetes.loopback_tls import Asked, Authority, Told, serve


def node(asked: Asked) -> Told:
    return Told(200, '{"metadata": {"name": "n1"}}')


def connected(endpoint: str, authority: Authority, bearer: str = "token") -> Connection:
    return Connection(
        {"name": "edge-1", "endpoint": endpoint, "certificateAuthority": authority.data}, bearer
    )


@pytest.mark.parametrize("key_identifier", [False, True])
def test_the_clusters_own_authority_is_trusted_with_and_without_a_key_identifier(
    key_identifier: bool,
) -> None:
    authority = Authority(key_identifier=key_identifier)
    with serve(authority, node) as endpoint:
        assert connected(endpoint, authority).get("v1", "Node", "n1") == {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "n1"},
        }


def test_another_authority_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Asked] = []

    def listen(asked: Asked) -> Told:
        heard.append(asked)
        return node(asked)

    with (
        serve(Authority(), listen) as endpoint,
        pytest.raises(CertificateUntrusted, match=r"cluster edge-1 .* does not vouch for"),
    ):
        connected(endpoint, Authority()).get("v1", "Node", "n1")
    assert heard == []  # the token went nowhere


def test_another_name_is_refused() -> None:
    authority = Authority()
    with (
        serve(authority, node, name="elsewhere.example") as endpoint,
        pytest.raises(CertificateUntrusted, match=r"127\.0\.0\.1"),
    ):
        connected(endpoint, authority).get("v1", "Node", "n1")


@pytest.mark.parametrize("data", ["", "no base64", "bm8gUEVN"])
def test_an_authority_that_cannot_be_read_is_told(data: str) -> None:
    with pytest.raises(CertificateUntrusted, match="cluster edge-1 is not base64 of a PEM certificate"):
        Connection({"name": "edge-1", "endpoint": "https://127.0.0.1:1", "certificateAuthority": data}, "t")


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority()
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serve(authority, node) as endpoint:
        assert connected(endpoint, authority).get("v1", "Node", "n1")


@pytest.fixture
def silent() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def test_nobody_there_or_nobody_that_answers_is_unreachable(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_TIMEOUT", httpx.Timeout(0.3))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for endpoint in (f"https://127.0.0.1:{port}", silent):
        with pytest.raises(KubernetesUnreachable, match=r"cluster edge-1 does not answer \(get v1 Node n1\)"):
            connected(endpoint, Authority()).get("v1", "Node", "n1")


def test_an_endpoint_without_a_name_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(KubernetesUnreachable, match="Name or service not known"):
        connected("https://nowhere.invalid", Authority()).get("v1", "Node", "n1")


def test_an_answer_that_takes_too_long_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_TIMEOUT", httpx.Timeout(0.3))
    authority, over = Authority(), threading.Event()

    def slow(asked: Asked) -> Told:
        over.wait(5)
        return node(asked)

    with serve(authority, slow) as endpoint:
        with pytest.raises(KubernetesUnreachable, match="ReadTimeout"):
            connected(endpoint, authority).get("v1", "Node", "n1")
        over.set()


def test_the_timeouts_leave_lambda_time_to_tell() -> None:
    assert (connection._TIMEOUT.connect, connection._TIMEOUT.read) == (5, 20)


def test_a_connection_that_breaks_off_is_tried_again() -> None:
    authority = Authority()

    def hang_up(asked: Asked) -> Told:
        raise ConnectionResetError

    with serve(authority, hang_up) as endpoint, pytest.raises(Throttled, match="edge-1 broke off"):
        connected(endpoint, authority).get("v1", "Node", "n1")
