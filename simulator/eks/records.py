"""What EKS remembers: clusters with their access entries and add-ons. One store per Cloud."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.call import AwsError
from simulator.eks.certificate import CertificateAuthority


@dataclass
class AccessEntry:
    """One IAM principal's way into a cluster. policies: policy ARN -> AssociatedAccessPolicy."""

    arn: str
    principal_arn: str
    type: str
    username: str
    groups: list[str]
    tags: dict[str, str]
    created_at: datetime
    modified_at: datetime
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Addon:
    """settings: the members that DescribeAddon returns as they were given; issues: its health."""

    name: str
    arn: str
    version: str
    tags: dict[str, str]
    settings: dict[str, Any]
    created_at: datetime
    modified_at: datetime
    status: str = "CREATING"
    issues: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Cluster:
    """settings: the members that DescribeCluster returns from the beginning and that never change.

    identifier: 32 upper-case hexadecimal digits, in the endpoint and the OIDC issuer.
    endpoint: where its Kubernetes API listens once it is ACTIVE.
    node_ready_at: instance id -> when it will have joined, in the clock's seconds (kept by guest).
    """

    name: str
    arn: str
    version: str
    created_at: datetime
    vpc_id: str
    tags: dict[str, str]
    deletion_protection: bool
    authentication_mode: str
    settings: dict[str, Any]
    vpc_config: dict[str, Any]
    identifier: str
    authority: CertificateAuthority
    status: str = "CREATING"
    issues: list[dict[str, Any]] = field(default_factory=list)
    security_group_id: str | None = None
    endpoint: str = ""
    entries: dict[str, AccessEntry] = field(default_factory=dict)
    addons: dict[str, Addon] = field(default_factory=dict)
    node_ready_at: dict[str, float] = field(default_factory=dict)

    @property
    def public_name(self) -> str:
        """The host's shape: user guide, cluster endpoint; the path gr7 is one that live clusters have.

        Nobody can resolve it here, so the endpoint is an address on loopback; its certificate bears the name too.
        """
        return f"{self.identifier}.gr7.{self.arn.split(':')[3]}.eks.amazonaws.com"

    def addon(self, name: str) -> Addon:
        """The add-on of that name, or EKS's refusal."""
        if name not in self.addons:
            # Wording: user guide, on removing add-ons.
            message = f"No addon: {name} found in cluster: {self.name}"
            raise AwsError("ResourceNotFoundException", message, 404, clusterName=self.name, addonName=name)
        return self.addons[name]


class Store:
    """Clusters by name, and the client request tokens that have been used."""

    def __init__(self) -> None:
        self.clusters: dict[str, Cluster] = {}
        self._tokens: dict[tuple[str, str], Mapping[str, Any]] = {}

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name, in any state."""
        if name not in self.clusters:
            # moto.eks.models CLUSTER_NOT_FOUND_MSG, taken from the real API.
            raise AwsError(
                "ResourceNotFoundException", f"No cluster found for name: {name}.", 404, clusterName=name
            )
        return self.clusters[name]

    def active_cluster(self, name: str) -> Cluster:
        """The cluster of that name, which must be ACTIVE."""
        cluster = self.cluster(name)
        if cluster.status != "ACTIVE":
            # Code and wording: moto.eks.models CLUSTER_NOT_READY_MSG, taken from the real API's CreateNodegroup;
            # that access entries and add-ons answer the same is assumed.
            message = f"Cluster '{name}' is not in ACTIVE status"
            raise AwsError("InvalidRequestException", message, clusterName=name)
        return cluster

    def seen(self, operation: str, params: Mapping[str, Any]) -> bool:
        """Whether this is a repetition of an earlier successful request with the same client request token.

        The API guide promises idempotency by token; that other parameters with it are refused, and the words,
        are assumed.
        """
        token = params.get("clientRequestToken")
        earlier = self._tokens.get((operation, token)) if token else None
        if earlier is not None and earlier != params:
            message = "The client request token was already used with other parameters."
            raise AwsError("InvalidParameterException", message)
        return earlier is not None

    def remember(self, operation: str, params: Mapping[str, Any]) -> None:
        """Note a successful request's token."""
        if token := params.get("clientRequestToken"):
            self._tokens[operation, token] = dict(params)

    def forget(self, operation: str, **params: str) -> None:
        """Let tokens be used again whose resource is gone: those whose request had these parameters."""
        gone = [
            key
            for key, earlier in self._tokens.items()
            if key[0] == operation and all(earlier.get(k) == v for k, v in params.items())
        ]
        for key in gone:
            del self._tokens[key]
