"""IAM roles and users that EKS looks at. Asked of moto directly: EKS does so by itself, unseen by the account."""

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from simulator.call import AwsError, Call

if TYPE_CHECKING:
    from simulator.cloud import Cloud

CLUSTER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"


def role(cloud: "Cloud", arn: str) -> dict[str, Any] | None:
    """IAM's Role of that ARN (its path must match too), or None. Trust policy: a dictionary."""
    if not arn.startswith(f"arn:aws:iam::{cloud.account}:role/"):
        return None
    found = _ask(cloud, "GetRole", "Role", RoleName=arn.rsplit("/", 1)[-1])
    if found is None or found["Arn"] != arn:
        return None
    document = found["AssumeRolePolicyDocument"]
    return {**found, "AssumeRolePolicyDocument": _document(document)}


def exists(cloud: "Cloud", arn: str) -> bool:
    """Whether a role or user of this account has that ARN."""
    if arn.startswith(f"arn:aws:iam::{cloud.account}:user/"):
        found = _ask(cloud, "GetUser", "User", UserName=arn.rsplit("/", 1)[-1])
        return found is not None and bool(found["Arn"] == arn)
    return role(cloud, arn) is not None


def trusts(document: dict[str, Any], service: str) -> bool:
    """Whether a trust policy lets a service assume the role. Conditions are not looked at."""
    return any(
        statement.get("Effect") == "Allow"
        and "sts:AssumeRole" in _list(statement.get("Action", []))
        and service in _list(statement.get("Principal", {}).get("Service", []))
        for statement in _list(document.get("Statement", []))
    )


def policies(cloud: "Cloud", role_name: str) -> list[str]:
    """ARNs of the attached policies and names of the inline ones."""
    attached = cloud.moto(Call("iam", "ListAttachedRolePolicies", {"RoleName": role_name}))
    inline = cloud.moto(Call("iam", "ListRolePolicies", {"RoleName": role_name}))
    return [*(policy["PolicyArn"] for policy in attached["AttachedPolicies"]), *inline["PolicyNames"]]


def profile_roles(cloud: "Cloud", profile_arn: str) -> list[str]:
    """The ARNs of an instance profile's roles; none if the profile is gone."""
    name = profile_arn.rsplit("/", 1)[-1]
    found = _ask(cloud, "GetInstanceProfile", "InstanceProfile", InstanceProfileName=name)
    return [role["Arn"] for role in found["Roles"]] if found else []


def _ask(cloud: "Cloud", operation: str, member: str, **params: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = cloud.moto(Call("iam", operation, params))[member]
    except AwsError as refused:
        if refused.code == "NoSuchEntity":
            return None
        raise
    return found


def _document(policy: str | dict[str, Any]) -> dict[str, Any]:
    """IAM answers policy documents URL-encoded; boto3 may have decoded them already."""
    decoded: dict[str, Any] = json.loads(unquote(policy)) if isinstance(policy, str) else policy
    return decoded


def _list[T](value: T | list[T]) -> list[T]:
    return value if isinstance(value, list) else [value]
