"""A call signed by a role is checked against that role's policies, and refused as AWS words it."""

import re
from typing import TYPE_CHECKING

from simulator.call import Operation
from simulator.iam import sts, trust_policy
from simulator.iam.layer import layer
from simulator.iam.role_policies import load_aws_managed_policies

if TYPE_CHECKING:
    from simulator.cloud import Cloud

__all__ = ["layer", "open_account", "operations"]


def open_account(cloud: "Cloud", account: str) -> tuple[str, str]:
    """Make another account usable. Access key id and secret access key of its administrator, always the same
    for one seed. Raises ValueError for what is no account's number."""
    if not re.fullmatch(r"\d{12}", account):
        raise ValueError(f"an account has twelve digits, not {account!r}")
    load_aws_managed_policies(account)
    return cloud.sessions.administrator(account)


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """STS's operations, and IAM's look at trust policies.

    Makes ``cloud.sessions`` and loads AWS's managed policies into moto.
    """
    load_aws_managed_policies(cloud.account)
    return {**sts.operations(cloud), **trust_policy.operations()}
