"""AWS::Events::Rule."""

import json

from simulator.call import AwsError
from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names

_SETTINGS = names("Description EventPattern RoleArn ScheduleExpression State Targets")


def _create(context: Context, properties: Properties) -> Made:
    name = properties.get("Name") or context.name(64)
    return Made(name, {"Arn": _put_rule(context, name, properties, tags=context.tags(properties))})


def _complete(context: Context, made: Made, properties: Properties) -> None:
    _put_targets(context, made.physical_id, properties)


def _put_rule(context: Context, name: str, properties: Properties, tags: list[dict[str, str]] | None) -> str:
    pattern = properties.get("EventPattern")
    arn: str = context.send(
        "events",
        "PutRule",
        Name=name,
        EventBusName=properties.get("EventBusName"),
        Description=properties.get("Description"),
        EventPattern=json.dumps(pattern) if isinstance(pattern, dict) else pattern,
        ScheduleExpression=properties.get("ScheduleExpression"),
        State=properties.get("State"),
        RoleArn=properties.get("RoleArn"),
        Tags=tags,
    )["RuleArn"]
    return arn


def _put_targets(context: Context, name: str, properties: Properties) -> None:
    if not properties.get("Targets"):
        return
    answer = context.send(
        "events",
        "PutTargets",
        Rule=name,
        EventBusName=properties.get("EventBusName"),
        Targets=properties["Targets"],
    )
    _refuse_failures(answer)


def _remove_targets(context: Context, name: str, properties: Properties, keep: frozenset[str]) -> None:
    ids = [target["Id"] for target in properties.get("Targets", []) if target["Id"] not in keep]
    if not ids:
        return
    answer = context.send(
        "events", "RemoveTargets", Rule=name, EventBusName=properties.get("EventBusName"), Ids=ids
    )
    _refuse_failures(answer)


def _refuse_failures(answer: dict[str, object]) -> None:
    """PutTargets and RemoveTargets answer 200 with FailedEntries (EventBridge API reference)."""
    if answer.get("FailedEntryCount"):
        raise AwsError("GeneralServiceException", f"EventBridge refused targets: {answer['FailedEntries']}")


def _update(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    kept = frozenset(target["Id"] for target in new.get("Targets", []))
    _put_rule(context, made.physical_id, new, tags=None)
    _remove_targets(context, made.physical_id, old, keep=kept)
    _put_targets(context, made.physical_id, new)
    return made


def _delete(context: Context, made: Made, properties: Properties) -> None:
    _remove_targets(context, made.physical_id, properties, keep=frozenset())
    context.send("events", "DeleteRule", Name=made.physical_id, EventBusName=properties.get("EventBusName"))


KINDS = (
    Kind(
        "AWS::Events::Rule",
        _SETTINGS | {"EventBusName", "Name", "Tags"},
        _create,
        _delete,
        _complete,
        _update,
        updatable=_SETTINGS,
        attributes=names("Arn"),
    ),
)
