"""AWS::DynamoDB::Table."""

from typing import Any

from simulator.call import NotModelled
from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names


def _create(context: Context, properties: Properties) -> Made:
    name = properties.get("TableName") or context.name(255)
    answer = context.send(
        "dynamodb",
        "CreateTable",
        TableName=name,
        AttributeDefinitions=properties["AttributeDefinitions"],
        KeySchema=properties["KeySchema"],
        BillingMode=properties.get("BillingMode"),
        SSESpecification=_encryption(properties),
        Tags=context.tags(properties),
    )
    return Made(name, {"Arn": answer["TableDescription"]["TableArn"]})


def _encryption(properties: Properties) -> dict[str, Any] | None:
    """The API says Enabled where CloudFormation says SSEEnabled; the rest has the same names."""
    given = properties.get("SSESpecification")
    if given is None:
        return None
    return {"Enabled" if name == "SSEEnabled" else name: value for name, value in given.items()}


def _complete(context: Context, made: Made, properties: Properties) -> None:
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery is not None:
        context.send(
            "dynamodb",
            "UpdateContinuousBackups",
            TableName=made.physical_id,
            PointInTimeRecoverySpecification=recovery,
        )


def _update(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    if "PointInTimeRecoverySpecification" not in new:
        raise NotModelled("taking PointInTimeRecoverySpecification away from an AWS::DynamoDB::Table")
    _complete(context, made, new)
    return made


def _delete(context: Context, made: Made, _: Properties) -> None:
    context.client("dynamodb").delete_table(TableName=made.physical_id)


KINDS = (
    Kind(
        "AWS::DynamoDB::Table",
        names(
            "AttributeDefinitions BillingMode KeySchema PointInTimeRecoverySpecification SSESpecification "
            "TableName Tags"
        ),
        _create,
        _delete,
        _complete,
        _update,
        updatable=names("PointInTimeRecoverySpecification"),
        attributes=names("Arn"),
    ),
)
