"""What security groups let through. Source: VPC guide, "Security group rules"; IPv4, groups and blocks alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from simulator.call import NotModelled
from simulator.ec2 import moto_state

if TYPE_CHECKING:
    from simulator.cloud import Cloud


@dataclass(frozen=True, slots=True)
class Peer:
    """The other side: the security groups it has, and the blocks that its address is in."""

    groups: Sequence[str] = ()
    blocks: Sequence[str] = ()


def lets_in(cloud: "Cloud", groups: Iterable[str], port: int, peer: Peer) -> bool:
    """Whether one of the groups has an inbound rule for the peer and the TCP port."""
    return _reached(
        [rule for group in moto_state.security_groups(cloud, list(groups)) for rule in group.ingress_rules],
        port,
        peer,
    )


def lets_out(cloud: "Cloud", groups: Iterable[str], port: int, peer: Peer) -> bool:
    """Whether one of the groups has an outbound rule to the peer's TCP port."""
    return _reached(
        [rule for group in moto_state.security_groups(cloud, list(groups)) for rule in group.egress_rules],
        port,
        peer,
    )


def _reached(rules: Iterable[Any], port: int, peer: Peer) -> bool:
    """rules: moto's SecurityGroupRules."""
    covering = [rule for rule in rules if _covers(rule, port)]
    if any(rule.source_group.get("GroupId") in peer.groups for rule in covering):
        return True
    allowed = [IPv4Network(rule.cidr_ipv4) for rule in covering if rule.cidr_ipv4]
    # All of the peer's blocks: which address of them it has, nobody says.
    blocks = [IPv4Network(block) for block in peer.blocks]
    if blocks and all(any(block.subnet_of(a) for a in allowed) for block in blocks):
        return True
    if any(rule.prefix_list_id for rule in covering):
        raise NotModelled("prefix lists in rules of security groups on a function's way")
    return False


def _covers(rule: Any, port: int) -> bool:
    if rule.ip_protocol == "tcp":
        return bool(rule.from_port <= port <= rule.to_port)
    return bool(rule.ip_protocol == "-1")
