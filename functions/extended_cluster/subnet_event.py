"""What a CloudTrail event says of a subnet. Pure; only a hint: EC2 is asked for the truth."""

import json
from dataclasses import dataclass
from typing import Any

from extended_cluster.errors import MalformedEvent


@dataclass(frozen=True, slots=True)
class SubnetHint:
    """subnet_id: the subnet to look at, or None with the reason why there is none.

    event_id: CloudTrail's eventID, which duplicates share.
    """

    event_id: str
    event_name: str
    subnet_id: str | None
    reason: str


def parse(body: str) -> SubnetHint:
    """The hint in an SQS message body: an EventBridge envelope of an ``AWS API Call via CloudTrail`` event.

    MalformedEvent when it is not that, or lacks the subnet that a successful call must name.
    """
    try:
        envelope = json.loads(body)
    except json.JSONDecodeError as error:
        raise _malformed(f"is not JSON ({error})") from error
    detail = _member(envelope, "detail")
    event_id, event_name = detail.get("eventID"), detail.get("eventName")
    if not isinstance(event_id, str) or not isinstance(event_name, str):
        raise _malformed("has no detail.eventID and detail.eventName")
    # Failed and dry-run calls are recorded too, with an error code (CloudTrail record contents).
    if code := detail.get("errorCode"):
        return SubnetHint(event_id, event_name, None, f"the call to {event_name} failed with {code}")
    match event_name:
        case "CreateSubnet":
            named = _member(_member(detail, "responseElements"), "subnet")
        case "ModifySubnetAttribute":
            named = _member(detail, "requestParameters")
        case _:
            return SubnetHint(event_id, event_name, None, f"{event_name} does not concern a subnet's LNI")
    subnet_id = named.get("subnetId")
    if not isinstance(subnet_id, str) or not subnet_id.startswith("subnet-"):
        raise _malformed(f"tells of a successful {event_name} and names no subnet")
    return SubnetHint(event_id, event_name, subnet_id, f"{event_name} of {subnet_id}")


def _member(parent: Any, name: str) -> dict[str, Any]:
    value = parent.get(name) if isinstance(parent, dict) else None
    if not isinstance(value, dict):
        raise _malformed(f"has no object {name} where there must be one")
    return value


def _malformed(why: str) -> MalformedEvent:
    return MalformedEvent(f"The event {why}.", do="Read the whole message in the dead-letter queue.")
