"""What security groups let through. Source: VPC guide, "Security group rules"; IPv4, groups and blocks alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from simulator.call import Call, NotModelled

if TYPE_CHECKING:
    from simulator.cloud import Cloud


@dataclass(frozen=True, slots=True)
class Peer:
    """The other side: the security groups it has, and the blocks that its address is in."""

    groups: Sequence[str] = ()
    blocks: Sequence[str] = ()


def lets_in(cloud: "Cloud", groups: Iterable[str], port: int, peer: Peer) -> bool:
    """Whether one of the groups has an inbound rule for the peer and the TCP port."""
    return _any_rule(cloud, groups, "IpPermissions", port, peer)


def lets_out(cloud: "Cloud", groups: Iterable[str], port: int, peer: Peer) -> bool:
    """Whether one of the groups has an outbound rule to the peer's TCP port."""
    return _any_rule(cloud, groups, "IpPermissionsEgress", port, peer)


def _any_rule(cloud: "Cloud", groups: Iterable[str], side: str, port: int, peer: Peer) -> bool:
    asked = {"Filters": [{"Name": "group-id", "Values": list(groups)}]}
    found = cloud.moto(Call("ec2", "DescribeSecurityGroups", asked))["SecurityGroups"]
    return any(_covers(rule, port) and _names(rule, peer) for group in found for rule in group[side])


def _covers(rule: dict[str, Any], port: int) -> bool:
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] in {"tcp", "6"} and rule["FromPort"] <= port <= rule["ToPort"]


def _names(rule: dict[str, Any], peer: Peer) -> bool:
    if rule.get("PrefixListIds"):
        raise NotModelled("prefix lists in rules of security groups on a function's way")
    if any(pair["GroupId"] in peer.groups for pair in rule.get("UserIdGroupPairs", ())):
        return True
    allowed = [IPv4Network(one["CidrIp"]) for one in rule.get("IpRanges", ())]
    # All of the peer's blocks: which address of them it has, nobody says.
    blocks = [IPv4Network(block) for block in peer.blocks]
    return bool(blocks) and all(any(block.subnet_of(a) for a in allowed) for block in blocks)
