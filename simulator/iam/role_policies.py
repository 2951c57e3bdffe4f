"""The statements of all policies that a role has. moto keeps roles and policies; here they are only read."""

import json

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.models import AWSManagedPolicy, IAMBackend, Role, iam_backends

from simulator.call import REGION, NotModelled
from simulator.iam.policy import Statement, statements_of


def backend(account: str) -> IAMBackend:
    """moto's IAM of an account: read in place, because a call per policy would appear in every audit."""
    return iam_backends[account]["aws"]


def load_aws_managed_policies(account: str) -> None:
    """Give the account AWS's own managed policies, from moto's copy, which moto loads only on request."""
    known = backend(account).managed_policies
    for name, policy in json.loads(aws_managed_policies_data).items():
        made = AWSManagedPolicy.from_data(name, account, REGION, policy)
        known[made.arn] = made


def role_of(account: str, role_arn: str) -> Role | None:
    """The role, or None if there is none of that ARN."""
    try:
        return backend(account).get_role_by_arn(role_arn)
    except NotFoundException:
        return None


def statements_of_role(account: str, role_arn: str) -> list[Statement]:
    """Inline policies and the default versions of attached ones. A deleted role has none."""
    role = role_of(account, role_arn)
    if role is None:
        return []
    if role.permissions_boundary_arn:
        raise NotModelled(f"permissions boundaries ({role.name} has one)")
    documents = list(role.policies.values())
    for policy in role.managed_policies.values():
        documents += [version.document for version in policy.versions if version.is_default_version]
    return [statement for document in documents for statement in statements_of(json.loads(document))]
