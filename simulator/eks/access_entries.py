"""Access entries: IAM principals that a cluster lets in. User guide, Create access entries."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from simulator.call import Answer, AwsError, Call, NotModelled, only
from simulator.eks import principals
from simulator.eks.pages import page
from simulator.eks.records import AccessEntry, Cluster, Store
from simulator.eks.tags import checked_tags

if TYPE_CHECKING:
    from simulator.cloud import Cloud

POLICY_PREFIX = "arn:aws:eks::aws:cluster-access-policy/"
# User guide's table of the usernames that EKS sets; groups of node types: a live EC2_LINUX entry shows
# system:nodes, the others are assumed to be alike.
_NODE_USERNAMES = {
    "EC2_LINUX": "system:node:{{EC2PrivateDNSName}}",
    "EC2_WINDOWS": "system:node:{{EC2PrivateDNSName}}",
    "EC2": "system:node:{{EC2PrivateDNSName}}",
    "FARGATE_LINUX": "system:node:{{SessionName}}",
    "HYBRID_LINUX": "system:node:{{SessionName}}",
}
_RESERVED_USERNAMES = ("system:", "eks:", "aws:", "amazon:", "iam:")


class AccessEntries:
    """The access entry operations. Entries are in effect at once; AWS takes several seconds, undocumented how many."""

    def __init__(self, cloud: "Cloud", store: Store) -> None:
        self._cloud = cloud
        self._store = store

    def create(self, call: Call) -> Answer:
        """CreateAccessEntry."""
        only(
            call,
            "clusterName",
            "principalArn",
            "kubernetesGroups",
            "tags",
            "clientRequestToken",
            "username",
            "type",
        )
        params = call.params
        cluster = cluster_with_entries(self._store, params["clusterName"])
        if self._store.seen("CreateAccessEntry", params):
            return {"accessEntry": describe(cluster, entry_of(cluster, params["principalArn"]))}
        kind = params.get("type", "STANDARD")
        self._check(params, kind)
        if params["principalArn"] in cluster.entries:
            # Wording: terraform-aws-modules/terraform-aws-eks #3293.
            message = "The specified access entry resource is already in use on this cluster."
            raise AwsError("ResourceInUseException", message, 409)
        entry = new_entry(self._cloud, cluster, params["principalArn"], kind, self._cloud.clock.now())
        entry.tags = checked_tags(params.get("tags", {}))
        entry.username = params.get("username") or entry.username
        entry.groups = list(params.get("kubernetesGroups", entry.groups))
        cluster.entries[entry.principal_arn] = entry
        self._store.remember("CreateAccessEntry", params)
        return {"accessEntry": describe(cluster, entry)}

    def describe(self, call: Call) -> Answer:
        """DescribeAccessEntry."""
        only(call, "clusterName", "principalArn")
        cluster = cluster_with_entries(self._store, call.params["clusterName"])
        return {"accessEntry": describe(cluster, entry_of(cluster, call.params["principalArn"]))}

    def list(self, call: Call) -> Answer:
        """ListAccessEntries."""
        only(call, "clusterName", "associatedPolicyArn", "maxResults", "nextToken")
        cluster = cluster_with_entries(self._store, call.params["clusterName"])
        policy = call.params.get("associatedPolicyArn")
        found = [arn for arn, entry in cluster.entries.items() if policy is None or policy in entry.policies]
        return page(found, call.params, "accessEntries")

    def update(self, call: Call) -> Answer:
        """UpdateAccessEntry."""
        only(call, "clusterName", "principalArn", "kubernetesGroups", "clientRequestToken", "username")
        params = call.params
        cluster = cluster_with_entries(self._store, params["clusterName"])
        entry = entry_of(cluster, params["principalArn"])
        if entry.type != "STANDARD":
            raise not_standard()
        _check_username(params.get("username"))
        entry.groups = list(params.get("kubernetesGroups", entry.groups))
        entry.username = params.get("username", entry.username)
        entry.modified_at = self._cloud.clock.now()
        return {"accessEntry": describe(cluster, entry)}

    def delete(self, call: Call) -> Answer:
        """DeleteAccessEntry."""
        only(call, "clusterName", "principalArn")
        cluster = cluster_with_entries(self._store, call.params["clusterName"])
        entry = entry_of(cluster, call.params["principalArn"])
        del cluster.entries[entry.principal_arn]
        self._store.forget("CreateAccessEntry", clusterName=cluster.name, principalArn=entry.principal_arn)
        return {}

    def _check(self, params: Mapping[str, Any], kind: str) -> None:
        arn = params["principalArn"]
        if kind == "HYPERPOD_LINUX":
            raise NotModelled("access entries of type HYPERPOD_LINUX")
        if kind != "STANDARD" and kind not in _NODE_USERNAMES:
            raise AwsError(
                "InvalidParameterException", f"The specified type is invalid: {kind}"
            )  # wording assumed
        if not re.fullmatch(r"arn:aws:iam::\d{12}:(role|user)/\S+", arn):
            # Session ARNs and the like; wording from a public report.
            raise AwsError("InvalidParameterException", "The principalArn parameter format is not valid")
        if kind == "STANDARD" and arn.split(":")[4] != self._cloud.account:
            raise NotModelled("access entries for principals of other accounts")
        user_as_node = kind != "STANDARD" and ":role/" not in arn
        if user_as_node or ":role/aws-service-role/" in arn or not principals.exists(self._cloud, arn):
            # Nodes have roles only, service-linked roles are never accepted, the principal must exist: user
            # guide. Wording: terraform-aws-modules/terraform-aws-eks #2969.
            message = "The specified principalArn is invalid: invalid principal."
            raise AwsError("InvalidParameterException", message)
        if kind != "STANDARD" and ("kubernetesGroups" in params or "username" in params):
            # User guide and API model (type); wording assumed.
            message = f"kubernetesGroups and username cannot be specified for access entries of type {kind}"
            raise AwsError("InvalidParameterException", message)
        _check_username(params.get("username"))


def cluster_with_entries(store: Store, name: str) -> Cluster:
    """The ACTIVE cluster, whose authentication mode must know access entries."""
    cluster = store.active_cluster(name)
    if cluster.authentication_mode == "CONFIG_MAP":
        # Wording: aws-ia/terraform-aws-eks-blueprints #1877.
        raise AwsError(
            "InvalidRequestException",
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this"
            " operation.",
        )
    return cluster


def entry_of(cluster: Cluster, principal_arn: str) -> AccessEntry:
    """A cluster's entry for a principal."""
    if principal_arn not in cluster.entries:
        # Wording: terraform-aws-modules/terraform-aws-eks #3024.
        raise AwsError(
            "ResourceNotFoundException",
            "The specified principalArn could not be found. You can view your available access entries with"
            " 'list-access-entries'.",
            404,
        )
    return cluster.entries[principal_arn]


def new_entry(cloud: "Cloud", cluster: Cluster, principal_arn: str, kind: str, now: datetime) -> AccessEntry:
    """An entry with the username and groups that EKS sets. Its ARN's shape: public logs."""
    resource, _, path = principal_arn.split(":", 5)[5].partition("/")
    name = path.rsplit("/", 1)[-1]
    unique = uuid5(NAMESPACE_URL, f"{cluster.identifier}/{principal_arn}/{now.isoformat()}")
    where = f"arn:aws:eks:{cloud.region}:{cloud.account}:access-entry/{cluster.name}"
    standard = principal_arn
    if resource == "role":
        standard = f"arn:aws:sts::{principal_arn.split(':')[4]}:assumed-role/{name}/{{{{SessionName}}}}"
    return AccessEntry(
        arn=f"{where}/{resource}/{cloud.account}/{name}/{unique}",
        principal_arn=principal_arn,
        type=kind,
        username=_NODE_USERNAMES.get(kind, standard),
        groups=[] if kind == "STANDARD" else ["system:nodes"],
        tags={},
        created_at=now,
        modified_at=now,
    )


def with_policy(entry: AccessEntry, policy: str, now: datetime) -> AccessEntry:
    """The entry with an access policy for the whole cluster."""
    entry.policies[POLICY_PREFIX + policy] = {
        "policyArn": POLICY_PREFIX + policy,
        "accessScope": {"type": "cluster", "namespaces": []},
        "associatedAt": now,
        "modifiedAt": now,
    }
    return entry


def describe(cluster: Cluster, entry: AccessEntry) -> dict[str, Any]:
    """The AccessEntry of the API model."""
    return {
        "clusterName": cluster.name,
        "principalArn": entry.principal_arn,
        "kubernetesGroups": list(entry.groups),
        "accessEntryArn": entry.arn,
        "createdAt": entry.created_at,
        "modifiedAt": entry.modified_at,
        "tags": dict(entry.tags),
        "username": entry.username,
        "type": entry.type,
    }


def not_standard() -> AwsError:
    """Wording: aws-controllers-k8s/community #2144."""
    message = 'This operation can only be performed on Access Entries with a type of "STANDARD".'
    return AwsError("InvalidParameterException", message)


def _check_username(username: str | None) -> None:
    if username is None:
        return
    colon_first = re.search(r":.*\{\{SessionName(Raw)?\}\}", username)
    if username.startswith(_RESERVED_USERNAMES) or ("{{SessionName" in username and not colon_first):
        # User guide, Create access entries: both rules; wording assumed.
        raise AwsError("InvalidParameterException", f"The specified username is invalid: {username}")
