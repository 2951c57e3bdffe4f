"""The kinds that we use, with what a path needs of them: the plural, and whether a namespace comes before it.

The API server could be asked (discovery), at one more request for each function's look.
"""

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """One row: plural as in the path; namespaced: its objects live in namespaces."""

    plural: str
    namespaced: bool


_NAMESPACED: Final = {
    "v1": {
        "ConfigMap": "configmaps",
        "Pod": "pods",
        "Secret": "secrets",
        "Service": "services",
        "ServiceAccount": "serviceaccounts",
    },
    "apps/v1": {"DaemonSet": "daemonsets", "Deployment": "deployments"},
    "coordination.k8s.io/v1": {"Lease": "leases"},
    "discovery.k8s.io/v1": {"EndpointSlice": "endpointslices"},
    "k8s.cni.cncf.io/v1": {"NetworkAttachmentDefinition": "network-attachment-definitions"},
    "metallb.io/v1beta1": {
        "IPAddressPool": "ipaddresspools",
        "L2Advertisement": "l2advertisements",
        "ServiceL2Status": "servicel2statuses",
    },
    "rbac.authorization.k8s.io/v1": {"Role": "roles", "RoleBinding": "rolebindings"},
    "whereabouts.cni.cncf.io/v1alpha1": {"IPPool": "ippools"},
}
_CLUSTER_WIDE: Final = {
    "v1": {"Namespace": "namespaces", "Node": "nodes"},
    "admissionregistration.k8s.io/v1": {"ValidatingWebhookConfiguration": "validatingwebhookconfigurations"},
    "apiextensions.k8s.io/v1": {"CustomResourceDefinition": "customresourcedefinitions"},
    "rbac.authorization.k8s.io/v1": {
        "ClusterRole": "clusterroles",
        "ClusterRoleBinding": "clusterrolebindings",
    },
}

KINDS: Final = {
    (version, kind): Kind(plural, namespaced)
    for table, namespaced in ((_NAMESPACED, True), (_CLUSTER_WIDE, False))
    for version, plurals in table.items()
    for kind, plural in plurals.items()
}
