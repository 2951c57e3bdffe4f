"""Invoke with InvocationType Event: accepted at once, run a moment later, tried again, and then given up.

Lambda guide, "Invoking a Lambda function asynchronously" and "How Lambda handles errors and retries with asynchronous
invocation". Throttling is not modelled, so an event never waits; destinations are not, a dead-letter queue is. That
CreateFunction asks already whether the role may send to it is left out: a refusal shows when it is needed.
"""

import json
import logging
from typing import TYPE_CHECKING

from simulator.awslambda.functions import Functions, Invocation
from simulator.call import AwsError, NotModelled

if TYPE_CHECKING:
    from simulator.cloud import Cloud

log = logging.getLogger(__name__)

# Lambda quotas: 1 MB of payload for asynchronous invocations.
PAYLOAD_LIMIT = 1_048_576
# "Lambda runs the function two more times, with a one-minute wait between the first two attempts, and two minutes
# between the second and third attempts."
_PAUSES = (60.0, 120.0)
# "The first 1 KB of the error message".
_MESSAGE = 1024


def invoke(cloud: "Cloud", functions: Functions, reference: str, payload: bytes) -> None:
    """Take the event; raises AwsError when there is no such function or the event is too large."""
    name = functions.get(reference).name
    if len(payload) > PAYLOAD_LIMIT:
        message = (
            f"Request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction operation"  # assumed
        )
        raise AwsError("RequestTooLargeException", message, 413)
    attempts = iter(_PAUSES)

    def attempt() -> None:
        try:
            ended = functions.invoke(name, payload)
        except NotModelled:
            raise
        except AwsError as gone:
            log.warning("%s cannot be invoked any more: %s", name, gone)  # assumed: deleted meanwhile
            return
        if ended.error is None:
            return
        pause = next(attempts, None)
        if pause is None:
            _give_up(cloud, functions, name, payload, ended)
        else:
            cloud.clock.call_later(pause, attempt)

    # The queue's own delay is taken to be none: what delivered the event had one.
    cloud.clock.call_later(0, attempt)


def _give_up(cloud: "Cloud", functions: Functions, name: str, payload: bytes, ended: Invocation) -> None:
    function = functions.get(name)
    target = function.settings.get("DeadLetterConfig", {}).get("TargetArn")
    if not target:
        log.warning("%s has failed three times; the event is lost", name)
        return
    message = json.loads(ended.payload).get("errorMessage", "")
    attributes = {
        "RequestID": ("String", ended.request_id),
        "ErrorCode": (
            "Number",
            "200",
        ),  # "the HTTP status code"; of an error in the function 200 (public samples)
        "ErrorMessage": ("String", message[:_MESSAGE] or "null"),
    }
    try:
        queue = cloud.call("sqs", "GetQueueUrl", QueueName=target.rpartition(":")[2])
        cloud.call(
            "sqs",
            "SendMessage",
            function.caller(),
            QueueUrl=queue["QueueUrl"],
            MessageBody=payload.decode(),
            MessageAttributes={
                key: {"DataType": kind, "StringValue": value} for key, (kind, value) in attributes.items()
            },
        )
    except NotModelled:
        raise
    except AwsError as refused:
        # "Lambda deletes the event and emits the DeadLetterErrors metric."
        log.error("%s: the dead letter is lost: %s", name, refused)
