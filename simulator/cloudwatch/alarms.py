"""Alarms: looked at every minute, told to their topics when their state changes."""

from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import Alarm, cloudwatch_backends

from simulator.call import ACCOUNT, REGION, Answer, Call, NotModelled, Proceed, aws_service, only
from simulator.cloudwatch import notice, queues
from simulator.cloudwatch.evaluation import COMPARISONS, MISSING, STATISTICS, is_alarm
from simulator.cloudwatch.metrics import Metric, Metrics, metric
from simulator.iam.resource_policy import allowed_by_resource_policy
from simulator.sns import CLOUDWATCH

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# CloudWatch guide, "Evaluating an alarm": every minute, whatever the alarm's period.
_EVERY = 60.0
_SETTINGS = (
    *(
        "ActionsEnabled",
        "AlarmActions",
        "AlarmDescription",
        "AlarmName",
        "ComparisonOperator",
        "DatapointsToAlarm",
    ),
    *(
        "Dimensions",
        "EvaluationPeriods",
        "MetricName",
        "Namespace",
        "OKActions",
        "Period",
        "Statistic",
        "Tags",
    ),
    *("Threshold", "TreatMissingData"),
)


class Alarms:
    """The timer is a background one: alarms ring while time passes because of something else."""

    def __init__(self, cloud: "Cloud", metrics: Metrics) -> None:
        self._cloud = cloud
        self._metrics = metrics
        self._watching = False

    def put(self, call: Call, proceed: Proceed) -> Answer:
        """An alarm on what has no values here would never ring, so it is refused.

        Metrics are kept for the application's account alone: an alarm of another account stays as it begins.
        """
        only(call, *_SETTINGS)
        _check(call)
        alarms = cloudwatch_backends[call.account][REGION].alarms
        before = alarms.get(call.params["AlarmName"])
        answer = proceed(call)
        # API_PutMetricAlarm: a new alarm has INSUFFICIENT_DATA, an updated one keeps its state. moto says OK.
        alarms[call.params["AlarmName"]].state_value = before.state_value if before else "INSUFFICIENT_DATA"
        if call.account == ACCOUNT and not self._watching:
            self._watching = True
            self._wait()
        return answer

    def _wait(self) -> None:
        self._cloud.clock.call_later(_EVERY, self._look, background=True)

    def _look(self) -> None:
        self._wait()
        for alarm in list(cloudwatch_backends[ACCOUNT][REGION].alarms.values()):
            self._sample(alarm)
            state = "ALARM" if self._is_breached(alarm) else "OK"
            if state != alarm.state_value:
                self._change(alarm, state)

    def _sample(self, alarm: Alarm) -> None:
        """Queues tell once a minute how they are; all else is told when it happens."""
        if alarm.namespace == "AWS/SQS":
            (queue,) = alarm.dimensions
            value = queues.sample(alarm.metric_name, str(queue.value), self._cloud.clock)
            if value is not None:
                self._metrics.record(_metric(alarm), value)

    def _is_breached(self, alarm: Alarm) -> bool:
        now, what = self._cloud.clock.time(), _metric(alarm)
        ends = [now - number * alarm.period for number in range(alarm.evaluation_periods)]
        return is_alarm(
            [self._metrics.within(what, end - alarm.period, end) for end in ends],
            alarm.statistic,
            alarm.comparison_operator,
            alarm.threshold,
            str(alarm.treat_missing_data),
            alarm.datapoints_to_alarm or alarm.evaluation_periods,
        )

    def _change(self, alarm: Alarm, state: str) -> None:
        before, now = alarm.state_value, self._cloud.clock.now()
        reason = f"Threshold Crossed: {alarm.comparison_operator} {alarm.threshold}"  # wording assumed
        changed = {"AlarmName": alarm.name, "StateValue": state, "StateReason": reason}
        self._cloud.moto(Call("cloudwatch", "SetAlarmState", changed))
        actions = alarm.alarm_actions if state == "ALARM" else alarm.ok_actions
        for topic in actions if alarm.actions_enabled else ():
            self._tell(
                alarm, topic, notice.subject(alarm, state), notice.message(alarm, state, before, reason, now)
            )

    def _tell(self, alarm: Alarm, topic: str, subject: str, message: str) -> None:
        """AWS writes a refused action into the alarm's history and says nothing."""
        asked = Call("sns", "GetTopicAttributes", {"TopicArn": topic})
        policy = self._cloud.moto(asked)["Attributes"].get("Policy")
        if not allowed_by_resource_policy(
            policy, CLOUDWATCH, "sns:Publish", topic, source_arn=alarm.alarm_arn, source_account=ACCOUNT
        ):
            raise NotModelled(f"alarms lost because the policy of {topic} does not let {alarm.alarm_arn} in")
        self._cloud.call(
            "sns", "Publish", aws_service(CLOUDWATCH), TopicArn=topic, Subject=subject, Message=message
        )


def _metric(alarm: Alarm) -> Metric:
    return metric(
        alarm.namespace, alarm.metric_name, {str(each.name): str(each.value) for each in alarm.dimensions}
    )


def _check(call: Call) -> None:
    params = call.params
    dimensions = {each["Name"] for each in params.get("Dimensions", ())}
    known: dict[str, Any] = {
        "AWS/SQS": params["MetricName"] in queues.NAMES and dimensions == {"QueueName"},
        "AWS/Lambda": params["MetricName"] == "Errors" and dimensions == {"FunctionName"},
    }
    # Every namespace that is not AWS's own is the functions', by embedded metrics.
    if not known.get(params["Namespace"], not params["Namespace"].startswith("AWS/")):
        raise NotModelled(
            f"alarms on {params['MetricName']} of {params['Namespace']} by {sorted(dimensions)}"
        )
    for name, modelled in (
        ("Statistic", STATISTICS),
        ("ComparisonOperator", COMPARISONS),
        ("TreatMissingData", MISSING),
    ):
        if params.get(name, "missing") not in modelled:
            raise NotModelled(f"{name} {params.get(name)} of an alarm")
    for action in (*params.get("AlarmActions", ()), *params.get("OKActions", ())):
        if not action.startswith("arn:aws:sns:"):
            raise NotModelled(f"the alarm action {action}")
