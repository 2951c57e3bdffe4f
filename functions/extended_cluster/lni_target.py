"""The accounts and Regions that a sweep visits."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from extended_cluster import aws
from extended_cluster.errors import ACCESS_DENIED_CODES, GuardMisconfigured, MemberRoleRefused
from extended_cluster.lni_policy import listed

if TYPE_CHECKING:
    from boto3.session import Session


@dataclass(frozen=True, slots=True)
class Target:
    """One account in one Region; role_arn: assumed to get there, None at home."""

    account: str
    region: str
    role_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """All targets, and the external id that the member roles ask for."""

    targets: list[Target]
    external_id: str


def from_environment(account: str, region: str) -> Reach:
    """The home account and every member, each in every Region of the parameters; Regions empty: this one."""
    roles = listed(os.environ["LNI_MEMBER_ROLE_ARNS"])
    external_id = os.environ["LNI_EXTERNAL_ID"]
    if roles and not external_id:
        raise GuardMisconfigured(
            "MemberRoleArns are given and ExternalId is empty.",
            do="Deploy the guard with the ExternalId that guard-member.yaml was deployed with.",
        )
    accounts = [(account, None), *((role.split(":")[4], role) for role in roles)]
    regions = listed(os.environ["LNI_REGIONS"]) or [region]
    return Reach([Target(name, each, role) for name, role in accounts for each in regions], external_id)


def clients(target: Target, external_id: str, home_region: str) -> Callable[[str], Any]:
    """A target's clients by service. Assumes the member's role: MemberRoleRefused, or another ClientError."""
    if target.role_arn is None and target.region == home_region:
        return aws.client
    session = _assumed(target.role_arn, external_id) if target.role_arn else aws.session()
    return lambda service: aws.regional(session, service, target.region)


def _assumed(role_arn: str, external_id: str) -> "Session":
    try:
        return aws.assumed(role_arn, external_id)
    except ClientError as refused:
        error = refused.response["Error"]
        if error["Code"] not in ACCESS_DENIED_CODES:
            raise
        # STS does not say which of these it is.
        raise MemberRoleRefused(
            f"The role {role_arn} could not be assumed, so this account is not swept: {error['Message']}",
            do="Deploy guard-member.yaml there with the guard's sweep role and ExternalId, or mend MemberRoleArns.",
        ) from refused
