"""AWS::SQS::Queue and AWS::SQS::QueuePolicy."""

import json
from typing import Any

from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names

# Properties that SQS calls queue attributes of the same name.
_SETTINGS = names(
    """ContentBasedDeduplication DeduplicationScope DelaySeconds FifoQueue FifoThroughputLimit
    KmsDataKeyReusePeriodSeconds KmsMasterKeyId MaximumMessageSize MessageRetentionPeriod
    ReceiveMessageWaitTimeSeconds RedriveAllowPolicy RedrivePolicy SqsManagedSseEnabled VisibilityTimeout"""
)


def _attributes(properties: Properties) -> dict[str, str]:
    return {name: _text(value) for name, value in properties.items() if name in _SETTINGS}


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | bool) else str(value)


def _create_queue(context: Context, properties: Properties) -> Made:
    name = properties.get("QueueName") or context.name(80)
    attributes = _attributes(properties)
    answer = context.send(
        "sqs", "CreateQueue", QueueName=name, Attributes=attributes, tags=context.tag_map(properties)
    )
    url = answer["QueueUrl"]
    read = context.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return Made(url, {"Arn": read["Attributes"]["QueueArn"], "QueueName": name, "QueueUrl": url})


def _update_queue(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    # An attribute that is taken away again returns to the empty value, SQS's way to unset one.
    removed = dict.fromkeys(_attributes(old).keys() - _attributes(new).keys(), "")
    context.send(
        "sqs", "SetQueueAttributes", QueueUrl=made.physical_id, Attributes={**removed, **_attributes(new)}
    )
    return made


def _delete_queue(context: Context, made: Made, _: Properties) -> None:
    context.client("sqs").delete_queue(QueueUrl=made.physical_id)


def _put_policy(context: Context, properties: Properties) -> Made:
    policy = json.dumps(properties["PolicyDocument"])
    for url in properties["Queues"]:
        context.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return Made(context.name())


def _update_policy(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    _remove_policy(context, made, {"Queues": [url for url in old["Queues"] if url not in new["Queues"]]})
    _put_policy(context, new)
    return made


def _remove_policy(context: Context, _: Made, properties: Properties) -> None:
    for url in properties["Queues"]:
        context.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


KINDS = (
    Kind(
        "AWS::SQS::Queue",
        _SETTINGS | {"QueueName", "Tags"},
        _create_queue,
        _delete_queue,
        update=_update_queue,
        updatable=_SETTINGS - {"FifoQueue"},
        attributes=names("Arn QueueName QueueUrl"),
    ),
    Kind(
        "AWS::SQS::QueuePolicy",
        names("PolicyDocument Queues"),
        _put_policy,
        _remove_policy,
        update=_update_policy,
        updatable=names("PolicyDocument Queues"),
    ),
)
