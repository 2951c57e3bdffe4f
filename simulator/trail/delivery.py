"""One event on its way to one target: tries, retries, and the dead-letter queue.

EventBridge guide, "How EventBridge retries delivering events" and "Using dead-letter queues to process
undelivered events".
"""

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.call import AwsError, NotModelled
from simulator.trail.target import Target, send, send_to_queue, text_for

if TYPE_CHECKING:
    from simulator.cloud import Cloud

log = logging.getLogger(__name__)

# "By default, EventBridge retries sending the event for 24 hours and up to 185 times".
_ATTEMPTS = 185
_SECONDS = 86400
# "with an exponential back off and jitter"; the numbers are assumed, and there is no jitter.
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 600.0

_THROTTLED = frozenset({"ThrottlingException", "TooManyRequestsException", "RequestThrottled"})
_MISSING = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
    }
)


class Delivery:
    """See the module's docstring; a target is tried for the first time a moment after ``start``."""

    def __init__(self, cloud: "Cloud", rule_arn: str, target: Target, event: Mapping[str, Any]) -> None:
        self._cloud = cloud
        self._rule_arn = rule_arn
        self._target = target
        self._event = event
        self._retries = 0
        self._began = cloud.clock.time()
        policy = target.get("RetryPolicy", {})
        self._most = policy.get("MaximumRetryAttempts", _ATTEMPTS)
        self._oldest = policy.get("MaximumEventAgeInSeconds", _SECONDS)

    def start(self) -> None:
        """Begin."""
        key = f"{self._event['id']}/{self._target['Id']}"
        self._cloud.clock.call_later(self._cloud.latency("events.delivery", key=key), self._try)

    def _try(self) -> None:
        try:
            send(self._cloud, self._rule_arn, self._target, text_for(self._target, self._event))
        except NotModelled:
            raise
        except AwsError as refused:
            self._failed(refused)

    def _failed(self, refused: AwsError) -> None:
        if not is_retried(refused):
            self._give_up(refused, None)
            return
        pause = min(_FIRST_PAUSE * 2**self._retries, _LONGEST_PAUSE)
        if self._retries >= self._most:
            self._give_up(refused, "MaximumRetryAttempts")
        elif self._cloud.clock.time() + pause - self._began > self._oldest:
            self._give_up(refused, "MaximumEventAgeInSeconds")
        else:
            self._retries += 1
            self._cloud.clock.call_later(pause, self._try)

    def _give_up(self, refused: AwsError, exhausted: str | None) -> None:
        log.warning("%s could not be delivered to %s: %s", self._event["id"], self._target["Arn"], refused)
        queue = self._target.get("DeadLetterConfig", {}).get("Arn")
        if queue is None:
            return
        attributes = {
            "RULE_ARN": self._rule_arn,
            "TARGET_ARN": self._target["Arn"],
            "ERROR_CODE": _error_code(refused),
            "ERROR_MESSAGE": refused.message,
            "RETRY_ATTEMPTS": str(self._retries),
        } | ({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {})
        message = {
            # The event itself, whatever the target's input would have been.
            "MessageBody": json.dumps(self._event, separators=(",", ":")),
            "MessageAttributes": {k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
        }
        try:
            send_to_queue(self._cloud, self._rule_arn, queue, message)
        except NotModelled:
            raise
        except AwsError as lost:
            # The metric InvocationsFailedToBeSentToDlq counts these; the event is gone.
            log.error("%s is lost, its dead-letter queue refused it: %s", self._event["id"], lost)


def is_retried(refused: AwsError) -> bool:
    """Missing permissions and missing targets are not retried; HTTP 429 and 5xx are (AWS re:Post, "How do I
    resolve FailedInvocation errors")."""
    return refused.status >= 500 or refused.code in _THROTTLED


def _error_code(refused: AwsError) -> str:
    """The guide's list of ERROR_CODE values."""
    if refused.code in ("AccessDenied", "AccessDeniedException"):
        return "NO_PERMISSIONS"
    if refused.code in _MISSING:
        return "NO_RESOURCE"
    return "THROTTLING" if refused.code in _THROTTLED else "ERROR_FROM_TARGET"
