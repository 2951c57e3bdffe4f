"""One firing of a schedule on its way to its target: tries, retries, dead-letter queue.

EventBridge Scheduler user guide, "Configuring a schedule's dead-letter queue" and "Adding context attributes".
Every timer here is a background one: what a schedule starts again and again must not make time pass.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.call import AwsError, Caller, NotModelled, aws_service
from simulator.iam.credentials import account_of, session_arn
from simulator.iam.policy import Context
from simulator.iam.role_policies import role_of
from simulator.iam.sts import trusts
from simulator.scheduler.expression import iso
from simulator.trail.delivery import is_retried

if TYPE_CHECKING:
    from simulator.cloud import Cloud

log = logging.getLogger(__name__)

SERVICE = "scheduler.amazonaws.com"
# "with exponential backoff"; the numbers are assumed, and there is no jitter.
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 600.0


@dataclass(frozen=True, slots=True)
class Firing:
    """schedule_arn, target: as the API has them; scheduled: the time by the expression; number: unique."""

    schedule_arn: str
    target: Mapping[str, Any]
    scheduled: datetime
    number: int


class Delivery:
    """Sends one firing."""

    def __init__(self, cloud: "Cloud", firing: Firing) -> None:
        self._cloud = cloud
        self._firing = firing
        self._retries = 0

    def attempt(self) -> None:
        """Try once, and see to the next attempt."""
        target = self._firing.target
        try:
            assume(target["RoleArn"], self._firing.schedule_arn)
            self._cloud.call(
                "lambda",
                "Invoke",
                self._role(),
                FunctionName=target["Arn"],
                InvocationType="Event",
                Payload=self._input().encode(),
            )
        except NotModelled:
            raise
        except AwsError as refused:
            self._failed(refused)

    def _failed(self, refused: AwsError) -> None:
        policy = self._firing.target["RetryPolicy"]
        pause = min(_FIRST_PAUSE * 2**self._retries, _LONGEST_PAUSE)
        late = self._cloud.clock.time() + pause - self._firing.scheduled.timestamp()
        # Assumed to be told apart as EventBridge's rules do it.
        if not is_retried(refused):
            self._give_up(refused, None)
        elif self._retries >= policy["MaximumRetryAttempts"]:
            self._give_up(refused, "MaximumRetryAttempts")
        elif late > policy["MaximumEventAgeInSeconds"]:
            self._give_up(refused, "MaximumEventAgeInSeconds")
        else:
            self._retries += 1
            self._cloud.clock.call_later(pause, self.attempt, background=True)

    def _give_up(self, refused: AwsError, exhausted: str | None) -> None:
        firing = self._firing
        queue = firing.target.get("DeadLetterConfig", {}).get("Arn")
        log.warning("%s could not invoke %s: %s", firing.schedule_arn, firing.target["Arn"], refused)
        if queue is None:
            return
        # The attributes' names: the guide's example. Its body is the target's input.
        attributes = {
            "ERROR_CODE": refused.code,
            "ERROR_MESSAGE": refused.message,
            "EXECUTION_ID": self._execution_id(),
            "IS_PAYLOAD_TRUNCATED": "false",
            "RETRY_ATTEMPTS": str(self._retries),
            "SCHEDULED_TIME": iso(firing.scheduled),
            "SCHEDULE_ARN": firing.schedule_arn,
            "TARGET_ARN": firing.target["Arn"],
        } | ({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {})
        try:
            self._cloud.call(
                "sqs",
                "SendMessage",
                self._role(),
                QueueUrl=f"{self._cloud.url}/{account_of(queue)}/{queue.rpartition(':')[2]}",
                MessageBody=self._input(),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()
                },
            )
        except NotModelled:
            raise
        except AwsError as lost:
            # The metric InvocationsFailedToBeSentToDeadLetterCount counts these; the event is gone.
            log.error("a firing of %s is lost, its queue refused it: %s", firing.schedule_arn, lost)

    def _role(self) -> Caller:
        role = self._firing.target["RoleArn"]
        # Assumed: the session's name.
        return Caller(session_arn(role, self._execution_id()), role, SERVICE, account_of(role))

    def _execution_id(self) -> str:
        key = f"{self._cloud.seed}/{self._firing.number}/{self._retries}"
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    def _input(self) -> str:
        text: str = self._firing.target["Input"]
        attributes = {
            "schedule-arn": self._firing.schedule_arn,
            "scheduled-time": iso(self._firing.scheduled),
            "execution-id": self._execution_id(),
            "attempt-number": str(self._retries + 1),
        }
        for name, value in attributes.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text


def assume(role_arn: str, schedule_arn: str) -> None:
    """AwsError: the role does not let Scheduler in.

    User guide, "Confused deputy prevention": aws:SourceArn is the ARN of the schedule's group.
    """
    group = schedule_arn.replace(":schedule/", ":schedule-group/").rpartition("/")[0]
    account = account_of(schedule_arn)
    context = Context({"aws:SourceAccount": account, "aws:SourceArn": group})
    role = role_of(account, role_arn)
    if role is None or not trusts(
        json.loads(role.assume_role_policy_document), aws_service(SERVICE), context
    ):
        # The words of CreateSchedule's refusal in public reports.
        raise AwsError(
            "ValidationException",
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        )
