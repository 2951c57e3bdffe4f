"""AWS::Logs::LogGroup."""

from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names


def _create(context: Context, properties: Properties) -> Made:
    name = properties.get("LogGroupName") or context.name(512)
    context.send(
        "logs",
        "CreateLogGroup",
        logGroupName=name,
        kmsKeyId=properties.get("KmsKeyId"),
        logGroupClass=properties.get("LogGroupClass"),
        tags=context.tag_map(properties),
    )
    return Made(name, {"Arn": f"{context.arn('logs', f'log-group:{name}')}:*"})


def _complete(context: Context, made: Made, properties: Properties) -> None:
    if "RetentionInDays" in properties:
        _update(context, made, {}, properties)


def _update(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    logs = context.client("logs")
    if "RetentionInDays" in new:
        logs.put_retention_policy(logGroupName=made.physical_id, retentionInDays=new["RetentionInDays"])
    else:
        logs.delete_retention_policy(logGroupName=made.physical_id)
    return made


def _delete(context: Context, made: Made, _: Properties) -> None:
    context.client("logs").delete_log_group(logGroupName=made.physical_id)


KINDS = (
    Kind(
        "AWS::Logs::LogGroup",
        names("KmsKeyId LogGroupClass LogGroupName RetentionInDays Tags"),
        _create,
        _delete,
        _complete,
        _update,
        updatable=names("RetentionInDays"),
        attributes=names("Arn"),
    ),
)
