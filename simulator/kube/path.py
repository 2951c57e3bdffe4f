"""What a request is about, told by its method and path. Source: API concepts, "Resource URIs", "API verbs"."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.kube.authorization import Attributes
from simulator.kube.status import method_not_allowed

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True, slots=True)
class Target:
    """resource: the plural, empty for a path that is about none (discovery, health)."""

    verb: str
    path: str
    group: str = ""
    version: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def attributes(self) -> Attributes:
        """As authorization sees it."""
        if not self.resource:
            return Attributes(self.verb, path=self.path)
        resource = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        # A namespace is an object in itself (requestinfo.go).
        namespace = self.name if self.resource == "namespaces" else self.namespace
        return Attributes(self.verb, self.group, resource, namespace, self.name)


def target_of(method: str, path: str, args: Mapping[str, str]) -> Target:
    """Takes a request's path apart."""
    parts = path.strip("/").split("/")
    start = {"api": 1, "apis": 2}.get(parts[0])
    if start is None or len(parts) < start + 2:
        return Target(method.lower(), path)
    group = parts[1] if parts[0] == "apis" else ""
    version, rest = parts[start], parts[start + 1 :]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in {"status", "finalize"}:
        namespace, rest = rest[1], rest[2:]
    name = rest[1] if len(rest) > 1 else ""
    subresource = "/".join(rest[2:])
    return Target(_verb(method, name, args), path, group, version, rest[0], namespace, name, subresource)


def _verb(method: str, name: str, args: Mapping[str, str]) -> str:
    if method in {"GET", "HEAD"}:
        if args.get("watch") in {"1", "true"}:
            return "watch"
        return "get" if name else "list"
    if method == "DELETE":
        return "delete" if name else "deletecollection"
    if method not in _VERBS or (method == "POST") == bool(name):
        raise method_not_allowed()
    return _VERBS[method]
