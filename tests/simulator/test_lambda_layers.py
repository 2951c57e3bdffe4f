"""Lambda layers: published, laid under a function's own code, limited, kept by whoever has them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.awslambda import code as code_module
from simulator.awslambda import layers as layers_module
from simulator.cloud import Cloud
from tests.simulator.deploy_account import ARTIFACTS, Account
from tests.simulator.lambda_cloud import create, lambda_cloud, package

LAYER = "arn:aws:lambda:us-west-2:123456789012:layer"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        yield cloud


def publish(cloud: Cloud, name: str, **files: str) -> str:
    """The version's ARN; files: path below python/ with ``__`` for ``/`` -> source."""
    named = {f"python/{path.replace('__', '/')}": source for path, source in files.items()}
    content = {"ZipFile": package(**named)}
    answer = cloud.client("lambda").publish_layer_version(LayerName=name, Content=content)
    return str(answer["LayerVersionArn"])


def refusal(action: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as refused:
        action(**params)
    error = refused.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_modules_are_found_in_the_code_then_in_the_layers_then_in_the_runtime(cloud: Cloud) -> None:
    first = publish(
        cloud, "first", own="WHO = 'first'", s3transfer="WHO = 'layer'", app="raise SystemExit('layer')"
    )
    second = publish(cloud, "second", own="WHO = 'second'", lib__python3_13="")
    create(
        cloud,
        """
        import os, sys, own, s3transfer
        def handler(event, context):
            return [own.WHO, s3transfer.WHO, [p.rpartition("/opt-")[2] for p in os.environ["PYTHONPATH"].split(":")]]
        """,
        Layers=[first, second],
    )
    told = json.loads(cloud.functions.invoke("f", b"{}").payload)

    assert told[:2] == ["second", "layer"]
    assert [path.partition("/")[2] for path in told[2]] == ["python/lib/python3.13/site-packages", "python"]


def test_a_function_without_layers_sees_none(cloud: Cloud) -> None:
    publish(cloud, "first", own="")
    create(cloud, "def handler(event, context): import own")
    assert b"No module named 'own'" in cloud.functions.invoke("f", b"{}").payload


def test_versions_count_up_and_a_deleted_one_stays_with_its_functions(cloud: Cloud) -> None:
    client = cloud.client("lambda")
    first, second = publish(cloud, "shared", own="WHO = 1"), publish(cloud, "shared", own="WHO = 2")
    assert (first, second) == (f"{LAYER}:shared:1", f"{LAYER}:shared:2")
    made = create(cloud, "import own\ndef handler(event, context): return own.WHO", Layers=[first])
    assert [layer["Arn"] for layer in made["Layers"]] == [first]

    client.delete_layer_version(LayerName="shared", VersionNumber=1)

    assert [v["Version"] for v in client.list_layer_versions(LayerName="shared")["LayerVersions"]] == [2]
    assert refusal(client.get_layer_version, LayerName="shared", VersionNumber=1).startswith(
        "ResourceNotFound"
    )
    client.update_function_configuration(FunctionName="f", Timeout=9, Layers=[first])
    assert json.loads(cloud.functions.invoke("f", b"{}").payload) == 1
    client.update_function_configuration(FunctionName="f", Layers=[second])
    assert json.loads(cloud.functions.invoke("f", b"{}").payload) == 2
    assert f"{first} does not exist" in refusal(
        client.update_function_configuration, FunctionName="f", Layers=[first]
    )
    assert client.get_layer_version_by_arn(Arn=second)["Content"]["CodeSize"] > 0


def test_code_and_layers_share_one_limit(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = publish(cloud, "big", own="#" * 600)
    for module in (code_module, layers_module):
        monkeypatch.setattr(module, "UNZIPPED_LIMIT", 1000)
    source = "def handler(event, context): return 1 #" + "#" * 500

    told = refusal(lambda: create(cloud, source, Layers=[layer]))
    assert told.startswith(
        "InvalidParameterValueException: Function code combined with layers exceeds the maximum allowed size of 1000"
    )
    create(cloud, source)
    assert "combined with layers" in refusal(
        cloud.client("lambda").update_function_configuration, FunctionName="f", Layers=[layer]
    )
    assert "Unzipped size" in refusal(lambda: publish(cloud, "too-big", own="#" * 1001))


def test_what_a_function_may_not_name(cloud: Cloud) -> None:
    layers = [publish(cloud, f"l{n}", own="") for n in range(6)]
    again = publish(cloud, "l0", own="")

    def made(**settings: Any) -> str:
        return refusal(lambda: create(cloud, "def handler(event, context): 1", **settings))

    assert "more than 5 layers" in made(Layers=layers)
    assert "Two different versions of the same layer" in made(Layers=[layers[0], again])
    assert "does not exist" in made(Layers=[f"{LAYER}:none:1"])
    assert "ValidationException" in made(Layers=["l0"])
    other = f"{LAYER}:l0:1".replace("123456789012", "123456789012"[::-1])
    assert "other accounts" in made(Layers=[other])
    assert "PYTHONPATH" in made(Layers=layers[:1], Environment={"Variables": {"PYTHONPATH": "/x"}})
    content = {"ZipFile": package(**{"bin/tool": ""})}
    assert "bin in a Lambda layer" in refusal(
        cloud.client("lambda").publish_layer_version, LayerName="tools", Content=content
    )


def test_a_layer_of_a_template_reaches_its_function() -> None:
    account = Account()
    account.put("layer.zip", package(**{"python/own": "WHO = 'layer'"}))
    account.put("user.zip", package(app="import own\ndef handler(event, context): return own.WHO"))
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Shared": {
                "Type": "AWS::Serverless::LayerVersion",
                "Properties": {
                    "ContentUri": f"s3://{ARTIFACTS}/layer.zip",
                    "CompatibleRuntimes": ["python3.13"],
                    "RetentionPolicy": "Delete",
                },
            },
            "User": {
                "Type": "AWS::Serverless::Function",
                "Properties": {
                    "CodeUri": f"s3://{ARTIFACTS}/user.zip",
                    "Handler": "app.handler",
                    "Runtime": "python3.13",
                    "FunctionName": "user",
                    "Layers": [{"Ref": "Shared"}],
                },
            },
        },
    }
    account.deploy(template)
    try:
        assert json.loads(account.cloud.functions.invoke("user", b"{}").payload) == "layer"
        client = account.cloud.client("lambda")
        assert len(client.list_layer_versions(LayerName="Shared")["LayerVersions"]) == 1
        account.cloudformation.delete_stack(StackName="app")
        account.cloudformation.get_waiter("stack_delete_complete").wait(StackName="app")
        assert client.list_layer_versions(LayerName="Shared")["LayerVersions"] == []
    finally:
        account.cloud.functions.close()
