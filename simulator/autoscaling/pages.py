"""Pagination and tag filters of the Auto Scaling API."""

from collections.abc import Sequence
from typing import Any

from simulator.call import Answer, AwsError, Call, NotModelled


def page(call: Call, member: str, items: Sequence[Any], size: int) -> Answer:
    """One page under the member's name. size: of a page when the call gives no MaxRecords."""
    token = call.params.get("NextToken", "0")
    if not token.isdigit():
        raise AwsError("InvalidNextToken", "The NextToken value is not valid.")
    start, most = int(token), call.params.get("MaxRecords", size)
    answer: Answer = {member: list(items[start : start + most])}
    return answer | ({"NextToken": str(start + most)} if start + most < len(items) else {})


def has_tags(tags: dict[str, Answer], filters: list[dict[str, Any]]) -> bool:
    """Whether a group's tags pass the filters (API model, DescribeAutoScalingGroups: Filters)."""
    return all(_passes(tags, entry["Name"], entry["Values"]) for entry in filters)


def _passes(tags: dict[str, Answer], name: str, values: list[str]) -> bool:
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return key in tags and tags[key]["Value"] in values
    if name == "tag-key":
        return any(key in values for key in tags)
    if name == "tag-value":
        return any(tag["Value"] in values for tag in tags.values())
    raise NotModelled(f"the filter {name} of autoscaling.DescribeAutoScalingGroups")
