"""The functions' interface to Kubernetes over the tests' server: their steps run on the layer and on a real one."""

from http import HTTPStatus

from extended_cluster.kubernetes.api import FIELD_MANAGER, Json
from extended_cluster.kubernetes.kinds import KINDS
from tests.kubernetes.conftest import Answer, Kubernetes


class Refused(Exception):
    """The server's answer to what the step asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.get("message"))
        self.code, self.reason = answer.code, answer.body.get("reason")


class Asked:
    """The verbs of ``extended_cluster.kubernetes.api.Kubernetes``; a refusal but 404 is Refused."""

    def __init__(self, kubernetes: Kubernetes) -> None:
        self._kubernetes = kubernetes

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        return self._answer("GET", f"{_path(api_version, kind, namespace)}/{name}")

    def list(self, api_version: str, kind: str, namespace: str = "", labels: str = "") -> list[Json]:
        answer = self._answer("GET", f"{_path(api_version, kind, namespace)}?labelSelector={labels}")
        return (answer or {"items": []})["items"]  # type: ignore[no-any-return]

    def apply(self, obj: Json, *, force: bool = False) -> Json:
        meta = obj["metadata"]
        path = f"{_path(obj['apiVersion'], obj['kind'], meta.get('namespace', ''))}/{meta['name']}"
        return _good(self._kubernetes.apply(path, obj, FIELD_MANAGER, force=force)).body

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        return self._answer("DELETE", f"{_path(api_version, kind, namespace)}/{name}") is not None

    def _answer(self, method: str, path: str) -> Json | None:
        answer = self._kubernetes.ask(method, path)
        return None if answer.code == HTTPStatus.NOT_FOUND else _good(answer).body


def _good(answer: Answer) -> Answer:
    if answer.code >= HTTPStatus.BAD_REQUEST:
        raise Refused(answer)
    return answer


def _path(api_version: str, kind: str, namespace: str) -> str:
    root = "/apis" if "/" in api_version else "/api"
    where = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}/{api_version}{where}/{KINDS[api_version, kind].plural}"
