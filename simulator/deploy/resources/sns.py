"""AWS::SNS::Topic, AWS::SNS::TopicPolicy and AWS::SNS::Subscription."""

import json

from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names


def _create_topic(context: Context, properties: Properties) -> Made:
    name = properties.get("TopicName") or context.name(256)
    arn = context.send("sns", "CreateTopic", Name=name, Tags=context.tags(properties))["TopicArn"]
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _complete_topic(context: Context, made: Made, properties: Properties) -> None:
    _set(context, made.physical_id, "DisplayName", properties.get("DisplayName", ""))


def _update_topic(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    _complete_topic(context, made, new)
    return made


def _delete_topic(context: Context, made: Made, _: Properties) -> None:
    context.send("sns", "DeleteTopic", TopicArn=made.physical_id)


def _put_policy(context: Context, properties: Properties) -> Made:
    for topic in properties["Topics"]:
        _set(context, topic, "Policy", json.dumps(properties["PolicyDocument"]))
    return Made(context.name())


def _update_policy(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    _remove_policy(
        context, made, {"Topics": [topic for topic in old["Topics"] if topic not in new["Topics"]]}
    )
    _put_policy(context, new)
    return made


def _remove_policy(context: Context, _: Made, properties: Properties) -> None:
    """SNS guide, "Amazon SNS access policy": without one of its own a topic has one for the owner's account."""
    for topic in properties["Topics"]:
        owner = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
            "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": topic.split(":")[4]}},
        }
        _set(context, topic, "Policy", json.dumps({"Version": "2008-10-17", "Statement": [owner]}))


def _set(context: Context, topic: str, name: str, value: str) -> None:
    context.send("sns", "SetTopicAttributes", TopicArn=topic, AttributeName=name, AttributeValue=value)


def _subscribe(context: Context, properties: Properties) -> Made:
    # That Ref is the subscription's ARN, also before an address is confirmed: type's reference, return values.
    answer = context.send("sns", "Subscribe", ReturnSubscriptionArn=True, **properties)
    return Made(answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]})


def _unsubscribe(context: Context, made: Made, _: Properties) -> None:
    context.send("sns", "Unsubscribe", SubscriptionArn=made.physical_id)


KINDS = (
    Kind(
        "AWS::SNS::Topic",
        names("DisplayName Tags TopicName"),
        _create_topic,
        _delete_topic,
        _complete_topic,
        _update_topic,
        updatable=names("DisplayName"),
        attributes=names("TopicArn TopicName"),
    ),
    Kind(
        "AWS::SNS::TopicPolicy",
        names("PolicyDocument Topics"),
        _put_policy,
        _remove_policy,
        update=_update_policy,
        updatable=names("PolicyDocument Topics"),
    ),
    Kind(
        "AWS::SNS::Subscription",
        names("Endpoint Protocol TopicArn"),
        _subscribe,
        _unsubscribe,
        attributes=names("Arn"),
    ),
)
