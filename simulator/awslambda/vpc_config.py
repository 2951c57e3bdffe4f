"""A function's place in a VPC: what CreateFunction and UpdateFunctionConfiguration demand of VpcConfig.

Source: Lambda guide, "Giving Lambda functions access to resources in an Amazon VPC"; API_VpcConfig. Wordings without
a source of their own are from public reports. Lambda's interfaces in the subnets, which it shares between functions
and removes up to 20 minutes after the last of them, are not modelled.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.awslambda.settings import invalid
from simulator.call import ACCOUNT, REGION, AwsError, Call, NotModelled, aws_service
from simulator.iam.policy import Context, Decision, evaluate
from simulator.iam.role_policies import statements_of_role

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_LAMBDA = aws_service("lambda.amazonaws.com")
# API_VpcConfig.
_AT_MOST = {"SubnetIds": 16, "SecurityGroupIds": 5}


def checked(cloud: "Cloud", given: Mapping[str, Any], role_arn: str) -> dict[str, Any]:
    """VpcConfigResponse; raises AwsError as Lambda refuses. No subnets and no groups: outside of any VPC."""
    if unknown := sorted(set(given) - set(_AT_MOST) - {"Ipv6AllowedForDualStack"}):
        raise NotModelled(f"VpcConfig.{unknown[0]}")
    if given.get("Ipv6AllowedForDualStack"):
        raise NotModelled("VpcConfig.Ipv6AllowedForDualStack")
    subnets, groups = given.get("SubnetIds", []), given.get("SecurityGroupIds", [])
    if bool(subnets) != bool(groups):
        raise invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
    for member, limit in _AT_MOST.items():
        if len(given.get(member, [])) > limit:
            raise invalid(f"{member} of VpcConfig has more than {limit} members")  # wording assumed
    config = {"SubnetIds": list(subnets), "SecurityGroupIds": list(groups), "VpcId": ""}
    if subnets:
        _check_role(role_arn, subnets, groups)
        config["VpcId"] = _vpc_of(cloud, subnets, groups)
    return config


def _check_role(role_arn: str, subnets: list[str], groups: list[str]) -> None:
    """The guide's execution role for a VPC; that all of it is asked for at creation is assumed."""
    ec2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
    made = [f"{ec2}:network-interface/*"]
    made += [f"{ec2}:subnet/{one}" for one in subnets] + [f"{ec2}:security-group/{one}" for one in groups]
    wanted = {
        "CreateNetworkInterface": made,
        "DescribeNetworkInterfaces": ["*"],
        "DeleteNetworkInterface": made[:1],
    }
    statements = statements_of_role(ACCOUNT, role_arn)
    for operation, resources in wanted.items():
        for resource in resources:
            if evaluate(statements, f"ec2:{operation}", resource, Context()) is not Decision.ALLOWED:
                raise invalid(
                    f"The provided execution role does not have permissions to call {operation} on EC2"
                )


def _vpc_of(cloud: "Cloud", subnet_ids: list[str], group_ids: list[str]) -> str:
    subnets = _described(cloud, "DescribeSubnets", SubnetIds=subnet_ids)["Subnets"]
    groups = _described(cloud, "DescribeSecurityGroups", GroupIds=group_ids)["SecurityGroups"]
    for subnet in subnets:
        if subnet.get("OutpostArn"):
            raise NotModelled("functions in a subnet on an Outpost")
    vpc_ids = {str(subnet["VpcId"]) for subnet in subnets}
    if len(vpc_ids) > 1:
        raise invalid("Subnets are required to be in the same VPC.")  # wording assumed
    if {group["VpcId"] for group in groups} != vpc_ids:
        raise invalid("Security Groups are required to be in the same VPC.")
    return vpc_ids.pop()


def _described(cloud: "Cloud", operation: str, **ids: list[str]) -> dict[str, Any]:
    try:
        return cloud.handle(Call("ec2", operation, ids, _LAMBDA))
    except AwsError as refused:
        if not refused.code.endswith(".NotFound"):
            raise
        raise invalid(
            f"Error occurred while {operation}. EC2 Error Code: {refused.code}. EC2 Error Message: {refused.message}"
        ) from refused
