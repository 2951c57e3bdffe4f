"""A refusal in each service's own words."""

from simulator.call import AwsError, Call
from simulator.iam.authorization import Need
from simulator.iam.policy import Decision

# By protocol. AWS query and REST XML services answer AccessDenied, as does SQS in its query-compatible JSON
# (botocore's awsQueryCompatible); REST JSON services AccessDeniedException with 403; JSON services with 400 (as
# Secrets Manager in kubernetes-sigs/cluster-api-provider-aws #1523; that SSM and the others do too is assumed).
_ACCESS_DENIED = frozenset({"autoscaling", "cloudformation", "cloudwatch", "iam", "s3", "sns", "sqs", "sts"})
_REST_JSON = frozenset({"eks", "lambda", "outposts"})


def denial(call: Call, need: Need, decision: Decision) -> AwsError:
    """The error that the service answers. Wording: IAM User Guide, "Troubleshoot access denied error messages"."""
    if call.service == "autoscaling" and not need.action.startswith(
        ("autoscaling:", "iam:CreateServiceLinkedRole")
    ):
        template = call.params["LaunchTemplate"]
        name = template.get("LaunchTemplateId") or template["LaunchTemplateName"]
        # Auto Scaling guide, "Troubleshoot: launch templates": "You are not authorized to use launch template".
        return AwsError("AccessDenied", f"You are not authorized to use launch template: {name}", 403)
    message = f"User: {call.caller.arn} is not authorized to perform: {need.action}"
    if call.service == "eks" and need.resource == "*":
        # Public reports of refused DescribeClusterVersions calls.
        message += f" on resource: arn:aws:eks:{call.region}:{call.caller.account}:*"
    elif need.resource != "*":
        message += (
            f' on resource: "{need.resource}"' if call.service == "s3" else f" on resource: {need.resource}"
        )
    if decision is Decision.EXPLICIT_DENY:
        message += " with an explicit deny in an identity-based policy"
    else:
        message += f" because no identity-based policy allows the {need.action} action"
    if call.service == "ec2":
        # EC2 API Reference, "Error codes", UnauthorizedOperation. AWS appends an encoded message, which nobody
        # here could decode; it is left out.
        return AwsError(
            "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403
        )
    if call.service in _ACCESS_DENIED:
        return AwsError("AccessDenied", message, 403)
    return AwsError("AccessDeniedException", message, 403 if call.service in _REST_JSON else 400)
