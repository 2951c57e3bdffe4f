"""Lambda's queue of asynchronous invocations.

Lambda guide, "How Lambda handles errors and retries with asynchronous invocation": a function's error is tried
again twice, a minute and then two minutes later, with the same request id; then the event goes to the function's
dead-letter queue or is discarded. Destinations and other numbers (EventInvokeConfig) are not modelled and refused.
"""

import json
import logging
from typing import TYPE_CHECKING
from uuid import uuid4

from simulator.awslambda.functions import Functions, Invocation
from simulator.call import AwsError, Caller, NotModelled

if TYPE_CHECKING:
    from simulator.cloud import Cloud

log = logging.getLogger(__name__)

# Lambda quotas: 1 MB of request payload for asynchronous invocations.
PAYLOAD_LIMIT = 1_048_576
_PAUSES = (60.0, 120.0)
# What these start again for ever must not keep the clock from being idle.
_ENDLESS = frozenset({"scheduler.amazonaws.com"})


class AsynchronousQueue:
    """Takes events at once and runs their functions later."""

    def __init__(self, cloud: "Cloud", functions: Functions) -> None:
        self._cloud = cloud
        self._functions = functions

    def accept(self, reference: str, payload: bytes, caller: Caller) -> None:
        """Take the event. AwsError: no such function, or the event is too large."""
        function = self._functions.get(reference)
        if len(payload) > PAYLOAD_LIMIT:
            message = (
                f"{len(payload)} byte payload is too large for Event invocations (limit {PAYLOAD_LIMIT})"
            )
            raise AwsError("RequestTooLargeException", message, 413)
        delay = self._cloud.latency("lambda.async", function.name)
        request_id = str(uuid4())
        endless = caller.service in _ENDLESS
        self._cloud.clock.call_later(
            delay, lambda: self._attempt(function.arn, payload, request_id, _PAUSES, endless=endless)
        )

    def _attempt(
        self, arn: str, payload: bytes, request_id: str, pauses: tuple[float, ...], *, endless: bool
    ) -> None:
        try:
            invocation = self._functions.invoke(arn, payload, request_id=request_id)
        except AwsError as refused:
            if refused.code != "ResourceNotFoundException":
                raise
            log.warning("%s was deleted before its event %s came", arn, request_id)
            return
        if invocation.error is None:
            return
        if not pauses:
            self._give_up(arn, payload, invocation)
            return
        self._cloud.clock.call_later(
            pauses[0],
            lambda: self._attempt(arn, payload, request_id, pauses[1:], endless=endless),
            background=endless,
        )

    def _give_up(self, arn: str, payload: bytes, invocation: Invocation) -> None:
        """Lambda guide, "Adding a dead-letter queue": the event as it came, by the function's role."""
        function = self._functions.get(arn)
        queue = function.settings.get("DeadLetterConfig", {}).get("TargetArn")
        log.warning("%s failed three times with the event %s", arn, invocation.request_id)
        if queue is None:
            return
        if queue.split(":")[2] != "sqs":
            raise NotModelled(f"the dead-letter target {queue}")
        attributes = {
            "RequestID": ("String", invocation.request_id),
            # The status of the last Invoke, which is 200 for a function's error.
            "ErrorCode": ("Number", "200"),
            "ErrorMessage": ("String", str(json.loads(invocation.payload).get("errorMessage", ""))[:1024]),
        }
        try:
            self._cloud.call(
                "sqs",
                "SendMessage",
                function.caller(),
                QueueUrl=f"{self._cloud.url}/{function.account}/{queue.rpartition(':')[2]}",
                MessageBody=payload.decode(),
                MessageAttributes={
                    name: {"DataType": kind, "StringValue": value}
                    for name, (kind, value) in attributes.items()
                    if value
                },
            )
        except NotModelled:
            raise
        except AwsError as lost:
            # The metric DeadLetterErrors counts these; the event is gone.
            log.error("%s is lost, %s refused it: %s", invocation.request_id, queue, lost)
