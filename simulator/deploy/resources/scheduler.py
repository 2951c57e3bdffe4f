"""AWS::Scheduler::Schedule."""

from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names

_SETTINGS = names("Description FlexibleTimeWindow ScheduleExpression ScheduleExpressionTimezone State Target")


def _create(context: Context, properties: Properties) -> Made:
    name = properties.get("Name") or context.name(64)
    answer = context.send("scheduler", "CreateSchedule", Name=name, **_settings(properties))
    return Made(name, {"Arn": answer["ScheduleArn"]})


def _update(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    # UpdateSchedule replaces every setting; what is not given returns to its default (API reference).
    context.send("scheduler", "UpdateSchedule", Name=made.physical_id, **_settings(new))
    return made


def _delete(context: Context, made: Made, _: Properties) -> None:
    context.client("scheduler").delete_schedule(Name=made.physical_id)


def _settings(properties: Properties) -> dict[str, object]:
    return {name: value for name, value in properties.items() if name in _SETTINGS}


KINDS = (
    Kind(
        "AWS::Scheduler::Schedule",
        _SETTINGS | {"Name"},
        _create,
        _delete,
        update=_update,
        updatable=_SETTINGS,
        attributes=names("Arn"),
    ),
)
