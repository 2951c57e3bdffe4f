"""Topics tell the queues that let them in; what SNS would refuse is refused, what is not modelled too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator import iam, sns
from simulator.call import AwsError, Call, Caller, aws_service
from simulator.cloud import Cloud

QUEUE = "arn:aws:sqs:us-west-2:123456789012:inbox"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud(seed=7)
    made.wrap(iam.layer(made))
    made.install(iam.operations(made))
    made.install(sns.operations(made))
    url = made.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    yield made
    made.client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def topic(cloud: Cloud) -> str:
    arn: str = cloud.client("sns").create_topic(Name="notices")["TopicArn"]
    return arn


def subscribed(cloud: Cloud, topic: str, source: str) -> None:
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    url = cloud.client("sqs").get_queue_url(QueueName="inbox")["QueueUrl"]
    policy = json.dumps({"Statement": [statement]})
    cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def received(cloud: Cloud) -> list[Any]:
    url = cloud.client("sqs").get_queue_url(QueueName="inbox")["QueueUrl"]
    messages = cloud.client("sqs").receive_message(QueueUrl=url).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def test_a_subscribed_queue_gets_subject_and_message(cloud: Cloud, topic: str) -> None:
    subscribed(cloud, topic, topic)
    cloud.client("sns").publish(TopicArn=topic, Subject="One", Message="two")
    (body,) = received(cloud)
    assert (body["Type"], body["TopicArn"], body["Subject"], body["Message"]) == (
        "Notification",
        topic,
        "One",
        "two",
    )


def test_a_queue_that_does_not_let_the_topic_in_is_not_told_in_silence(cloud: Cloud, topic: str) -> None:
    subscribed(cloud, topic, f"{topic}-other")
    with pytest.raises(ClientError, match="does not let"):
        cloud.client("sns").publish(TopicArn=topic, Message="two")
    assert received(cloud) == []


@pytest.mark.parametrize("subject", ["x" * 100, "two\nlines", " begins blank", "Größe", "\tx"])
def test_a_subject_that_sns_refuses(cloud: Cloud, topic: str, subject: str) -> None:
    with pytest.raises(ClientError, match="InvalidParameter"):
        cloud.client("sns").publish(TopicArn=topic, Subject=subject, Message="two")


def test_the_longest_subject_and_a_message_counted_in_bytes(cloud: Cloud, topic: str) -> None:
    client = cloud.client("sns")
    client.publish(TopicArn=topic, Subject="x" * 99, Message="x" * 262_144)
    with pytest.raises(ClientError, match="Message too long"):
        client.publish(TopicArn=topic, Message="ä" * 131_073)


def test_a_role_publishes_only_if_it_may(cloud: Cloud, topic: str) -> None:
    client = cloud.client("iam")
    role = client.create_role(RoleName="teller", AssumeRolePolicyDocument='{"Statement": []}')["Role"]["Arn"]
    teller = Caller(arn="arn:aws:sts::123456789012:assumed-role/teller/one", role_arn=role)
    with pytest.raises(AwsError, match="not authorized to perform: sns:Publish"):
        cloud.call("sns", "Publish", teller, TopicArn=topic, Message="m")
    for resource, allowed in ((f"{topic}-other", False), (topic, True)):
        statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        client.put_role_policy(RoleName="teller", PolicyName="p", PolicyDocument=document)
        if allowed:
            assert cloud.call("sns", "Publish", teller, TopicArn=topic, Message="m")["MessageId"]
        else:
            with pytest.raises(AwsError, match="not authorized to perform: sns:Publish"):
                cloud.call("sns", "Publish", teller, TopicArn=topic, Message="m")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateTopic", {"Name": "t.fifo", "Attributes": {"FifoTopic": "true"}}),
        ("SetTopicAttributes", {"AttributeName": "KmsMasterKeyId", "AttributeValue": "alias/x"}),
        ("Subscribe", {"Protocol": "https", "Endpoint": "https://host.invalid"}),
        ("Publish", {"Message": "m", "MessageStructure": "json"}),
    ],
)
def test_what_is_not_modelled_is_refused(
    cloud: Cloud, topic: str, operation: str, params: dict[str, Any]
) -> None:
    where = {} if operation == "CreateTopic" else {"TopicArn": topic}
    with pytest.raises(AwsError, match="does not model"):
        cloud.handle(Call("sns", operation, {**where, **params}))


def test_services_that_publish_are_not_modelled(cloud: Cloud, topic: str) -> None:
    with pytest.raises(AwsError, match="does not model"):
        cloud.call("sns", "Publish", aws_service("budgets.amazonaws.com"), TopicArn=topic, Message="m")
