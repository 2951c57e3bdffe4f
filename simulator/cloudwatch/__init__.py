"""CloudWatch: moto keeps the alarms; here they get metrics, ring in virtual time, and tell their topics."""

from typing import TYPE_CHECKING

from simulator.call import Operation
from simulator.cloudwatch.alarms import Alarms
from simulator.cloudwatch.embedded import Embedded

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """PutMetricAlarm, and a look at each log event: it may carry metrics."""
    return {
        "cloudwatch.PutMetricAlarm": Alarms(cloud, cloud.metrics).put,
        "logs.PutLogEvents": Embedded(cloud.metrics).after_delivery,
    }
