"""What a user may do: the access policies of its access entry, and RBAC.

Source: EKS user guide, "Review access policy permissions" (data/kube_access.yaml); Kubernetes documentation, "Using
RBAC Authorization".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simulator.kube.authentication import User
from simulator.kube.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from simulator.kube.status import forbidden, not_modelled, qualified
from simulator.kube.store import Store

type Json = dict[str, Any]

# What somebody without a token may see.
HEALTH = ("/healthz", "/livez", "/readyz")
_FILE = Path(__file__).parent.parent / "data" / "kube_access.yaml"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked for. resource: with subresource, ``pods/log``; path: of a request that is about no resource."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


@cache
def _policies() -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = yaml.safe_load(_FILE.read_text())
    return found


def check(store: Store, user: User, asked: Attributes) -> None:
    """Raises the Refusal 403 unless somebody allows it."""
    if allowed(store, user, asked):
        return
    if asked.path:
        what = f'User "{user.name}" cannot {asked.verb} path "{asked.path}"'
        raise _forbidden_path(what)
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    what = f'User "{user.name}" cannot {asked.verb} resource "{asked.resource}" in API group "{asked.group}" {where}'
    raise forbidden(asked.resource.partition("/")[0], asked.group, asked.name, what)


def _forbidden_path(what: str) -> Exception:
    refused = forbidden("", "", "", what)
    refused.message = f"forbidden: {what}"
    return refused


def allowed(store: Store, user: User, asked: Attributes) -> bool:
    """Whether a policy or a role's rule allows it."""
    return any(_fits(rule, asked) for rule in _rules(store, user, asked))


def _rules(store: Store, user: User, asked: Attributes) -> Iterator[Json]:
    yield from _discovery(user)
    for policy in user.entry.policies.values() if user.entry else ():
        name = policy["policyArn"].rpartition("/")[2]
        if name not in _policies():
            raise not_modelled(f"the access policy {name}")
        scope = policy["accessScope"]
        if scope["type"] == "cluster" or asked.namespace in scope["namespaces"]:
            yield from _policies()[name]
    for binding in store.all(CLUSTER_ROLE_BINDINGS):
        if _names(binding, user):
            yield from _role_rules(store, binding, "")
    for binding in store.all(ROLE_BINDINGS, asked.namespace) if asked.namespace else ():
        if _names(binding, user):
            yield from _role_rules(store, binding, asked.namespace)


def _discovery(user: User) -> Iterator[Json]:
    """system:discovery and system:public-info-viewer. EKS lets nobody else see more than health since 1.32."""
    yield {"nonResourceURLs": list(HEALTH), "verbs": ["get"]}
    if "system:authenticated" in user.groups:
        paths = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", "/version", "/version/"]
        yield {"nonResourceURLs": paths, "verbs": ["get"]}


def service_account(namespace: str, name: str) -> str:
    """A ServiceAccount's user name (documentation, "Authenticating", service account tokens)."""
    return f"system:serviceaccount:{namespace}:{name}"


def _names(binding: Json, user: User) -> bool:
    for subject in binding.get("subjects", ()):
        match subject["kind"]:
            case "User" if subject["name"] == user.name:
                return True
            case "Group" if subject["name"] in user.groups:
                return True
            case "ServiceAccount" if user.name == service_account(subject["namespace"], subject["name"]):
                return True
    return False


def _role_rules(store: Store, binding: Json, namespace: str) -> list[Json]:
    reference = binding["roleRef"]
    kind = CLUSTER_ROLES if reference["kind"] == "ClusterRole" else ROLES
    role = store.get(kind, namespace, reference["name"])
    if role and role.get("aggregationRule"):
        raise not_modelled("aggregated ClusterRoles")
    return (role.get("rules") or []) if role else []


def _fits(rule: Json, asked: Attributes) -> bool:
    verbs = rule["verbs"]
    if asked.verb not in verbs and "*" not in verbs:
        return False
    if asked.path:
        return any(
            url in ("*", asked.path) or (url.endswith("*") and asked.path.startswith(url[:-1]))
            for url in rule.get("nonResourceURLs", ())
        )
    groups, resources, names = (
        rule.get("apiGroups", ()),
        rule.get("resources", ()),
        rule.get("resourceNames", ()),
    )
    _, _, sub = asked.resource.partition("/")
    return (
        (asked.group in groups or "*" in groups)
        and (asked.resource in resources or "*" in resources or (bool(sub) and f"*/{sub}" in resources))
        and (not names or asked.name in names)
    )


def check_grant(store: Store, user: User, plural: str, role: Json, namespace: str) -> None:
    """Nobody may write a role with rights that they do not have ("Privilege escalation prevention")."""
    group = "rbac.authorization.k8s.io"
    if allowed(store, user, Attributes("escalate", group, plural, namespace)):
        return
    for rule in role.get("rules") or ():
        wanted = [
            Attributes(verb, api, resource, namespace, name)
            for verb in rule["verbs"]
            for api in rule.get("apiGroups", ())
            for resource in rule.get("resources", ())
            for name in rule.get("resourceNames") or [""]
        ]
        wanted += [Attributes(v, path=url) for v in rule["verbs"] for url in rule.get("nonResourceURLs", ())]
        if not all(allowed(store, user, one) for one in wanted):
            told = (
                f'user "{user.name}" (groups={list(user.groups)}) is attempting to grant RBAC permissions not'
            )
            raise forbidden(
                qualified(plural, group), "", role["metadata"]["name"], f"{told} currently held:\n{rule}"
            )
