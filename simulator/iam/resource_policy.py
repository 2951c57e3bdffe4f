"""Whether a resource's own policy lets an AWS service in: queue policies and function permissions."""

import json
from collections.abc import Mapping

from simulator.call import NotModelled
from simulator.iam.policy import Context, Decision, Statement, as_list, evaluate, statements_of


def allowed_by_resource_policy(
    policy: str | None, principal: str, action: str, resource: str, *, source_arn: str, source_account: str
) -> bool:
    """policy: the document as JSON, None if the resource has none; principal: ``events.amazonaws.com``.

    A service principal has no policies of its own, so that the resource's must allow it (IAM User Guide, "How
    permissions and policies provide access management"). Raises NotModelled like ``evaluate``.
    """
    if policy is None:
        return False
    statements = [_of_identity(s) for s in statements_of(json.loads(policy)) if is_for_service(s, principal)]
    values = {
        "aws:SourceArn": source_arn,
        "aws:SourceAccount": source_account,
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": principal,
        "aws:SecureTransport": "true",
    }
    return evaluate(statements, action, resource, Context(values)) is Decision.ALLOWED


def is_for_service(statement: Statement, service: str) -> bool:
    """Whether the statement's Principal means the service. "AWS JSON policy elements: Principal": ``*`` is all."""
    principal = statement.get("Principal")
    if principal is None:
        raise NotModelled("a resource policy's statement without Principal")
    if isinstance(principal, Mapping):
        # {"AWS": "*"} is everyone, services included, as "*" is.
        return "*" in as_list(principal.get("AWS", [])) or service in as_list(principal.get("Service", []))
    return bool(principal == "*")


def _of_identity(statement: Statement) -> Statement:
    return {key: value for key, value in statement.items() if key != "Principal"}
