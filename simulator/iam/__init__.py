"""A call signed by a role is checked against that role's policies, and refused as AWS words it."""

from typing import TYPE_CHECKING

from simulator.call import Operation
from simulator.iam import sts
from simulator.iam.layer import layer
from simulator.iam.role_policies import load_aws_managed_policies

if TYPE_CHECKING:
    from simulator.cloud import Cloud

__all__ = ["layer", "operations"]


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """STS's operations; makes ``cloud.sessions`` and loads AWS's managed policies into moto."""
    load_aws_managed_policies(cloud.account)
    return sts.operations(cloud)
