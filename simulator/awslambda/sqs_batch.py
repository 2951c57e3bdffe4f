"""A batch of queue messages as a function gets it, and what the function's answer says about each."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.call import REGION

# Lambda guide, "Understanding polling and batching behavior": a batch ends at 6 MB of payload at the latest.
_PAYLOAD = 6_291_456


def record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    """One received message (ReceiveMessage's shape) as in the guide's "Example standard queue message event"."""
    md5_of_attributes = (
        {"md5OfMessageAttributes": message["MD5OfMessageAttributes"]}
        if "MD5OfMessageAttributes" in message
        else {}
    )
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        **md5_of_attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def events(records: Sequence[dict[str, Any]]) -> Iterator[tuple[list[dict[str, Any]], bytes]]:
    """The records in batches whose event is no larger than Lambda takes, each with that event."""
    batch: list[dict[str, Any]] = []
    size = 0
    for one in records:
        cost = len(json.dumps(one)) + 2
        if batch and size + cost > _PAYLOAD - 20:
            yield batch, _event(batch)
            batch, size = [], 0
        batch.append(one)
        size += cost
    if batch:
        yield batch, _event(batch)


def failed_messages(payload: bytes, message_ids: set[str]) -> set[str]:
    """Which messages a function reports as failed.

    Lambda guide, "Handling errors for an SQS event source", success and failure conditions: an empty or null
    response, or an empty or null list, is complete success; a response that is not JSON, an empty, null or
    unknown itemIdentifier, or one by another name, is complete failure. A response or list of another type is
    taken as complete failure too (assumed: the guide calls that an invalid JSON response).
    """
    try:
        response = json.loads(payload or b"null")
    except ValueError:
        return message_ids
    if response is None:
        return set()
    if not isinstance(response, dict):
        return message_ids
    failures = response.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return message_ids
    identifiers = [
        failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures
    ]
    if not all(isinstance(identifier, str) and identifier in message_ids for identifier in identifiers):
        return message_ids
    return {str(identifier) for identifier in identifiers}


def _event(records: list[dict[str, Any]]) -> bytes:
    return json.dumps({"Records": records}).encode()


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"dataType": value["DataType"], "stringListValues": [], "binaryListValues": []}
    if "StringValue" in value:
        shown["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        shown["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return shown
