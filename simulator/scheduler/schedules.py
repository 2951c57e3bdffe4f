"""The schedules that are enabled, each with the timer of its next firing.

The timers are background ones: a schedule fires when time passes because of something else (a run that waits,
``/_simulator/clock/advance``), and alone it neither makes time pass nor keeps the clock from being idle.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from simulator.call import Answer, AwsError, Call, NotModelled, Proceed, only
from simulator.clock.kernel import Timer
from simulator.scheduler.delivery import Delivery, Firing, assume
from simulator.scheduler.expression import Cron, Rate, parsed

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_PARAMETERS = (
    *("ActionAfterCompletion", "ClientToken", "Description", "FlexibleTimeWindow", "GroupName", "Name"),
    *("ScheduleExpression", "ScheduleExpressionTimezone", "State", "Target"),
)
_TARGET = {"Arn", "DeadLetterConfig", "Input", "RetryPolicy", "RoleArn"}
# API reference, RetryPolicy.
_RETRY_POLICY = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


@dataclass
class _Schedule:
    """created: from when a rate is counted."""

    arn: str
    created: datetime
    expression: Rate | Cron
    target: dict[str, Any]
    timer: Timer | None = None


class Schedules:
    """CreateSchedule, UpdateSchedule, DeleteSchedule, and the firing."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._schedules: dict[str, _Schedule] = {}
        self._numbers = count(1)

    def create(self, call: Call, proceed: Proceed) -> Answer:
        """Fires at once when it is a rate: see ``Rate``."""
        call, expression, target = self._checked(call)
        answer = proceed(call)
        schedule = _Schedule(answer["ScheduleArn"], self._cloud.clock.now(), expression, target)
        self._schedules[call.params["Name"]] = schedule
        if call.params["State"] == "ENABLED":
            self._arm(schedule, None)
        return answer

    def update(self, call: Call, proceed: Proceed) -> Answer:
        """Replaces every setting (API reference); a rate stays on its grid (assumed)."""
        call, expression, target = self._checked(call)
        answer = proceed(call)
        schedule = self._schedules[call.params["Name"]]
        self._disarm(schedule)
        schedule.expression, schedule.target = expression, target
        if call.params["State"] == "ENABLED":
            self._arm(schedule, self._cloud.clock.now())
        return answer

    def delete(self, call: Call, proceed: Proceed) -> Answer:
        """It never fires again; what has fired goes on."""
        _only_default_group(call)
        answer = proceed(call)
        self._disarm(self._schedules.pop(call.params["Name"]))
        return answer

    def _arm(self, schedule: _Schedule, since: datetime | None) -> None:
        due = schedule.expression.after(schedule.created, since)
        if due is None:
            return
        seconds = (due - self._cloud.clock.now()).total_seconds()
        schedule.timer = self._cloud.clock.call_later(
            seconds, lambda: self._fire(schedule, due), background=True
        )

    @staticmethod
    def _disarm(schedule: _Schedule) -> None:
        if schedule.timer is not None:
            schedule.timer.cancel()

    def _fire(self, schedule: _Schedule, due: datetime) -> None:
        self._arm(schedule, due)
        firing = Firing(schedule.arn, schedule.target, due, next(self._numbers))
        Delivery(self._cloud, firing).attempt()

    def _checked(self, call: Call) -> tuple[Call, Rate | Cron, dict[str, Any]]:
        """The call with its defaults, its expression and its target; what is not modelled is refused."""
        only(call, *_PARAMETERS)
        _only_default_group(call)
        params = call.params
        if params["FlexibleTimeWindow"] != {"Mode": "OFF"}:
            raise NotModelled("flexible time windows")
        if params.get("ScheduleExpressionTimezone", "UTC") != "UTC":
            raise NotModelled(f"the time zone {params['ScheduleExpressionTimezone']} of a schedule")
        if params.get("ActionAfterCompletion", "NONE") != "NONE":
            raise NotModelled(f"ActionAfterCompletion {params['ActionAfterCompletion']}")
        target = params["Target"]
        _check_target(target)
        expression = parsed(params["ScheduleExpression"])
        arn = f"arn:aws:scheduler:{call.region}:{call.account}:schedule/default/{params['Name']}"
        assume(target["RoleArn"], arn)
        complete = {**target, "RetryPolicy": {**_RETRY_POLICY, **target.get("RetryPolicy", {})}}
        state = params.get("State", "ENABLED")
        return call.with_params(State=state, Target=complete), expression, complete


def _only_default_group(call: Call) -> None:
    if call.params.get("GroupName", "default") != "default":
        raise NotModelled("schedule groups other than the default one")


def _check_target(target: dict[str, Any]) -> None:
    if set(target) - _TARGET:
        raise NotModelled(f"{', '.join(sorted(set(target) - _TARGET))} of a schedule's target")
    if target["Arn"].split(":")[2] != "lambda":
        raise NotModelled(f"the schedule's target {target['Arn']}")
    if target.get("DeadLetterConfig", {}).get("Arn", "").endswith(".fifo"):
        # "EventBridge Scheduler does not support using a FIFO queue as your schedule's DLQ."
        raise AwsError("ValidationException", "The dead-letter queue must be a standard queue.")
    if "Input" not in target:
        raise NotModelled(
            'a target without Input, which gets "a default notification" (API reference, Target)'
        )
    try:
        json.loads(target["Input"])
    except ValueError as malformed:
        # API reference, Target, Input: "must be a well-formed JSON" for a Lambda target.
        raise AwsError("ValidationException", "Invalid RequestJson provided.") from malformed
