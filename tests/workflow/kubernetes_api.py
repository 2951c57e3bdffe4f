"""A cluster's Kubernetes API as an administrator of the request sees it, with the token that kubectl would get."""

import base64
import json
import ssl
from collections.abc import Iterator
from typing import Any

import urllib3

from tests.kubernetes.token import token
from tests.workflow.conftest import Deployed

type Json = dict[str, Any]

ROLE = "cluster-administrator"
VERIFY = "eks-outposts-servers-verify"
ACCESS_TAG = "eks-outposts-servers:access"
_METALLB = "/apis/metallb.io/v1beta1/namespaces/metallb-system"
# What a run leaves in a cluster.
_KEPT = (
    *("/api/v1/namespaces", "/api/v1/nodes", "/api/v1/services", "/apis/apps/v1/daemonsets"),
    *("/apis/apps/v1/deployments", f"{_METALLB}/ipaddresspools", f"{_METALLB}/l2advertisements"),
)


def make_role(deployed: Deployed) -> str:
    """A role that everybody of the account may assume; its ARN."""
    principal = {"AWS": "arn:aws:iam::123456789012:root"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = deployed.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])


class Administrator:
    """Asks one cluster, as the role."""

    def __init__(self, deployed: Deployed, cluster: str, role: str) -> None:
        self._sts, self._eks = deployed.client("sts"), deployed.client("eks")
        self._cluster, self._role = cluster, role
        found = self._eks.describe_cluster(name=cluster)["cluster"]
        self.endpoint = str(found["endpoint"])
        self.authority = str(found["certificateAuthority"]["data"])
        context = ssl.create_default_context(cadata=base64.b64decode(self.authority).decode())
        # EKS's authority lacks an Authority Key Identifier, which Python 3.13 demands by default.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._pool = urllib3.PoolManager(ssl_context=context)

    def ask(self, method: str, path: str, body: Json | None = None, kind: str = "application/json") -> Json:
        """The answer, with its status as ``code``. A session for each question: virtual hours lie between them."""
        session = self._sts.assume_role(RoleArn=self._role, RoleSessionName="test")["Credentials"]
        keys = session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
        headers = {"Authorization": f"Bearer {token(self._cluster, *keys)}", "Content-Type": kind}
        text = json.dumps(body) if body is not None else None
        answer = self._pool.request(method, self.endpoint + path, body=text, headers=headers, retries=False)
        told = answer.data.decode()
        return {**(json.loads(told) if told.startswith("{") else {}), "code": answer.status}

    def items(self, path: str) -> list[Json]:
        answer = self.ask("GET", path)
        assert answer["code"] == 200, answer
        return list(answer["items"])

    def change(self, path: str, api_version: str, kind: str, changed: Json) -> None:
        """Take over the fields, as ``kubectl apply --server-side --force-conflicts`` does."""
        meta = {"name": path.rpartition("/")[2], **changed.pop("metadata", {})}
        obj = {"apiVersion": api_version, "kind": kind, "metadata": meta, **changed}
        query = "?fieldManager=somebody&force=true"
        answer = self.ask("PATCH", path + query, obj, "application/apply-patch+yaml")
        assert answer["code"] in (200, 201), answer

    def nodes_of(self, outpost: str) -> set[str]:
        found = self.items(f"/api/v1/nodes?labelSelector=eks-outposts-servers/outpost={outpost}")
        return {node["metadata"]["name"] for node in found}

    def node(self, instance: str) -> str:
        """The name of the node that an instance is."""
        found = self.items("/api/v1/nodes")
        return next(
            str(n["metadata"]["name"]) for n in found if n["spec"]["providerID"].endswith(f"/{instance}")
        )

    def pools(self) -> dict[str, list[str]]:
        """Addresses by name."""
        return {
            pool["metadata"]["name"]: pool["spec"]["addresses"]
            for pool in self.items(f"{_METALLB}/ipaddresspools")
        }

    def load_balancers(self) -> list[str]:
        found = self.items("/api/v1/services")
        return [one["metadata"]["name"] for one in found if one["spec"].get("type") == "LoadBalancer"]

    def runs_entries(self) -> list[str]:
        """Whoever a run let in and nobody has shut out again."""
        entries = self._eks.list_access_entries(clusterName=self._cluster)["accessEntries"]
        return [arn for arn in entries if ACCESS_TAG in self._tags(arn)]

    def _tags(self, principal: str) -> dict[str, str]:
        entry = self._eks.describe_access_entry(clusterName=self._cluster, principalArn=principal)
        return dict(entry["accessEntry"].get("tags", {}))

    def require_nothing_left(self) -> None:
        """Neither what a verification put into the cluster nor who may enter it for a run."""
        assert self.ask("GET", f"/api/v1/namespaces/{VERIFY}")["code"] == 404
        assert self.runs_entries() == []
        named = [
            obj["metadata"]["name"]
            for path in ("/api/v1/pods", "/api/v1/services", "/apis/apps/v1/daemonsets", "/api/v1/configmaps")
            for obj in self.items(path)
        ]
        assert named
        assert not [name for name in named if name.startswith(("smoke", "probe"))]
        assert self.items(f"{_METALLB}/servicel2statuses") == []

    def portrait(self) -> list[str]:
        """What lasts in the cluster, without what changes by itself; lines of JSON."""
        return [json.dumps(each, sort_keys=True) for path in _KEPT for each in self._lasting(path)]

    def _lasting(self, path: str) -> Iterator[Json]:
        for obj in self.items(path):
            meta = {
                key: obj["metadata"].get(key)
                for key in ("name", "uid", "generation", "labels", "annotations")
            }
            yield {"path": path, "metadata": meta, "spec": obj.get("spec")}
