"""Resource-based policies and tags of functions."""

import json
from typing import Any

from simulator.awslambda.functions import Functions
from simulator.call import Answer, AwsError, Call, Operation, Proceed, only


def operations(functions: Functions) -> dict[str, Operation]:
    """AddPermission, RemovePermission, GetPolicy; TagResource, UntagResource, ListTags."""

    def add_permission(call: Call, _: Proceed) -> Answer:
        only(
            call,
            "FunctionName",
            "StatementId",
            "Action",
            "Principal",
            "SourceArn",
            "SourceAccount",
            "RevisionId",
        )
        function = functions.get(call.params["FunctionName"])
        function.check_revision(call.params.get("RevisionId"))
        sid = call.params["StatementId"]
        if sid in function.policy:
            raise AwsError(
                "ResourceConflictException",
                f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
                "or remove the existing statement.",
                409,
            )
        function.policy[sid] = _statement(call, function.arn)
        return {"Statement": json.dumps(function.policy[sid])}

    def remove_permission(call: Call, _: Proceed) -> Answer:
        only(call, "FunctionName", "StatementId", "RevisionId")
        function = functions.get(call.params["FunctionName"])
        function.check_revision(call.params.get("RevisionId"))
        if function.policy.pop(call.params["StatementId"], None) is None:
            message = f"Statement {call.params['StatementId']} is not found in resource policy."
            raise AwsError("ResourceNotFoundException", message, 404)
        return {}

    def get_policy(call: Call, _: Proceed) -> Answer:
        only(call, "FunctionName")
        function = functions.get(call.params["FunctionName"])
        if not function.policy:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": list(function.policy.values())}
        return {"Policy": json.dumps(policy), "RevisionId": function.revision}

    def tag(call: Call, _: Proceed) -> Answer:
        only(call, "Resource", "Tags")
        functions.get(call.params["Resource"]).tags.update(call.params["Tags"])
        return {}

    def untag(call: Call, _: Proceed) -> Answer:
        only(call, "Resource", "TagKeys")
        tags = functions.get(call.params["Resource"]).tags
        for key in call.params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags(call: Call, _: Proceed) -> Answer:
        only(call, "Resource")
        return {"Tags": dict(functions.get(call.params["Resource"]).tags)}

    return {
        "lambda.AddPermission": add_permission,
        "lambda.RemovePermission": remove_permission,
        "lambda.GetPolicy": get_policy,
        "lambda.TagResource": tag,
        "lambda.UntagResource": untag,
        "lambda.ListTags": list_tags,
    }


def _statement(call: Call, function_arn: str) -> dict[str, Any]:
    """Lambda guide, "Viewing resource-based IAM policies in Lambda": the statement that AddPermission makes."""
    principal: str = call.params["Principal"]
    conditions: dict[str, dict[str, str]] = {}
    if "SourceAccount" in call.params:
        conditions["StringEquals"] = {"AWS:SourceAccount": call.params["SourceAccount"]}
    if "SourceArn" in call.params:
        conditions["ArnLike"] = {"AWS:SourceArn": call.params["SourceArn"]}
    if principal.endswith(".amazonaws.com"):
        who: str | dict[str, str] = {"Service": principal}
    elif principal.isdigit():
        who = {"AWS": f"arn:aws:iam::{principal}:root"}
    else:
        who = "*" if principal == "*" else {"AWS": principal}
    return {
        "Sid": call.params["StatementId"],
        "Effect": "Allow",
        "Principal": who,
        "Action": call.params["Action"],
        "Resource": function_arn,
        **({"Condition": conditions} if conditions else {}),
    }
