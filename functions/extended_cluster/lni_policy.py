"""Which subnets the guard may touch, and the device index of each: the stack's parameters and the subnet's tags.

Reads no AWS. A tag wins over the Outpost's override, and that over the default.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from extended_cluster.errors import GuardMisconfigured
from extended_cluster.names import LNI_INDEX_TAG, LNI_TAG

# At least 1 (EC2 API, ModifySubnetAttribute); no instance type takes more than 15 interfaces.
_INDEX: Final = re.compile(r"[1-9]|1[0-5]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """opt_in: only subnets that say so; vpc_ids: only these VPCs, empty for all; report_only: never write;

    outpost_indexes: Outpost id -> device index, where it is not the default.
    """

    device_index: int = 1
    opt_in: bool = False
    vpc_ids: frozenset[str] = frozenset()
    outpost_indexes: Mapping[str, int] = field(default_factory=dict)
    report_only: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What policy and tags want of one subnet.

    device_index: None when it is not to be touched; unclear: the tags contradict themselves, or cannot be read.
    """

    device_index: int | None
    reason: str = ""
    unclear: bool = False


def from_environment() -> Policy:
    """The stack's parameters. GuardMisconfigured names the one that cannot be read."""
    selection, mode = os.environ["LNI_SELECTION"], os.environ["LNI_MODE"]
    if selection not in ("optOut", "optIn") or mode not in ("enable", "report"):
        raise _misconfigured(f"Selection={selection}, Mode={mode}", "optOut or optIn, and enable or report")
    return Policy(
        device_index=_index(os.environ["LNI_DEVICE_INDEX"], "LniDeviceIndex"),
        opt_in=selection == "optIn",
        vpc_ids=frozenset(listed(os.environ["LNI_VPC_IDS"])),
        outpost_indexes=_outpost_indexes(os.environ["LNI_OUTPOST_DEVICE_INDEXES"]),
        report_only=mode == "report",
    )


def wish(policy: Policy, vpc_id: str | None, outpost_arn: str | None, tags: Mapping[str, str]) -> Wish:
    """What is wanted of a subnet in that VPC, on that Outpost, with these tags."""
    said, index = tags.get(LNI_TAG), tags.get(LNI_INDEX_TAG)
    if said not in (None, "enabled", "disabled"):
        return Wish(None, f"its tag {LNI_TAG} is {said!r}, neither enabled nor disabled", unclear=True)
    if index is not None and not _INDEX.fullmatch(index):
        return Wish(None, f"its tag {LNI_INDEX_TAG} is {index!r}, no whole number from 1 to 15", unclear=True)
    if said == "disabled" and index is not None:
        return Wish(None, f"its tags say {LNI_TAG}=disabled and {LNI_INDEX_TAG}={index}", unclear=True)
    if said == "disabled":
        return Wish(None, f"its tag {LNI_TAG} says disabled")
    if policy.opt_in and said is None:
        return Wish(None, f"Selection is optIn and it has no tag {LNI_TAG}=enabled")
    if policy.vpc_ids and vpc_id not in policy.vpc_ids:
        return Wish(None, f"its VPC {vpc_id} is not in VpcIds")
    if index is not None:
        return Wish(int(index))
    return Wish(policy.outpost_indexes.get((outpost_arn or "").rpartition("/")[2], policy.device_index))


def listed(text: str) -> list[str]:
    """``a, b`` -> [a, b]; an empty text has none."""
    return [item.strip() for item in text.split(",") if item.strip()]


def _outpost_indexes(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in listed(text):
        outpost_id, _, index = item.partition("=")
        if not re.fullmatch(r"op-[0-9a-f]{17}", outpost_id) or outpost_id in found:
            raise _misconfigured(f"OutpostDeviceIndexes has {item}", "op-...=N, each Outpost once")
        found[outpost_id] = _index(index, "OutpostDeviceIndexes")
    return found


def _index(text: str, parameter: str) -> int:
    if not _INDEX.fullmatch(text):
        raise _misconfigured(f"{parameter} has the device index {text!r}", "a whole number from 1 to 15")
    return int(text)


def _misconfigured(what: str, accepted: str) -> GuardMisconfigured:
    return GuardMisconfigured(
        f"The LNI guard's parameters cannot be used: {what}.", do=f"Deploy it with {accepted}."
    )
