"""The product's own client, asking whatever server the tests talk to."""

import json
from typing import Any

import httpx
from lightkube import Client, SingleConfig
from lightkube.config.models import Cluster, Context, User

from extended_cluster.kubernetes.api import FIELD_MANAGER
from extended_cluster.kubernetes.connection import Connection
from tests.kubernetes.conftest import Kubernetes

# What Kubernetes 1.20, the real server of these tests, does not know of what the product applies: both are of 1.21.
# Without maxSurge the strategy's maxUnavailable of 0 would be refused, so it goes with it.
_LATER = frozenset({"internalTrafficPolicy", "rollingUpdate"})


class _Through(httpx.BaseTransport):
    """Carries requests by the way that the server has: a real one is not reached over the network."""

    def __init__(self, kubernetes: Kubernetes) -> None:
        self._kubernetes = kubernetes

    def __deepcopy__(self, memo: object) -> "_Through":
        return self

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read().decode() or None
        if body and self._kubernetes.real:
            body = json.dumps(_without(json.loads(body)))
        headers = {
            name: request.headers[name]
            for name in ("authorization", "content-type")
            if name in request.headers
        }
        path = request.url.raw_path.decode()
        code, told = self._kubernetes.server.ask(
            request.method, path, body, headers | {"accept": "application/json"}
        )
        # A path that no kind has is answered in plain text.
        told_as = "application/json" if told.startswith("{") else "text/plain"
        return httpx.Response(code, text=told, headers={"content-type": told_as}, request=request)


class Product(Connection):
    """``Connection`` as an administrator; its TLS and its token have tests of their own."""

    def __init__(self, kubernetes: Kubernetes) -> None:
        self._cluster = "edge"
        self._client = Client(
            SingleConfig(
                context_name="edge",
                context=Context(cluster="edge"),
                cluster=Cluster(server="https://kubernetes"),
                user=User(token=kubernetes.server.admin),
            ),
            field_manager=FIELD_MANAGER,
            trust_env=False,
            transport=_Through(kubernetes),
        )


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(each) for each in value]
    if isinstance(value, dict):
        return {key: _without(each) for key, each in value.items() if key not in _LATER}
    return value
