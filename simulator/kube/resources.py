"""The kinds that the layer serves. Any other is refused loudly where a real API server would know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.kube.schema import Node

_ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update")


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind in one version, as discovery tells it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    status: bool = False
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = _ALL
    # A custom resource's schema; None for a built-in kind, whose schema is the published one.
    node: Node | None = None
    structural: Mapping[str, Any] | None = None
    list_kind: str = ""
    singular: str = ""

    @property
    def api_version(self) -> str:
        """``apps/v1``, ``v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> tuple[str, str]:
        """Where its objects are kept, whatever the version: (group, plural)."""
        return self.group, self.plural

    @property
    def custom(self) -> bool:
        """Whether a CustomResourceDefinition made it."""
        return self.node is not None


def _r(group: str, kind: str, plural: str, **more: Any) -> Resource:
    return Resource(group, "v1", kind, plural, **more)


# Verbs, short names and scopes: kubectl api-resources of Kubernetes 1.36; `watch` is left out, see watch.py.
BUILT_IN = (
    _r("", "ConfigMap", "configmaps", short=("cm",)),
    _r("", "Endpoints", "endpoints", short=("ep",)),
    _r("", "Event", "events", short=("ev",)),
    _r("", "Namespace", "namespaces", namespaced=False, short=("ns",), status=True),
    _r("", "Node", "nodes", namespaced=False, short=("no",), status=True),
    _r("", "Pod", "pods", short=("po",), status=True, categories=("all",)),
    _r("", "Secret", "secrets"),
    _r("", "Service", "services", short=("svc",), status=True, categories=("all",)),
    _r("", "ServiceAccount", "serviceaccounts", short=("sa",)),
    _r(
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        namespaced=False,
        categories=("api-extensions",),
    ),
    _r(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        namespaced=False,
        short=("crd", "crds"),
        status=True,
        categories=("api-extensions",),
    ),
    _r("apps", "DaemonSet", "daemonsets", short=("ds",), status=True, categories=("all",)),
    _r("apps", "Deployment", "deployments", short=("deploy",), status=True, categories=("all",)),
    _r("apps", "ReplicaSet", "replicasets", short=("rs",), status=True, categories=("all",)),
    _r("coordination.k8s.io", "Lease", "leases"),
    _r("discovery.k8s.io", "EndpointSlice", "endpointslices"),
    _r("rbac.authorization.k8s.io", "ClusterRole", "clusterroles", namespaced=False),
    _r("rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    _r("rbac.authorization.k8s.io", "Role", "roles"),
    _r("rbac.authorization.k8s.io", "RoleBinding", "rolebindings"),
)
CONFIG_MAPS, ENDPOINTS, _, NAMESPACES, NODES, PODS, SECRETS, SERVICES, SERVICE_ACCOUNTS = BUILT_IN[:9]
WEBHOOKS, DEFINITIONS, DAEMON_SETS, DEPLOYMENTS, REPLICA_SETS, LEASES, ENDPOINT_SLICES = BUILT_IN[9:16]
CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, ROLES, ROLE_BINDINGS = BUILT_IN[16:]
# Groups that every API server has and this layer does not: asked for, they are refused as not modelled.
NOT_MODELLED = frozenset(
    {
        "apiregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "vpcresources.k8s.aws",
        "crd.k8s.amazonaws.com",
        "networking.k8s.aws",
    }
)
