"""STS: who am I, and may I be that role."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.call import Answer, AwsError, Call, Caller, NotModelled, Operation, Proceed, only
from simulator.iam.condition import holds
from simulator.iam.credentials import DEFAULT_SECONDS, Sessions, account_of, session_arn
from simulator.iam.policy import Context, Statement, as_list, statements_of
from simulator.iam.role_policies import role_of

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Makes ``cloud.sessions`` and gives the operations that use it."""
    cloud.sessions = sessions = Sessions(cloud.seed, cloud.clock.now)

    def assume_role(call: Call, _: Proceed) -> Answer:
        only(call, "RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId")
        role_arn, name = call.params["RoleArn"], call.params["RoleSessionName"]
        role = role_of(account_of(role_arn), role_arn)
        if role is None or not trusts(
            json.loads(role.assume_role_policy_document), call.caller, _request_context(call)
        ):
            # STS does not tell a missing role from one that does not trust the caller.
            message = f"User: {call.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            raise AwsError("AccessDenied", message, 403)
        seconds = call.params.get("DurationSeconds", DEFAULT_SECONDS)
        _check_duration(call.caller, int(role.max_session_duration or DEFAULT_SECONDS), seconds)
        issued = sessions.issue(role_arn, name, seconds)
        return {
            "Credentials": {
                "AccessKeyId": issued.access_key_id,
                "SecretAccessKey": issued.secret_access_key,
                "SessionToken": issued.session_token,
                "Expiration": issued.expiration,
            },
            "AssumedRoleUser": {"AssumedRoleId": f"{role.id}:{name}", "Arn": session_arn(role_arn, name)},
        }

    def get_caller_identity(call: Call, _: Proceed) -> Answer:
        return {
            "UserId": _user_id(call.caller),
            "Account": call.account,
            "Arn": call.caller.arn,
        }

    return {"sts.AssumeRole": assume_role, "sts.GetCallerIdentity": get_caller_identity}


def trusts(document: Mapping[str, Any], caller: Caller, context: Context | None = None) -> bool:
    """Whether a role's trust policy lets the caller (a role, a user, an AWS service) assume the role.

    context: the condition keys of the request, e.g. aws:SourceAccount or sts:ExternalId. A Deny is not modelled.
    """
    look_up = (context or Context()).look_up
    found = False
    for statement in statements_of(document):
        if statement["Effect"] != "Allow":
            raise NotModelled("Deny in a trust policy")
        found = found or (_names(statement, caller) and holds(statement.get("Condition", {}), look_up))
    return found


def _names(statement: Statement, caller: Caller) -> bool:
    if "sts:AssumeRole" not in as_list(statement["Action"]):
        return False
    principal = statement["Principal"]
    if principal == "*":
        # "AWS JSON policy elements: Principal": the same as {"AWS": "*"}.
        principal = {"AWS": "*"}
    if caller.service:
        return caller.service in as_list(principal.get("Service", []))
    # "AWS JSON policy elements: Principal": an account's number and its root ARN mean the same, everyone in it
    # whom their own policies allow; iam/layer.py asks those.
    account = (caller.account, f"arn:aws:iam::{caller.account}:root")
    own = ("*", caller.role_arn or caller.arn, caller.arn, *account)
    return any(name in own for name in as_list(principal.get("AWS", [])))


def _request_context(call: Call) -> Context:
    """IAM User Guide, "IAM and AWS STS condition context keys" and "AWS global condition context keys"."""
    values = {
        "aws:PrincipalArn": call.caller.role_arn or call.caller.arn,
        "aws:PrincipalAccount": call.account,
        "aws:RequestedRegion": call.region,
        "aws:SecureTransport": "true",  # assumed: loopback HTTP stands for HTTPS
        "sts:RoleSessionName": call.params["RoleSessionName"],
    }
    if "ExternalId" in call.params:
        values["sts:ExternalId"] = call.params["ExternalId"]
    return Context(values, ("sts:ExternalId",))


def _check_duration(caller: Caller, longest: int, seconds: int) -> None:
    """STS API Reference, AssumeRole, DurationSeconds; wording from public reports."""
    if caller.role_arn and seconds > DEFAULT_SECONDS:
        message = "exceeds the 1 hour session limit for roles assumed by role chaining."
        raise AwsError("ValidationError", f"The requested DurationSeconds {message}")
    if seconds > longest:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError("ValidationError", message)


def _user_id(caller: Caller) -> str:
    # IAM User Guide, "Unique identifiers": AROA... and the session's name for a role, AIDA... for a user.
    if caller.role_arn is None:
        return "AIDAADMINISTRATOR0001"
    role = role_of(caller.account, caller.role_arn)
    return f"{role.id if role else caller.role_arn}:{caller.arn.rpartition('/')[2]}"
