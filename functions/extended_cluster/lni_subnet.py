"""Observes a subnet for the evaluator in ``lni.py`` and carries its decision out."""

import functools
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster.errors import NotReadyYet
from extended_cluster.lni import SubnetFacts


def observe(ec2: Any, outposts: Any, subnet_id: str, account_id: str) -> SubnetFacts:
    """The facts of a subnet, read now. account_id: our own account."""
    try:
        subnet = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidSubnetID.NotFound":
            raise
        return SubnetFacts(subnet_id=subnet_id, exists=False, account_id=account_id)
    outpost_arn = subnet.get("OutpostArn")
    return SubnetFacts(
        subnet_id=subnet_id,
        exists=True,
        account_id=account_id,
        state=subnet["State"],
        owner_id=subnet["OwnerId"],
        outpost_arn=outpost_arn,
        hardware_type=_hardware_type(outposts, outpost_arn) if outpost_arn else None,
        current_index=_lni_index(subnet),
    )


def enable(ec2: Any, subnet_id: str, device_index: int) -> None:
    """Enable LNI and read it back: EC2's reads lag its writes, so NotReadyYet until the index is visible."""
    ec2.modify_subnet_attribute(SubnetId=subnet_id, EnableLniAtDeviceIndex=device_index)
    (subnet,) = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
    if _lni_index(subnet) != device_index:
        raise NotReadyYet(
            f"LNI was enabled on {subnet_id} at device index {device_index}, and EC2 does not show it yet."
        )


def _lni_index(subnet: dict[str, Any]) -> int | None:
    # Left out while LNI is off (EC2 API, Subnet); 0 is no valid index, so it can only mean the same.
    return subnet.get("EnableLniAtDeviceIndex") or None


@functools.cache
def _hardware_type(outposts: Any, outpost_arn: str) -> str:
    # An Outpost never changes from rack to server: one look per process is enough.
    kind: str = outposts.get_outpost(OutpostId=outpost_arn)["Outpost"]["SupportedHardwareType"]
    return kind
