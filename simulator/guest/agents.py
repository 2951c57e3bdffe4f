"""Whether the agents beside Kubernetes work: what is installed, what the instance's role may do, a way out."""

from typing import TYPE_CHECKING, Any

from simulator.call import Call
from simulator.eks.principals import profile_roles
from simulator.guest import egress
from simulator.guest.agent_script import Agent
from simulator.iam.policy import Context, Decision, evaluate
from simulator.iam.role_policies import statements_of_role

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def session_manager_faults(cloud: "Cloud", instance: dict[str, Any]) -> list[str]:
    """Why the agent of the image does not register with Systems Manager. instance: as DescribeInstances answers.

    Systems Manager user guide, "Configure instance permissions": AmazonSSMManagedInstanceCore, which allows
    UpdateInstanceInformation; and outbound HTTPS.
    """
    needed = [("ssm:UpdateInstanceInformation", "*", Context())]
    return _faults(cloud, instance, "amazon-ssm-agent", needed)


def cloudwatch_faults(cloud: "Cloud", instance: dict[str, Any], agent: Agent) -> list[str]:
    """Why metrics and journal do not arrive. The agent makes a missing log group if it may, which is not modelled."""
    about, region = f"logs:{cloud.region}:{cloud.account}:log-group", cloud.region
    needed = [("cloudwatch:PutMetricData", "*", Context({"cloudwatch:namespace": agent.namespace}))]
    missing = []
    for group in agent.log_groups:
        stream = f"arn:aws:{about}:{group}:log-stream:{instance['InstanceId']}"
        needed += [(action, stream, Context()) for action in ("logs:CreateLogStream", "logs:PutLogEvents")]
        found = cloud.moto(Call("logs", "DescribeLogGroups", {"logGroupNamePrefix": group}))["logGroups"]
        if group not in [each["logGroupName"] for each in found]:
            missing.append(f"amazon-cloudwatch-agent: no log group {group} in {region}")
    return [*_faults(cloud, instance, "amazon-cloudwatch-agent", needed), *missing]


def _faults(
    cloud: "Cloud", instance: dict[str, Any], agent: str, needed: list[tuple[str, str, Context]]
) -> list[str]:
    profile = instance.get("IamInstanceProfile")
    roles = profile_roles(cloud, profile["Arn"]) if profile else []
    statements = [statement for role in roles for statement in statements_of_role(cloud.account, role)]
    found = [
        f"{agent}: AccessDenied: {action} on {resource}"
        for action, resource, context in needed
        if evaluate(statements, action, resource, context) is not Decision.ALLOWED
    ]
    if way_out := egress.fault(cloud, instance["SubnetId"]):
        found.append(f"{agent}: i/o timeout: {way_out}")
    return found
