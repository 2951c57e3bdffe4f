"""The endpoint: everything passes the service models, and nothing unknown passes at all."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from werkzeug.test import Client

from simulator.call import AwsError, Call, NotModelled, Proceed
from simulator.cloud import Cloud

_NOTHING: dict[str, Any] = {}


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(seed=1)


def scope(service: str, region: str = "us-west-2") -> dict[str, str]:
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=KEY/20261123/{region}/{service}/aws4_request, x"}


def ask(cloud: Cloud, service: str, **request: Any) -> Any:
    return Client(cloud.gateway).post("/", headers=scope(service) | request.pop("headers", {}), **request)


def test_moto_answers_what_no_layer_takes(cloud: Cloud) -> None:
    vpc = cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert cloud.client("ec2").describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["CidrBlock"] == "10.0.0.0/16"


def test_a_later_operation_wraps_an_earlier_one(cloud: Cloud) -> None:
    def add(word: str) -> Any:
        def operation(call: Call, proceed: Proceed) -> dict[str, Any]:
            answer = proceed(call)
            return {"QueueUrls": [*answer.get("QueueUrls", []), word]}

        return operation

    cloud.install({"sqs.ListQueues": add("inner")})
    cloud.install({"sqs.ListQueues": add("outer")})
    assert cloud.client("sqs").list_queues()["QueueUrls"] == ["inner", "outer"]


def test_an_answer_that_the_service_model_does_not_know_is_an_error(cloud: Cloud) -> None:
    cloud.install({"sqs.ListQueues": lambda *_: {"Queues": []}})
    with pytest.raises(ClientError, match="Queues"):
        cloud.client("sqs").list_queues()


def test_a_request_that_the_service_model_does_not_know_is_refused(cloud: Cloud) -> None:
    target = {"X-Amz-Target": "AmazonSQS.GetQueueUrl", "Content-Type": "application/x-amz-json-1.0"}
    answer = ask(cloud, "sqs", headers=target, data=json.dumps({"QueueName": 7}))
    assert answer.status_code == 400
    assert "QueueName" in answer.text


@pytest.mark.parametrize("service", ["braket", "dynamodb"])
def test_a_service_that_is_not_modelled_is_refused(cloud: Cloud, service: str) -> None:
    answer = ask(cloud, service)
    assert answer.status_code == 501
    assert "NotModelledBySimulator" in answer.text


def test_an_unsigned_request_is_refused(cloud: Cloud) -> None:
    assert Client(cloud.gateway).get("/").status_code == 403


def test_most_services_are_refused_in_another_region(cloud: Cloud) -> None:
    body = {"Action": "DescribeAutoScalingGroups", "Version": "2011-01-01"}
    answer = Client(cloud.gateway).post("/", headers=scope("autoscaling", "eu-west-1"), data=body)
    assert answer.status_code == 501
    assert "autoscaling in account 123456789012 and eu-west-1" in answer.text


def test_a_refusal_has_the_status_of_its_error_in_the_model(cloud: Cloud) -> None:
    def refuse(*_: Any) -> dict[str, Any]:
        raise AwsError("ResourceNotFoundException", "No cluster found for name: x.")

    cloud.install({"eks.DescribeCluster": refuse})
    with pytest.raises(ClientError) as refused:
        cloud.client("eks").describe_cluster(name="x")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_what_a_layer_does_not_model_is_told_as_such(cloud: Cloud) -> None:
    def refuse(*_: Any) -> dict[str, Any]:
        raise NotModelled("this")

    cloud.install({"sqs.ListQueues": refuse})
    with pytest.raises(ClientError, match=r"NotModelledBySimulator.*does not model this"):
        cloud.client("sqs").list_queues()


def test_a_broken_layer_is_a_loud_500(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    cloud.install({"sqs.ListQueues": lambda *_: _NOTHING["missing"]})
    with pytest.raises(ClientError, match="InternalFailure"):
        cloud.client("sqs").list_queues()
    assert "sqs.ListQueues broke the simulator" in caplog.text


def test_after_a_timer_broke_nothing_goes_on(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise ValueError("broken on purpose")

    cloud.clock.call_later(1, broken)
    cloud.clock.sleep(2)
    with pytest.raises(ClientError, match=r"broke before.*broken on purpose"):
        cloud.client("sqs").list_queues()
    assert "a timer's action failed" in caplog.text


def test_objects_pass_as_they_came(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    content = bytes(range(256)) * 100
    s3.put_object(Bucket="bucket", Key="a folder/ä?.bin", Body=content)
    assert s3.get_object(Bucket="bucket", Key="a folder/ä?.bin")["Body"].read() == content


def test_a_refused_object_is_seen_as_a_refusal_by_the_layers(cloud: Cloud) -> None:
    cloud.wrap(cloud.audit.layer())
    with pytest.raises(ClientError, match="NoSuchBucket"):
        cloud.client("s3").get_object(Bucket="nowhere", Key="x")
    assert cloud.audit.entries[-1].error == "NoSuchBucket"


def test_iam_policies_keep_their_form_on_the_wire(cloud: Cloud) -> None:
    document = {"Version": "2012-10-17", "Statement": []}
    made = cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(document))[
        "Role"
    ]
    assert made["AssumeRolePolicyDocument"] == document
