"""AWS::CloudWatch::Alarm and AWS::CloudWatch::Dashboard."""

from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names

# Properties that PutMetricAlarm takes under the same name.
_SETTINGS = names(
    """ActionsEnabled AlarmActions AlarmDescription ComparisonOperator DatapointsToAlarm Dimensions
    EvaluateLowSampleCountPercentile EvaluationPeriods ExtendedStatistic InsufficientDataActions MetricName
    Metrics Namespace OKActions Period Statistic Threshold ThresholdMetricId TreatMissingData Unit"""
)


def _create_alarm(context: Context, properties: Properties) -> Made:
    name = properties.get("AlarmName") or context.name(255)
    settings = {key: value for key, value in properties.items() if key in _SETTINGS}
    context.send("cloudwatch", "PutMetricAlarm", AlarmName=name, Tags=context.tags(properties), **settings)
    return Made(name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")})


def _update_alarm(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    # PutMetricAlarm on an existing alarm overwrites it whole; tags are ignored then (API reference).
    settings = {key: value for key, value in new.items() if key in _SETTINGS}
    context.send("cloudwatch", "PutMetricAlarm", AlarmName=made.physical_id, **settings)
    return made


def _delete_alarm(context: Context, made: Made, _: Properties) -> None:
    context.client("cloudwatch").delete_alarms(AlarmNames=[made.physical_id])


def _create_dashboard(context: Context, properties: Properties) -> Made:
    name = properties.get("DashboardName") or context.name(255)
    context.send("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=properties["DashboardBody"])
    return Made(name)


def _update_dashboard(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    context.send(
        "cloudwatch", "PutDashboard", DashboardName=made.physical_id, DashboardBody=new["DashboardBody"]
    )
    return made


def _delete_dashboard(context: Context, made: Made, _: Properties) -> None:
    context.client("cloudwatch").delete_dashboards(DashboardNames=[made.physical_id])


KINDS = (
    Kind(
        "AWS::CloudWatch::Alarm",
        _SETTINGS | {"AlarmName", "Tags"},
        _create_alarm,
        _delete_alarm,
        update=_update_alarm,
        updatable=_SETTINGS,
        attributes=names("Arn"),
    ),
    Kind(
        "AWS::CloudWatch::Dashboard",
        names("DashboardBody DashboardName"),
        _create_dashboard,
        _delete_dashboard,
        update=_update_dashboard,
        updatable=names("DashboardBody"),
    ),
)
