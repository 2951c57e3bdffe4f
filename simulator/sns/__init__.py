"""SNS: moto keeps topics and subscriptions and fans out; what it does not check is checked here."""

from typing import TYPE_CHECKING

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Proceed, aws_service, only
from simulator.iam.resource_policy import allowed_by_resource_policy
from simulator.sns.subject import refuse_bad

if TYPE_CHECKING:
    from simulator.cloud import Cloud

SNS = "sns.amazonaws.com"
# Looks at the topic's policy itself, before it publishes.
CLOUDWATCH = "cloudwatch.amazonaws.com"
_SERVICE = aws_service(SNS)


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """CreateTopic, SetTopicAttributes, Subscribe and Publish, with the parameters that the template and tests use."""

    def create_topic(call: Call, proceed: Proceed) -> Answer:
        only(call, "Name", "Tags")
        return proceed(call)

    def set_topic_attributes(call: Call, proceed: Proceed) -> Answer:
        only(call, "TopicArn", "AttributeName", "AttributeValue")
        if call.params["AttributeName"] not in ("DisplayName", "Policy"):
            raise NotModelled(f"the attribute {call.params['AttributeName']} of topics")
        return proceed(call)

    def subscribe(call: Call, proceed: Proceed) -> Answer:
        only(call, "TopicArn", "Protocol", "Endpoint", "ReturnSubscriptionArn")
        if call.params["Protocol"] not in ("email", "sqs"):
            raise NotModelled(f"subscriptions by {call.params['Protocol']}")
        return proceed(call)

    def publish(call: Call, proceed: Proceed) -> Answer:
        only(call, "TopicArn", "Message", "Subject")
        if call.caller.role_arn is None and call.caller.service not in (None, CLOUDWATCH):
            raise NotModelled(f"notices from {call.caller.service}")  # the topic's policy would decide
        refuse_bad(call.params.get("Subject"))
        _refuse_long(call.params["Message"])
        for queue in _queues(cloud, call.params["TopicArn"]):
            _refuse_closed(cloud, queue, call.params["TopicArn"])
        return proceed(call)

    return {
        "sns.CreateTopic": create_topic,
        "sns.SetTopicAttributes": set_topic_attributes,
        "sns.Subscribe": subscribe,
        "sns.Publish": publish,
    }


def _refuse_long(message: str) -> None:
    """Publish API, Message: 262,144 bytes at most, not characters."""
    if len(message.encode()) > 262_144:
        raise AwsError("InvalidParameter", "Invalid parameter: Message too long")


def _queues(cloud: "Cloud", topic: str) -> list[str]:
    found = cloud.moto(Call("sns", "ListSubscriptionsByTopic", {"TopicArn": topic}))["Subscriptions"]
    return [subscription["Endpoint"] for subscription in found if subscription["Protocol"] == "sqs"]


def _refuse_closed(cloud: "Cloud", queue: str, topic: str) -> None:
    """SNS guide, "Subscribing an Amazon SQS queue": the queue's policy must let the topic in.

    AWS counts a refused delivery (NumberOfNotificationsFailed) and says nothing; moto would deliver it all the same.
    """
    url = cloud.call("sqs", "GetQueueUrl", _SERVICE, QueueName=queue.rpartition(":")[2])["QueueUrl"]
    asked = {"QueueUrl": url, "AttributeNames": ["Policy"]}
    policy = cloud.call("sqs", "GetQueueAttributes", _SERVICE, **asked).get("Attributes", {}).get("Policy")
    if not allowed_by_resource_policy(
        policy, SNS, "sqs:SendMessage", queue, source_arn=topic, source_account=cloud.account
    ):
        raise NotModelled(f"notices lost because the policy of {queue} does not let {topic} in")
