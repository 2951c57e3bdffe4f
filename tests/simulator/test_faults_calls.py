"""Faults of API calls, of queues and of EC2's reads."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from werkzeug.test import Client

from simulator import faults, iam
from simulator.call import AwsError, Caller
from simulator.cloud import Cloud
from simulator.faults import calls
from tests.simulator.edge_account import EdgeAccount, Refusal
from tests.simulator.lambda_cloud import ROLE, lambda_cloud
from tests.simulator.test_gateway import scope


def error(service: str, operation: str, code: str, **changes: Any) -> dict[str, Any]:
    given = {"kind": "error", "service": service, "operation": operation, "errorCode": code}
    return {**given, **({"nth": 1} if not {"every", "share", "nth"} & set(changes) else {}), **changes}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with lambda_cloud() as cloud:
        cloud.wrap(cloud.audit.layer())
        cloud.wrap(calls.layer(cloud))
        cloud.wrap(iam.layer(cloud))
        cloud.install(faults.operations(cloud))
        yield cloud
        client = cloud.client("sqs")
        for url in client.list_queues().get("QueueUrls", []):
            client.delete_queue(QueueUrl=url)


def struck(cloud: Cloud) -> list[int]:
    return [each["struck"] for each in cloud.faults.report()]


def test_ec2_throttles_in_its_own_shape(cloud: Cloud) -> None:
    cloud.faults.add([error("ec2", "DescribeVpcs", "RequestLimitExceeded")])
    body = {"Action": "DescribeVpcs", "Version": "2016-11-15"}
    refused = Client(cloud.gateway).post("/", headers=scope("ec2"), data=body)
    assert refused.status_code == 503
    assert "<Errors><Error><Code>RequestLimitExceeded</Code>" in refused.text
    assert Client(cloud.gateway).post("/", headers=scope("ec2"), data=body).status_code == 200
    assert struck(cloud) == [1]


def test_a_json_service_throttles_in_its_own_shape(cloud: Cloud) -> None:
    cloud.faults.add([error("ssm", "DescribeParameters", "ThrottlingException")])
    with pytest.raises(ClientError) as refused:
        cloud.client("ssm").describe_parameters()
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    cloud.client("ssm").describe_parameters()
    assert [entry.error for entry in cloud.audit.entries[-2:]] == ["ThrottlingException", None]


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_the_effect_of_a_failed_call_is_there_or_not(cloud: Cloud, when: str, made: int) -> None:
    sns = cloud.client("sns")
    cloud.faults.add([error("sns", "CreateTopic", "InternalError", when=when, every=1)])
    with Refusal("InternalError"):
        sns.create_topic(Name="one")
    cloud.faults.clear()
    found = [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
    assert len(found) == made
    for arn in found:
        sns.delete_topic(TopicArn=arn)


def test_an_object_can_be_stored_though_its_answer_is_an_error(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    cloud.faults.add([error("s3", "PutObject", "InternalError", when="after", every=1)])
    with Refusal("InternalError"):
        s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    cloud.faults.clear()
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"x"
    s3.delete_object(Bucket="bucket", Key="k")
    s3.delete_bucket(Bucket="bucket")


def test_a_refused_call_is_no_match_for_a_fault_after_the_effect(cloud: Cloud) -> None:
    cloud.faults.add([error("sqs", "GetQueueUrl", "InternalFailure", when="after")])
    with pytest.raises(ClientError, match="NonExistentQueue"):
        cloud.client("sqs").get_queue_url(QueueName="none")
    assert cloud.faults.report()[0]["matched"] == 0


def test_throttling_comes_before_authorisation_and_only_to_the_caller_named(cloud: Cloud) -> None:
    cloud.faults.add([error("ec2", "DescribeVpcs", "RequestLimitExceeded", every=1, caller="function/f")])
    f, g = (Caller(f"arn:aws:sts::123456789012:assumed-role/function/{name}", ROLE) for name in "fg")
    with pytest.raises(AwsError, match="RequestLimitExceeded"):
        cloud.call("ec2", "DescribeVpcs", f)
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        cloud.call("ec2", "DescribeVpcs", g)
    assert struck(cloud) == [1]


def test_a_delayed_call_takes_so_much_virtual_time(cloud: Cloud) -> None:
    rule = {"kind": "delay", "service": "sqs", "operation": "ListQueues", "seconds": 40, "nth": 2}
    cloud.faults.add([rule])
    times = []
    for _ in range(3):
        before = cloud.clock.time()
        cloud.client("sqs").list_queues()
        times.append(cloud.clock.time() - before)
    assert times == [0, 40, 0]


def receive(cloud: Cloud, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    )
    return found


@pytest.mark.parametrize("batch", [False, True])
def test_a_deleted_message_comes_again_after_its_visibility_timeout(cloud: Cloud, batch: bool) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="app-LniQueue", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    cloud.faults.add([{"kind": "messageDuplicate", "queue": "LniQueue", "nth": 1}])
    for body in ("one", "two"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    messages = receive(cloud, url)
    entries = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
    if batch:
        answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        assert {each["Id"] for each in answer["Successful"]} == {"one", "two"}
    else:
        for entry in entries:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=entry["ReceiptHandle"])
    assert receive(cloud, url) == []
    cloud.clock.sleep(61)
    (again,) = receive(cloud, url)
    assert (again["Body"], again["MessageId"]) == (messages[0]["Body"], messages[0]["MessageId"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    cloud.clock.sleep(61)
    assert receive(cloud, url) == []


def test_a_fifo_queue_delivers_once(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="q.fifo", Attributes=fifo)["QueueUrl"]
    cloud.faults.add([{"kind": "messageDuplicate", "queue": "q", "every": 1}])
    sqs.send_message(QueueUrl=url, MessageBody="one", MessageGroupId="g")
    (message,) = receive(cloud, url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    cloud.clock.sleep(100)
    assert receive(cloud, url) == []
    assert struck(cloud) == [0]


def test_subnets_show_an_old_index_while_reads_lag() -> None:
    account = EdgeAccount()
    subnet = account.subnet()

    def shown() -> int | None:
        (found,) = account.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
        index: int | None = found.get("EnableLniAtDeviceIndex")
        return index

    account.cloud.faults.add([{"kind": "readLag", "seconds": 100, "every": 1}])
    account.ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=1)
    account.wait(50)
    account.ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=2)
    account.wait(45)
    assert shown() is None
    account.wait(15)
    assert shown() == 1  # the first write, though the second is long done
    account.cloud.faults.clear()
    account.ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=3)
    account.wait(10)
    assert shown() == 3
    account.wait(100)
    assert shown() == 3  # the second write is older, and never shown any more
