"""The Kubernetes API that the tests talk to: the simulator's layer, or a real one where KUBEBUILDER_ASSETS says so."""

import base64
import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from simulator.iam import sts
from simulator.iam.credentials import Credentials
from tests.kubernetes.real import RealServer, real_server
from tests.kubernetes.token import token
from tests.simulator.eks_account import EksAccount

type Json = dict[str, Any]

NAME = "edge"


@dataclass(frozen=True)
class Answer:
    code: int
    body: Json


class LayerServer:
    """The simulator's layer, asked over TLS by EKS's tokens."""

    def __init__(self) -> None:
        self.account = account = EksAccount()
        account.cloud.install(sts.operations(account.cloud))
        account.active(NAME)
        cluster = account.cluster(NAME)
        self.endpoint = cluster["endpoint"]
        authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        # EKS's authority lacks an Authority Key Identifier, which Python 3.13 demands by default.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._pool = urllib3.PoolManager(ssl_context=context)
        self.admin = self._somebody("admin", "AmazonEKSClusterAdminPolicy")
        self.nobody = self._somebody("nobody", None)

    def _somebody(self, name: str, policy: str | None) -> str:
        arn = self.account.role(name, "lambda.amazonaws.com")
        self.account.eks.create_access_entry(clusterName=NAME, principalArn=arn)
        if policy:
            self.account.eks.associate_access_policy(
                clusterName=NAME,
                principalArn=arn,
                policyArn=f"arn:aws:eks::aws:cluster-access-policy/{policy}",
                accessScope={"type": "cluster"},
            )
        issued: Credentials = self.account.cloud.sessions.issue(arn, "session")
        return token(NAME, issued.access_key_id, issued.secret_access_key, issued.session_token)

    def ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        answer = self._pool.request(method, self.endpoint + path, body=body, headers=headers, retries=False)
        return answer.status, answer.data.decode()

    def pass_time(self, seconds: float) -> None:
        self.account.wait(seconds)


class Kubernetes:
    """Asks as an administrator unless told otherwise."""

    def __init__(self, server: RealServer | LayerServer) -> None:
        self.server = server
        self.real = isinstance(server, RealServer)
        self.nobody = server.nobody

    def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        kind: str = "application/json",
        bearer: str | None = None,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {bearer or self.server.admin}", "Content-Type": kind}
        headers |= {"Accept": "application/json", "User-Agent": "tests/1"}
        text = None if body is None else json.dumps(body)
        code, told = self.server.ask(method, path, text, headers)
        # A path that nobody serves, as of a kind that is not defined, is answered in plain text.
        return Answer(code, json.loads(told) if told.startswith("{") else {"message": told})

    def apply(self, path: str, body: Json, manager: str = "ours", *, force: bool = False) -> Answer:
        query = f"?fieldManager={manager}{'&force=true' if force else ''}"
        return self.ask("PATCH", path + query, body, kind="application/apply-patch+yaml")

    def namespace(self, name: str) -> str:
        """Make one; the path of its objects in the core group."""
        made = self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        assert made.code == 201, made.body
        return f"/api/v1/namespaces/{name}"


@pytest.fixture(scope="session")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubernetes]:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        with real_server(Path(assets), tmp_path_factory.mktemp("control-plane")) as server:
            yield Kubernetes(server)
    else:
        yield Kubernetes(LayerServer())
