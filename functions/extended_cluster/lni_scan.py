"""Observes all subnets of one account in one Region, in as few calls as can be, for the evaluator in ``lni.py``."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from extended_cluster.lni import Action, Interface, SubnetFacts, decide
from extended_cluster.lni_outcome import NAMED
from extended_cluster.lni_policy import Policy
from extended_cluster.lni_subnet import Judged, KindOf, facts_of, hardware_type, interfaces


@dataclass(frozen=True, slots=True)
class Scan:
    """subnets: how many there are; judged: those on an Outpost, none of them LOOK;

    failed: subnets of which a fact could not be got, and why.
    """

    subnets: int
    judged: list[Judged]
    failed: list[tuple[SubnetFacts, Exception]]


def scan(ec2: Any, kind_of: KindOf, account_id: str, policy: Policy) -> Scan:
    """Pages of subnets, the kind of each Outpost once, and the interfaces of the candidates only."""
    everything = list(_subnets(ec2, account_id))
    judged, failed = _with_kinds([each for each in everything if each.outpost_arn], kind_of, policy)
    candidates = [facts for facts, decision in judged if decision.action is Action.LOOK]
    settled = [each for each in judged if each[1].action is not Action.LOOK]
    return Scan(len(everything), settled + _with_interfaces(ec2, candidates, policy), failed)


def kinds(outposts: Any) -> KindOf:
    """As ``hardware_type``: one list for all, and one look at each Outpost whose kind it leaves out.

    An error of a look is remembered and raised again: many subnets are on one Outpost.
    """
    known: dict[str, str | Exception] = {**_listed(outposts)}

    def kind_of(outpost_arn: str) -> str:
        if outpost_arn not in known:
            known[outpost_arn] = _looked_at(outposts, outpost_arn)
        found = known[outpost_arn]
        if isinstance(found, Exception):
            raise found
        return found

    return kind_of


def _looked_at(outposts: Any, outpost_arn: str) -> str | Exception:
    try:
        return hardware_type(outposts, outpost_arn)
    except NAMED as error:
        return error


def _subnets(ec2: Any, account_id: str) -> Iterator[SubnetFacts]:
    pages = ec2.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 1000})
    return (facts_of(subnet, account_id) for page in pages for subnet in page["Subnets"])


def _with_kinds(
    subnets: list[SubnetFacts], kind_of: KindOf, policy: Policy
) -> tuple[list[Judged], list[tuple[SubnetFacts, Exception]]]:
    judged: list[Judged] = []
    failed: list[tuple[SubnetFacts, Exception]] = []
    for facts in subnets:
        decision = decide(facts, policy)
        if decision.action is Action.LOOK and facts.outpost_arn:
            try:
                facts = replace(facts, hardware_type=kind_of(facts.outpost_arn))
            except NAMED as error:
                failed.append((facts, error))
                continue
            decision = decide(facts, policy)
        judged.append((facts, decision))
    return judged, failed


def _with_interfaces(ec2: Any, candidates: list[SubnetFacts], policy: Policy) -> list[Judged]:
    found: dict[str, list[Interface]] = defaultdict(list)
    for subnet_id, interface in interfaces(ec2, [facts.subnet_id for facts in candidates]):
        found[subnet_id].append(interface)
    complete = [replace(facts, interfaces=tuple(found[facts.subnet_id])) for facts in candidates]
    return [(facts, decide(facts, policy)) for facts in complete]


def _listed(outposts: Any) -> dict[str, str]:
    pages = outposts.get_paginator("list_outposts").paginate(PaginationConfig={"PageSize": 1000})
    return {
        outpost["OutpostArn"]: outpost["SupportedHardwareType"]
        for page in pages
        for outpost in page["Outposts"]
        if "SupportedHardwareType" in outpost
    }
