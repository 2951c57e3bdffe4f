"""Which calls CloudTrail hands to EventBridge, under which names."""

from simulator.call import Call

# CloudTrail record contents, readOnly: "Identifies whether this operation is a read-only operation", decided by
# each service. By verb, as the services do; AssumeRole and GetCallerIdentity are recorded as read-only too.
_READING_VERBS = (
    "BatchGet",
    "Describe",
    "Estimate",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Search",
    "Select",
    "Simulate",
    "Test",
    "Validate",
)
_READING = frozenset({"sts.AssumeRole", "logs.StartQuery", "cloudformation.DetectStackDrift"})

# CloudTrail User Guide, "Logging data events": not management events, and a trail has them only on request.
# logs.PutLogEvents, events.PutEvents and cloudwatch.PutMetricData are logged, if at all, as data events as well.
_DATA = frozenset(
    {
        "cloudwatch.PutMetricData",
        "dynamodb.DeleteItem",
        "dynamodb.PutItem",
        "dynamodb.UpdateItem",
        "events.PutEvents",
        "lambda.Invoke",
        "lambda.InvokeAsync",
        "logs.PutLogEvents",
        "s3.CompleteMultipartUpload",
        "s3.CopyObject",
        "s3.CreateMultipartUpload",
        "s3.DeleteObject",
        "s3.DeleteObjects",
        "s3.PutObject",
        "s3.UploadPart",
        "sns.Publish",
        "sqs.ChangeMessageVisibility",
        "sqs.ChangeMessageVisibilityBatch",
        "sqs.DeleteMessage",
        "sqs.DeleteMessageBatch",
        "sqs.ReceiveMessage",
        "sqs.SendMessage",
        "sqs.SendMessageBatch",
    }
)

# CloudTrail User Guide, "Global service events": these are delivered in us-east-1, so that a rule in this Region
# never sees them.
_GLOBAL = frozenset({"iam", "sts"})

# botocore's endpointPrefix where it is not botocore's own name of the service.
_ENDPOINT_PREFIX = {"cloudwatch": "monitoring", "stepfunctions": "states"}


def is_read_only(call: Call) -> bool:
    """CloudTrail's readOnly."""
    return call.operation.startswith(_READING_VERBS) or call.name in _READING


def is_recorded(call: Call) -> bool:
    """Whether the call becomes an event on this Region's bus.

    EventBridge guide, "AWS service events via CloudTrail": events from operations that only read are not
    delivered to rules in the state ENABLED.
    """
    return not (is_read_only(call) or call.name in _DATA or call.service in _GLOBAL)


def endpoint_prefix(service: str) -> str:
    """``ec2`` in ``ec2.amazonaws.com`` (eventSource) and ``aws.ec2`` (source)."""
    return _ENDPOINT_PREFIX.get(service, service)


# Lambda guide, "Logging Lambda API calls using CloudTrail": the API's version is part of the names; those of
# permissions and tags are from public event patterns, RemovePermission's is assumed.
_LAMBDA_NAMES = {
    "AddPermission": "AddPermission20150331v2",
    "CreateEventSourceMapping": "CreateEventSourceMapping20150331",
    "CreateFunction": "CreateFunction20150331",
    "DeleteEventSourceMapping": "DeleteEventSourceMapping20150331",
    "DeleteFunction": "DeleteFunction20150331",
    "RemovePermission": "RemovePermission20150331v2",
    "TagResource": "TagResource20170331v2",
    "UntagResource": "UntagResource20170331v2",
    "UpdateEventSourceMapping": "UpdateEventSourceMapping20150331",
    "UpdateFunctionCode": "UpdateFunctionCode20150331v2",
    "UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2",
}


def event_name(call: Call) -> str:
    """CloudTrail's eventName."""
    return _LAMBDA_NAMES.get(call.operation, call.operation) if call.service == "lambda" else call.operation
