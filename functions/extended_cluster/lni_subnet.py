"""Observes a subnet for the evaluator in ``lni.py`` and carries its decision out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import batched
from typing import Any, Final

from botocore.exceptions import ClientError

from extended_cluster.errors import OutpostNotFound
from extended_cluster.lni import UNKNOWN, WRITES, Action, Decision, Interface, SubnetFacts, decide
from extended_cluster.lni_policy import Policy
from extended_cluster.names import NO_MANAGE_TAG, as_dict

type Judged = tuple[SubnetFacts, Decision]
type KindOf = Callable[[str], str]

# EC2 API, Filter: a request takes at most 200 filter values.
_VALUES: Final = 200


def judge(ec2: Any, kind_of: KindOf, subnet_id: str, account_id: str, policy: Policy) -> Judged:
    """The facts of a subnet, read now, and the decision; never LOOK.

    kind_of: an Outpost's ARN -> ``SERVER``, ``RACK`` or UNKNOWN; account_id: whose credentials read.
    """
    facts = _described(ec2, subnet_id, account_id)
    decision = decide(facts, policy)
    if decision.action is Action.LOOK and facts.outpost_arn and facts.hardware_type is None:
        facts = replace(facts, hardware_type=kind_of(facts.outpost_arn))
        decision = decide(facts, policy)
    if decision.action is Action.LOOK:
        facts = replace(facts, interfaces=tuple(each for _, each in interfaces(ec2, [subnet_id])))
        decision = decide(facts, policy)
    return facts, decision


def set_index(ec2: Any, subnet_id: str, device_index: int) -> bool:
    """Enable LNI there, or move it (assumed to be the same one call), and read it back.

    Whether EC2 shows it already: its reads lag its writes.
    """
    ec2.modify_subnet_attribute(SubnetId=subnet_id, EnableLniAtDeviceIndex=device_index)
    (subnet,) = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
    return _lni_index(subnet) == device_index


def carry_out(ec2: Any, decision: Decision, subnet_id: str) -> Decision:
    """Act on a decision, whichever it is; the decision, whose reason says when EC2 does not show the write yet.

    That is no reason to come back: the write's own event and the next sweep look again.
    """
    if decision.action not in WRITES or decision.device_index is None:
        return decision
    if set_index(ec2, subnet_id, decision.device_index):
        return decision
    return replace(decision, reason=f"{decision.reason}; it is written, and EC2 does not show it yet")


def facts_of(subnet: dict[str, Any], account_id: str) -> SubnetFacts:
    """The facts that DescribeSubnets tells of one subnet."""
    return SubnetFacts(
        subnet_id=subnet["SubnetId"],
        exists=True,
        account_id=account_id,
        state=subnet["State"],
        owner_id=subnet["OwnerId"],
        vpc_id=subnet["VpcId"],
        outpost_arn=subnet.get("OutpostArn"),
        current_index=_lni_index(subnet),
        tags=as_dict(subnet.get("Tags")),
    )


def interfaces(ec2: Any, subnet_ids: Iterable[str]) -> Iterator[tuple[str, Interface]]:
    """The subnet and the interface, for all interfaces in these subnets."""
    for some in batched(subnet_ids, _VALUES, strict=False):
        pages = ec2.get_paginator("describe_network_interfaces").paginate(
            Filters=[{"Name": "subnet-id", "Values": list(some)}], PaginationConfig={"PageSize": 1000}
        )
        for page in pages:
            for found in page["NetworkInterfaces"]:
                yield found["SubnetId"], _interface(found)


def hardware_type(outposts: Any, outpost_arn: str) -> str:
    """``SERVER``, ``RACK`` or UNKNOWN. An Outpost never changes from one to the other, so the answer may be kept: who
    keeps UNKNOWN looks again in its next process, and at the next sweep."""
    try:
        kind: str = outposts.get_outpost(OutpostId=outpost_arn)["Outpost"].get(
            "SupportedHardwareType", UNKNOWN
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        raise OutpostNotFound(
            f"Outpost {outpost_arn} is not known here, though a subnet is on it.",
            do="If it is another account's, let its owner share the Outpost itself and not only the subnet.",
        ) from error
    return kind


def _described(ec2: Any, subnet_id: str, account_id: str) -> SubnetFacts:
    try:
        (subnet,) = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidSubnetID.NotFound":
            raise
        return SubnetFacts(subnet_id=subnet_id, exists=False, account_id=account_id)
    return facts_of(subnet, account_id)


def _interface(found: dict[str, Any]) -> Interface:
    attachment = found.get("Attachment", {})
    return Interface(
        interface_id=found["NetworkInterfaceId"],
        # Attaching and detaching count: what is on its way is there or will be.
        device_index=None if attachment.get("Status") == "detached" else attachment.get("DeviceIndex"),
        no_manage=as_dict(found.get("TagSet")).get(NO_MANAGE_TAG) == "true",
        # No field says it; Route 53 writes "Route 53 Resolver: rslvr-in-...:rni-..." (reported). Should that change,
        # an attached one is still in the way at the index.
        resolver=found.get("Description", "").startswith("Route 53 Resolver"),
    )


def _lni_index(subnet: dict[str, Any]) -> int | None:
    # Left out while LNI is off (EC2 API, Subnet); 0 is no valid index, so it can only mean the same.
    return subnet.get("EnableLniAtDeviceIndex") or None
