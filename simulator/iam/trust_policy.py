"""What IAM looks at when it takes a role's trust policy: it has statements, and the roles that it names are there.

IAM User Guide, "AWS JSON policy elements: Principal": a role's ARN becomes its unique id when the policy is saved, so
one that does not exist is refused. Assumed: users too, who are not looked up here, because only administrators are.
"""

import json
from collections.abc import Iterator
from typing import Any

from simulator.call import Answer, AwsError, Call, Operation, Proceed
from simulator.iam.credentials import account_of
from simulator.iam.policy import as_list, statements_of
from simulator.iam.role_policies import role_of


def operations() -> dict[str, Operation]:
    """CreateRole and UpdateAssumeRolePolicy."""
    return {
        "iam.CreateRole": _checking("AssumeRolePolicyDocument"),
        "iam.UpdateAssumeRolePolicy": _checking("PolicyDocument"),
    }


def _checking(parameter: str) -> Operation:
    def check(call: Call, proceed: Proceed) -> Answer:
        for arn in _roles(_document(call.params[parameter])):
            if role_of(account_of(arn), arn) is None:
                # As public reports have it.
                raise AwsError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')
        return proceed(call)

    return check


def _document(text: str) -> dict[str, Any]:
    """Raises AwsError; the texts are as public reports have them."""
    try:
        document: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        raise AwsError("MalformedPolicyDocument", "This policy contains invalid Json") from None
    if "Statement" not in document:
        raise AwsError("MalformedPolicyDocument", "Missing required field Statement")
    return document


def _roles(document: Any) -> Iterator[str]:
    for statement in statements_of(document):
        principal = statement.get("Principal", {})
        named = as_list(principal.get("AWS", [])) if isinstance(principal, dict) else []
        yield from (name for name in named if ":role/" in name)
