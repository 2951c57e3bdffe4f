"""The functions' API, with boto3 as the client. No process is started here."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.cloud import Cloud
from tests.simulator.lambda_cloud import ROLE, create, lambda_cloud, package

SOURCE = "def handler(event, context): return 1"
ARN = "arn:aws:lambda:us-west-2:123456789012:function:f"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        yield cloud


def refusal(action: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as refused:
        action(**params)
    error = refused.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_create_and_look_up_by_name_and_arn(cloud: Cloud) -> None:
    code = package(app=SOURCE)
    made = create(cloud, SOURCE, Description="adds", Tags={"a": "b"}, TracingConfig={"Mode": "Active"})
    client = cloud.client("lambda")

    assert made["FunctionArn"] == ARN
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert made["CodeSize"] == len(code)
    assert (made["Timeout"], made["MemorySize"]) == (3, 128)
    assert (made["State"], made["LastUpdateStatus"]) == ("Active", "Successful")
    assert made["LastModified"] == "2026-11-23T09:00:00.000+0000"
    assert made["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"}
    for reference in ("f", ARN, f"{ARN}:$LATEST", "123456789012:function:f"):
        found = client.get_function(FunctionName=reference)
        assert found["Configuration"]["RevisionId"] == made["RevisionId"]
        assert found["Tags"] == {"a": "b"}
    assert [one["FunctionName"] for one in client.list_functions()["Functions"]] == ["f"]


def test_code_comes_from_s3(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="artefacts", Key="built.zip", Body=package(app=SOURCE))
    client = cloud.client("lambda")
    given = {"FunctionName": "f", "Runtime": "python3.13", "Handler": "app.handler", "Role": ROLE}

    made = client.create_function(**given, Code={"S3Bucket": "artefacts", "S3Key": "built.zip"})
    assert made["CodeSize"] == len(package(app=SOURCE))
    assert refusal(client.update_function_code, FunctionName="f", S3Bucket="artefacts", S3Key="none.zip") == (
        "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchKey. "
        "S3 Error Message: The specified key does not exist."
    )


def test_update_changes_revision_and_guards_it(cloud: Cloud) -> None:
    made = create(cloud, SOURCE)
    client = cloud.client("lambda")

    code = client.update_function_code(FunctionName="f", ZipFile=package(app=SOURCE + "0"))
    settings = client.update_function_configuration(
        FunctionName="f",
        MemorySize=512,
        Environment={"Variables": {"AN": "entry"}},
        RevisionId=code["RevisionId"],
    )

    assert code["CodeSha256"] != made["CodeSha256"]
    assert settings["MemorySize"] == 512
    assert settings["Environment"] == {"Variables": {"AN": "entry"}}
    assert settings["CodeSha256"] == code["CodeSha256"]
    assert len({one["RevisionId"] for one in (made, code, settings)}) == 3
    stale = refusal(client.update_function_configuration, FunctionName="f", RevisionId=made["RevisionId"])
    assert stale.startswith("PreconditionFailedException")


def test_delete(cloud: Cloud) -> None:
    create(cloud, SOURCE)
    client = cloud.client("lambda")
    client.delete_function(FunctionName="f")

    gone = f"ResourceNotFoundException: Function not found: {ARN}"
    assert refusal(client.get_function, FunctionName="f") == gone
    assert refusal(client.delete_function, FunctionName="f") == gone


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"Timeout": 901}, "ValidationException"),
    ({"MemorySize": 10_241}, "ValidationException"),
    ({"EphemeralStorage": {"Size": 10_241}}, "ValidationException"),
    ({"Environment": {"Variables": {"AWS_REGION": "us-east-1"}}}, "InvalidParameterValueException"),
    ({"Environment": {"Variables": {"1A": "x"}}}, "ValidationException"),
    ({"Environment": {"Variables": {"LONG": "x" * 4096}}}, "InvalidParameterValueException"),
    ({"Role": "arn:aws:iam::123456789012:role/missing"}, "InvalidParameterValueException"),
    (
        {"LoggingConfig": {"LogFormat": "Text", "SystemLogLevel": "WARN"}},
        "InvalidParameterValueException",
    ),
    ({"Runtime": "python3.12"}, "NotModelledBySimulator"),
    ({"Layers": ["arn:aws:lambda:us-west-2:123456789012:layer:l:1"]}, "InvalidParameterValueException"),
    ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "InvalidParameterValueException"),
    ({"VpcConfig": {"Ipv6AllowedForDualStack": True}}, "NotModelledBySimulator"),
    ({"Publish": True}, "NotModelledBySimulator"),
    ({"KMSKeyArn": "arn:aws:kms:us-west-2:123456789012:key/k"}, "NotModelledBySimulator"),
]


def test_refused_settings(cloud: Cloud) -> None:
    for settings, code in REFUSED:
        refused = refusal(lambda **given: create(cloud, SOURCE, **given), **settings)
        assert refused.startswith(f"{code}:"), settings
    assert cloud.client("lambda").list_functions()["Functions"] == []


def test_refused_creations(cloud: Cloud) -> None:
    create(cloud, SOURCE)
    client = cloud.client("lambda")
    given = {"FunctionName": "g", "Runtime": "python3.13", "Handler": "app.handler", "Role": ROLE}

    assert refusal(lambda: create(cloud, SOURCE)) == "ResourceConflictException: Function already exist: f"
    broken = refusal(client.create_function, **given, Code={"ZipFile": b"no zip"})
    assert broken.startswith("InvalidParameterValueException: Could not unzip uploaded file.")
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.client("iam").create_role(RoleName="node", AssumeRolePolicyDocument=json.dumps(trust))
    untrusted = refusal(lambda: create(cloud, SOURCE, name="h", Role=ROLE.replace("function", "node")))
    assert untrusted.endswith("The role defined for the function cannot be assumed by Lambda.")


def test_what_is_not_modelled_never_reaches_moto(cloud: Cloud) -> None:
    create(cloud, SOURCE)
    client = cloud.client("lambda")

    for action, params in (
        (client.put_function_concurrency, {"FunctionName": "f", "ReservedConcurrentExecutions": 1}),
        (client.publish_layer_version, {"LayerName": "l", "Content": {"ZipFile": package(app=SOURCE)}}),
        (client.invoke, {"FunctionName": "f", "InvocationType": "DryRun"}),
        (client.get_function, {"FunctionName": "f", "Qualifier": "1"}),
    ):
        assert refusal(action, **params).startswith("NotModelledBySimulator")


def test_permissions_and_tags(cloud: Cloud) -> None:
    create(cloud, SOURCE)
    client = cloud.client("lambda")
    given = {
        "FunctionName": "f",
        "StatementId": "rule",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
    }
    rule = "arn:aws:events:us-west-2:123456789012:rule/r"

    added = json.loads(client.add_permission(**given, SourceArn=rule)["Statement"])
    assert added == {
        "Sid": "rule",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {"ArnLike": {"AWS:SourceArn": rule}},
    }
    assert json.loads(client.get_policy(FunctionName="f")["Policy"])["Statement"] == [added]
    assert refusal(client.add_permission, **given).startswith(
        "ResourceConflictException: The statement id (rule)"
    )
    client.remove_permission(FunctionName="f", StatementId="rule")
    assert refusal(client.get_policy, FunctionName="f").startswith("ResourceNotFoundException")

    client.tag_resource(Resource=ARN, Tags={"a": "1", "b": "2"})
    client.untag_resource(Resource=ARN, TagKeys=["a"])
    assert client.list_tags(Resource=ARN)["Tags"] == {"b": "2"}
