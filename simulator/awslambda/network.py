"""What a function's process reaches, by its VPC: told by the connection, whoever signed the request.

Source: Lambda guide, "Enable internet access for VPC-connected Lambda functions": a function in a VPC reaches AWS's
APIs only by its subnets' routes, and never by a public address of its own. VPC endpoints are not modelled.
"""

from typing import TYPE_CHECKING, Any

from simulator.awslambda.function import Function
from simulator.ec2.security_groups import Peer, lets_out
from simulator.guest import egress

if TYPE_CHECKING:
    from simulator.cloud import Cloud

ANYWHERE = Peer(blocks=("0.0.0.0/0",))


def vpc_of(function: Function) -> dict[str, Any] | None:
    """The function's VpcConfig; None for one outside of any VPC."""
    config: dict[str, Any] = function.settings.get("VpcConfig") or {}
    return config if config.get("SubnetIds") else None


def way_out_fault(cloud: "Cloud", function: Function) -> str | None:
    """Why the function reaches nothing public, the AWS APIs among it; None if it does.

    Which of its subnets an invocation is in, nobody knows: one without a way out is fault enough (assumed).
    """
    config = vpc_of(function)
    if config is None:
        return None
    groups = config["SecurityGroupIds"]
    if not lets_out(cloud, groups, 443, ANYWHERE):
        return f"no outbound rule of {', '.join(groups)} lets TCP 443 out to 0.0.0.0/0"
    faults = (egress.fault(cloud, subnet_id) for subnet_id in config["SubnetIds"])
    return next((fault for fault in faults if fault), None)
