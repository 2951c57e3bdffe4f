"""Local network interfaces of ours that outlived their instance: marked at one sweep, deleted at a later one.

EC2 tells no interface's age, so the mark does: a tag with the time of the first look that found it unattached.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from botocore.exceptions import ClientError

from extended_cluster.errors import GuardMisconfigured
from extended_cluster.names import CLUSTER_TAG, NO_MANAGE_TAG, ORPHANED_TAG, as_dict

AGE: Final = timedelta(minutes=10)


class Action(StrEnum):
    """What may be decided about an interface; nothing at all while its mark is young."""

    MARK = "mark"
    UNMARK = "unmark"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Orphan:
    """An interface to act on."""

    interface_id: str
    subnet_id: str
    action: Action
    reason: str


def find(ec2: Any, now: datetime) -> list[Orphan]:
    """Ours and unattached, or marked and in use again."""
    free = _interfaces(ec2, {"status": "available", "tag-key": CLUSTER_TAG})
    used = _interfaces(ec2, {"status": "in-use", "tag-key": ORPHANED_TAG})
    return [orphan for each in (*free, *used) if (orphan := decide(each, now))]


def decide(interface: Mapping[str, Any], now: datetime) -> Orphan | None:
    """interface: as DescribeNetworkInterfaces answers it. None when there is nothing to do."""
    tags = as_dict(interface["TagSet"])
    if CLUSTER_TAG not in tags or tags.get(NO_MANAGE_TAG) != "true":
        return None  # not ours, or no local network interface
    since, name = tags.get(ORPHANED_TAG), interface["NetworkInterfaceId"]
    if interface["Status"] != "available":
        return _orphan(interface, Action.UNMARK, f"{name} is in use again") if since else None
    first = _time(since)
    if first is None or first > now:
        return _orphan(interface, Action.MARK, f"{name} of {tags[CLUSTER_TAG]} is attached to nothing")
    if now - first < AGE:
        return None
    return _orphan(
        interface, Action.DELETE, f"{name} of {tags[CLUSTER_TAG]} is attached to nothing since {since}"
    )


def carry_out(ec2: Any, orphan: Orphan, now: datetime) -> None:
    """Mark, unmark or delete; one that is gone by now needs neither.

    EC2 itself refuses to delete an interface that is attached by now.
    """
    try:
        _act(ec2, orphan, now)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidNetworkInterfaceID.NotFound":
            raise


def _act(ec2: Any, orphan: Orphan, now: datetime) -> None:
    match orphan.action:
        case Action.MARK:
            mark = {"Key": ORPHANED_TAG, "Value": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
            ec2.create_tags(Resources=[orphan.interface_id], Tags=[mark])
        case Action.UNMARK:
            ec2.delete_tags(Resources=[orphan.interface_id], Tags=[{"Key": ORPHANED_TAG}])
        case Action.DELETE:
            ec2.delete_network_interface(NetworkInterfaceId=orphan.interface_id)


def read_time(text: str) -> datetime:
    """The schedule's time; GuardMisconfigured when it is none."""
    found = _time(text)
    if found is None:
        raise GuardMisconfigured(
            f"The sweep's input has now={text!r}.", do="Give a time in UTC such as 2026-11-23T12:00:00Z."
        )
    return found


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _orphan(interface: Mapping[str, Any], action: Action, reason: str) -> Orphan:
    return Orphan(interface["NetworkInterfaceId"], interface["SubnetId"], action, reason)


def _interfaces(ec2: Any, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()],
        PaginationConfig={"PageSize": 1000},
    )
    return (found for page in pages for found in page["NetworkInterfaces"])
