"""AWS::DynamoDB::Table, made through the API, and conditional writes as the ledger uses them."""

import pytest
from botocore.exceptions import ClientError

from simulator.cloud import Cloud
from simulator.deploy.resources import KINDS
from simulator.deploy.resources.kind import Context

PROPERTIES = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "clusterName", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "clusterName", "KeyType": "HASH"}],
    "SSESpecification": {"SSEEnabled": True},
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
}


def test_a_table_is_made_as_its_properties_say_and_deleted() -> None:
    cloud, kind = Cloud(), KINDS["AWS::DynamoDB::Table"]
    context = Context(cloud, "app", "arn:stack/1", "Table", {})
    made = kind.create(context, PROPERTIES)
    assert kind.complete
    kind.complete(context, made, PROPERTIES)
    client = cloud.client("dynamodb")
    table = client.describe_table(TableName=made.physical_id)["Table"]
    assert table["TableArn"] == made.attributes["Arn"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    backups = client.describe_continuous_backups(TableName=made.physical_id)
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    kind.delete(context, made, PROPERTIES)
    assert client.list_tables()["TableNames"] == []


def test_a_conditional_write_is_refused_by_name() -> None:
    cloud = Cloud()
    context = Context(cloud, "app", "arn:stack/1", "Table", {})
    name = KINDS["AWS::DynamoDB::Table"].create(context, PROPERTIES).physical_id
    client = cloud.client("dynamodb")

    def take(who: str) -> None:
        client.update_item(
            TableName=name,
            Key={"clusterName": {"S": "edge-1"}},
            UpdateExpression="SET lease = :lease",
            ConditionExpression="attribute_not_exists(lease) OR lease.execution = :who",
            ExpressionAttributeValues={":lease": {"M": {"execution": {"S": who}}}, ":who": {"S": who}},
        )

    take("one")
    take("one")
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        take("two")
