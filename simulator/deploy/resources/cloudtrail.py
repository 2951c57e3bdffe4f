"""AWS::CloudTrail::Trail."""

from typing import Any

from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names

# Properties that CreateTrail and UpdateTrail take, mostly under the same name.
_SETTINGS = names(
    """CloudWatchLogsLogGroupArn CloudWatchLogsRoleArn EnableLogFileValidation IncludeGlobalServiceEvents
    IsMultiRegionTrail IsOrganizationTrail KMSKeyId S3BucketName S3KeyPrefix SnsTopicName"""
)


def _settings(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name in _SETTINGS}


def _create(context: Context, properties: Properties) -> Made:
    name = properties.get("TrailName") or context.name(128)
    answer = context.send(
        "cloudtrail", "CreateTrail", Name=name, TagsList=context.tags(properties), **_settings(properties)
    )
    return Made(name, {"Arn": answer["TrailARN"]})


def _set_rest(context: Context, made: Made, properties: Properties) -> None:
    """What CreateTrail has no parameter for: event selectors, and whether it logs."""
    trail = context.client("cloudtrail")
    if "EventSelectors" in properties:
        context.send(
            "cloudtrail",
            "PutEventSelectors",
            TrailName=made.physical_id,
            EventSelectors=properties["EventSelectors"],
        )
    if properties["IsLogging"]:
        trail.start_logging(Name=made.physical_id)
    else:
        trail.stop_logging(Name=made.physical_id)


def _update(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    context.send("cloudtrail", "UpdateTrail", Name=made.physical_id, **_settings(new))
    _set_rest(context, made, new)
    return made


def _delete(context: Context, made: Made, _: Properties) -> None:
    context.client("cloudtrail").delete_trail(Name=made.physical_id)


KINDS = (
    Kind(
        "AWS::CloudTrail::Trail",
        _SETTINGS | {"EventSelectors", "IsLogging", "Tags", "TrailName"},
        _create,
        _delete,
        _set_rest,
        _update,
        updatable=_SETTINGS | {"EventSelectors", "IsLogging"},
        attributes=names("Arn"),
    ),
)
