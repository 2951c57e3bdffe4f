"""What an alarm tells its topic: JSON, as in SNS messages of alarms that public repositories keep as samples."""

import json
from datetime import datetime
from typing import Final

from moto.cloudwatch.models import Alarm

from simulator.call import ACCOUNT

# The Region's long name, which CloudWatch uses here.
_REGION: Final = "US West (Oregon)"
# SNS API, Publish: less than 100 characters; CloudWatch cuts the name, as the samples show.
_SUBJECT: Final = 99


def subject(alarm: Alarm, state: str) -> str:
    """``ALARM: "name" in US West (Oregon)``."""
    room = _SUBJECT - len(f'{state}: "" in {_REGION}')
    name = alarm.name if len(alarm.name) <= room else f"{alarm.name[: room - 3]}..."
    return f'{state}: "{name}" in {_REGION}'


def message(alarm: Alarm, state: str, before: str, reason: str, now: datetime) -> str:
    """The whole message."""
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": ACCOUNT,
            "NewStateValue": state,
            "NewStateReason": reason,
            "StateChangeTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}+0000",
            "Region": _REGION,
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": before,
            "OKActions": alarm.ok_actions,
            "AlarmActions": alarm.alarm_actions,
            "InsufficientDataActions": alarm.insufficient_data_actions,
            "Trigger": {
                "MetricName": alarm.metric_name,
                "Namespace": alarm.namespace,
                "StatisticType": "Statistic",
                "Statistic": alarm.statistic.upper(),
                "Dimensions": [{"value": each.value, "name": each.name} for each in alarm.dimensions],
                "Period": alarm.period,
                "EvaluationPeriods": alarm.evaluation_periods,
                "ComparisonOperator": alarm.comparison_operator,
                "Threshold": alarm.threshold,
                "TreatMissingData": alarm.treat_missing_data,
            },
        }
    )
