"""AWS::Lambda::Function, LayerVersion, EventSourceMapping and Permission."""

from typing import Any

from simulator.call import AwsError
from simulator.deploy.names import uuid_of
from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names

# Properties that CreateFunction and UpdateFunctionConfiguration take under the same name (botocore's model).
_CONFIGURATION = names(
    """DeadLetterConfig Description Environment EphemeralStorage FileSystemConfigs Handler ImageConfig
    Layers LoggingConfig MemorySize Role Runtime SnapStart Timeout TracingConfig VpcConfig"""
)
# Lambda's defaults, which an update that takes the property away goes back to (API reference).
_DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Environment": {"Variables": {}},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}
_CODE = names("Architectures Code")


def _configuration(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name in _CONFIGURATION}


def _create_function(context: Context, properties: Properties) -> Made:
    name = properties.get("FunctionName") or context.name(64)
    answer = context.send(
        "lambda",
        "CreateFunction",
        FunctionName=name,
        Code=properties["Code"],
        Architectures=properties.get("Architectures"),
        PackageType=properties.get("PackageType"),
        Tags=context.tag_map(properties),
        **_configuration(properties),
    )
    return Made(name, {"Arn": answer["FunctionArn"]})


def _complete_function(context: Context, made: Made, properties: Properties) -> None:
    _await_settled(context, made)
    _set_concurrency(context, made, {}, properties)


def _await_settled(context: Context, made: Made) -> None:
    """A function is Pending, or its last update InProgress, for a while (Lambda guide, "Function states")."""
    client = context.client("lambda")
    while True:
        found = client.get_function_configuration(FunctionName=made.physical_id)
        if found.get("State") == "Failed" or found.get("LastUpdateStatus") == "Failed":
            raise AwsError("NotStabilized", found.get("StateReason") or found.get("LastUpdateStatusReason"))
        if found.get("State") != "Pending" and found.get("LastUpdateStatus") != "InProgress":
            return
        context.cloud.clock.sleep(1)


def _set_concurrency(context: Context, made: Made, old: Properties, new: Properties) -> None:
    key, client = "ReservedConcurrentExecutions", context.client("lambda")
    if old.get(key) == new.get(key):
        return
    if key in new:
        client.put_function_concurrency(FunctionName=made.physical_id, ReservedConcurrentExecutions=new[key])
    else:
        client.delete_function_concurrency(FunctionName=made.physical_id)


def _update_function(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    before, after = _configuration(old), _configuration(new)
    if before != after:
        # CloudFormation sets what was taken away back to Lambda's default.
        cleared = {name: _DEFAULTS[name] for name in before.keys() - after.keys()}
        context.send(
            "lambda", "UpdateFunctionConfiguration", FunctionName=made.physical_id, **after, **cleared
        )
        _await_settled(context, made)
    if any(old.get(name) != new.get(name) for name in _CODE):
        context.send(
            "lambda",
            "UpdateFunctionCode",
            FunctionName=made.physical_id,
            Architectures=new.get("Architectures"),
            **new["Code"],
        )
        _await_settled(context, made)
    _set_concurrency(context, made, old, new)
    return made


def _delete_function(context: Context, made: Made, _: Properties) -> None:
    context.client("lambda").delete_function(FunctionName=made.physical_id)


def _publish_layer(context: Context, properties: Properties) -> Made:
    named = {"LayerName": context.name(64), **properties}
    arn = context.send("lambda", "PublishLayerVersion", **named)["LayerVersionArn"]
    return Made(arn, {"LayerVersionArn": arn})


def _delete_layer(context: Context, made: Made, _: Properties) -> None:
    layer, version = made.physical_id.rsplit(":", 1)
    context.client("lambda").delete_layer_version(LayerName=layer, VersionNumber=int(version))


# Properties that Create- and UpdateEventSourceMapping both take under the same name.
_MAPPING = names(
    """BatchSize BisectBatchOnFunctionError DestinationConfig Enabled FilterCriteria FunctionName
    FunctionResponseTypes MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts
    MetricsConfig ParallelizationFactor ScalingConfig TumblingWindowInSeconds"""
)


def _create_mapping(context: Context, properties: Properties) -> Made:
    given = {name: value for name, value in properties.items() if name != "Tags"}
    answer = context.send("lambda", "CreateEventSourceMapping", Tags=context.tag_map(properties), **given)
    arn = context.arn("lambda", f"event-source-mapping:{answer['UUID']}")
    return Made(answer["UUID"], {"Id": answer["UUID"], "EventSourceMappingArn": arn})


def _update_mapping(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    # Taken away again: an empty list or structure clears it (API reference); scalars have no such value.
    cleared = {
        name: type(old[name])() for name in old.keys() - new.keys() if isinstance(old[name], list | dict)
    }
    unclearable = sorted(old.keys() - new.keys() - cleared.keys())
    if unclearable:
        raise AwsError(
            "InvalidRequest", f"{unclearable[0]} of AWS::Lambda::EventSourceMapping cannot be taken away"
        )
    context.send("lambda", "UpdateEventSourceMapping", UUID=made.physical_id, **cleared, **_mapping(new))
    return made


def _mapping(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name in _MAPPING}


def _delete_mapping(context: Context, made: Made, _: Properties) -> None:
    context.client("lambda").delete_event_source_mapping(UUID=made.physical_id)


def _add_permission(context: Context, properties: Properties) -> Made:
    statement = f"{context.stack_name}-{context.logical_id}-{uuid_of(context.stack_id)[:12]}"
    context.send("lambda", "AddPermission", StatementId=statement, **properties)
    return Made(statement, {"Id": statement})


def _remove_permission(context: Context, made: Made, properties: Properties) -> None:
    context.client("lambda").remove_permission(
        FunctionName=properties["FunctionName"], StatementId=made.physical_id
    )


KINDS = (
    Kind(
        "AWS::Lambda::Function",
        _CONFIGURATION | _CODE | names("FunctionName PackageType ReservedConcurrentExecutions Tags"),
        _create_function,
        _delete_function,
        _complete_function,
        _update_function,
        updatable=_CONFIGURATION | _CODE | {"ReservedConcurrentExecutions"},
        attributes=names("Arn"),
    ),
    Kind(
        "AWS::Lambda::LayerVersion",
        names("CompatibleArchitectures CompatibleRuntimes Content Description LayerName LicenseInfo"),
        _publish_layer,
        _delete_layer,
        attributes=names("LayerVersionArn"),
    ),
    Kind(
        "AWS::Lambda::EventSourceMapping",
        _MAPPING | names("EventSourceArn StartingPosition Tags"),
        _create_mapping,
        _delete_mapping,
        update=_update_mapping,
        updatable=_MAPPING,
        attributes=names("EventSourceMappingArn Id"),
    ),
    Kind(
        "AWS::Lambda::Permission",
        names(
            """Action EventSourceToken FunctionName FunctionUrlAuthType Principal PrincipalOrgID SourceAccount
            SourceArn"""
        ),
        _add_permission,
        _remove_permission,
        attributes=names("Id"),
    ),
)
