"""Connecting to a cluster's Kubernetes API with ``lightkube``: one connection for one invocation."""

import os
import weakref
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, Self

import httpx
from lightkube import ALL_NS, Client, SingleConfig
from lightkube.config.models import Cluster, Context, User
from lightkube.generic_resource import create_global_resource, create_namespaced_resource
from lightkube.types import CascadeType, PatchType

from extended_cluster.kubernetes.api import FIELD_MANAGER, Json, Kubernetes
from extended_cluster.kubernetes.failures import named, unless_absent
from extended_cluster.kubernetes.kinds import KINDS
from extended_cluster.kubernetes.token import token
from extended_cluster.kubernetes.trust import trust

# Seconds. The endpoint is in the VPC; an answer may have to wait for a webhook (10 s at most by default).
_TIMEOUT: Final = httpx.Timeout(20, connect=5)


def connect(cluster: Mapping[str, Any]) -> Kubernetes:
    """The API of ``types.Cluster`` (name, endpoint, certificateAuthority), as this function's own role.

    Makes no call. The token is minted here: connect anew in every invocation.
    """
    return Connection(cluster, token(cluster["name"], os.environ, datetime.now(UTC)))


class Connection:
    """The verbs of ``api.Kubernetes``."""

    def __init__(self, cluster: Mapping[str, Any], bearer: str) -> None:
        """bearer: the token. Raises CertificateUntrusted when the cluster's authority cannot be read."""
        authority = cluster["certificateAuthority"]
        transport = _Transport(verify=trust(cluster["name"], authority))
        self._cluster: str = cluster["name"]
        self._client: Any = Client(  # its overloads are for resources known by type
            SingleConfig(
                context_name=self._cluster,
                context=Context(cluster=self._cluster),
                cluster=Cluster(server=cluster["endpoint"], certificate_auth_data=authority),
                user=User(token=bearer),
            ),
            timeout=_TIMEOUT,
            field_manager=FIELD_MANAGER,
            transport=transport,
        )
        weakref.finalize(self, transport.close)

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        """As ``Kubernetes.get``."""
        where = _place(api_version, kind, namespace)
        with self._named("get", api_version, kind, name, namespace), unless_absent():
            return dict(self._client.get(_resource(api_version, kind), name, **where))
        return None

    def list(self, api_version: str, kind: str, namespace: str = "", labels: str = "") -> list[Json]:
        """As ``Kubernetes.list``."""
        where = {"namespace": namespace or ALL_NS} if KINDS[api_version, kind].namespaced else {}
        with self._named("list", api_version, kind, labels, namespace), unless_absent():
            found = self._client.list(_resource(api_version, kind), labels=_selector(labels), **where)
            return [dict(each) for each in found]
        return []

    def apply(self, obj: Json, *, force: bool = False) -> Json:
        """As ``Kubernetes.apply``."""
        api_version, kind, metadata = obj["apiVersion"], obj["kind"], obj["metadata"]
        name, namespace = metadata["name"], metadata.get("namespace", "")
        where = _place(api_version, kind, namespace)
        with self._named("apply", api_version, kind, name, namespace):
            resource = _resource(api_version, kind)
            return dict(
                self._client.patch(resource, name, obj, patch_type=PatchType.APPLY, force=force, **where)
            )

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        """As ``Kubernetes.delete``."""
        where = _place(api_version, kind, namespace)
        with self._named("delete", api_version, kind, name, namespace), unless_absent():
            self._client.delete(_resource(api_version, kind), name, cascade=CascadeType.BACKGROUND, **where)
            return True
        return False

    def _named(
        self, verb: str, api_version: str, kind: str, name: str, namespace: str
    ) -> AbstractContextManager[None]:
        what = (verb, api_version, kind, name, namespace and f"in {namespace}")
        return named(self._cluster, " ".join(filter(None, what)))


class _Transport(httpx.HTTPTransport):
    """Carries our own TLS context, and with it no proxy of the environment: the endpoint is in the VPC.

    lightkube copies its settings deeply, and a context cannot be copied.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


@cache
def _resource(api_version: str, kind: str) -> Any:
    plural, namespaced = KINDS[api_version, kind]
    group, _, version = api_version.rpartition("/")
    create = create_namespaced_resource if namespaced else create_global_resource
    return create(group, version, kind, plural)


def _place(api_version: str, kind: str, namespace: str) -> dict[str, str]:
    """The namespace where the kind has one; lightkube would silently take "default" for none."""
    if KINDS[api_version, kind].namespaced != bool(namespace):
        raise ValueError(f"{api_version} {kind} is {'not ' if namespace else ''}in a namespace")
    return {"namespace": namespace} if namespace else {}


def _selector(labels: str) -> dict[str, str | None]:
    pairs = (label.partition("=") for label in labels.split(",") if label)
    return {key: value if equals else None for key, equals, value in pairs}
