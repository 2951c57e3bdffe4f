"""The Kubernetes API, with what every pod has: a token, an authority, an address."""

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

SECRETS = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Refused(OSError):
    """The API answered, and not with success."""


class Api:
    """What is in this pod's namespace, as its service account may see it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.host, self.port = (
            environment["KUBERNETES_SERVICE_HOST"],
            int(environment["KUBERNETES_SERVICE_PORT"]),
        )
        self.namespace = environment["NAMESPACE"]
        self.context = ssl.create_default_context(cafile=str(SECRETS / "ca.crt"))
        # EKS' authorities often lack an Authority Key Identifier, which Python 3.13 asks for by default.
        self.context.verify_flags &= ~ssl.VERIFY_X509_STRICT

    def listed(self, kind: str, labels: str) -> list[Json]:
        """The objects of a kind (plural) that have these labels; raises OSError or HTTPException."""
        items: list[Json] = self._call("GET", kind, {"labelSelector": labels})["items"]
        return items

    def apply(self, kind: str, obj: Json) -> None:
        """Server-side apply; raises OSError or HTTPException."""
        query = {"fieldManager": "probe", "force": "true"}
        self._call("PATCH", f"{kind}/{obj['metadata']['name']}", query, obj)

    def _call(self, method: str, path: str, query: Mapping[str, str], body: Json | None = None) -> Json:
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=5, context=self.context)
        headers = {
            "Authorization": f"Bearer {(SECRETS / 'token').read_text().strip()}"
        }  # it is renewed in place
        if body is not None:
            headers["Content-Type"] = "application/apply-patch+yaml"
        url = f"/api/v1/namespaces/{self.namespace}/{path}?{urllib.parse.urlencode(query)}"
        try:
            connection.request(method, url, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {answer.status} {said[:300].decode(errors='replace')}")
        parsed: Json = json.loads(said)
        return parsed
