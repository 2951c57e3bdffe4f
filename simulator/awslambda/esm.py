"""Event source mappings: SQS standard queues to functions."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from simulator.awslambda.function import Function
from simulator.awslambda.functions import Functions
from simulator.awslambda.pages import page
from simulator.awslambda.settings import function_name, invalid
from simulator.awslambda.sqs_poller import CONCURRENCY, Poller, Polling
from simulator.call import REGION, Answer, AwsError, Call, NotModelled, Operation, Proceed, only

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_SETTINGS = (
    "Enabled",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "ScalingConfig",
)


def operations(cloud: "Cloud", functions: Functions) -> dict[str, Operation]:
    """The mappings' API, and a wrapper around each SQS operation after which a message can be in sight."""
    mappings = _Mappings(cloud, functions)
    return {
        "lambda.CreateEventSourceMapping": mappings.create,
        "lambda.GetEventSourceMapping": mappings.get,
        "lambda.ListEventSourceMappings": mappings.list,
        "lambda.UpdateEventSourceMapping": mappings.update,
        "lambda.DeleteEventSourceMapping": mappings.delete,
        "sqs.SendMessage": mappings.after_arrival,
        "sqs.SendMessageBatch": mappings.after_arrival,
        "sqs.ChangeMessageVisibility": mappings.after_arrival,
        "sqs.ChangeMessageVisibilityBatch": mappings.after_arrival,
    }


class _Mapping:
    def __init__(self, polling: Polling, poller: Poller, arn: str, function_arn: str, now: datetime) -> None:
        self.polling = polling
        self.poller = poller
        self.arn = arn
        self.function_arn = function_arn
        self.maximum_concurrency: int | None = None
        self.state = "Creating"
        self.modified = now

    def shown(self) -> dict[str, Any]:
        """EventSourceMappingConfiguration."""
        polling = self.polling
        scaling = {"MaximumConcurrency": self.maximum_concurrency} if self.maximum_concurrency else None
        return {
            "UUID": polling.uuid,
            "BatchSize": polling.batch_size,
            "MaximumBatchingWindowInSeconds": int(polling.window),
            "EventSourceArn": polling.queue_arn,
            "FunctionArn": self.function_arn,
            "LastModified": self.modified,
            "State": self.state,
            "StateTransitionReason": "USER_INITIATED",
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if polling.reports_failures else [],
            "EventSourceMappingArn": self.arn,
            **({"ScalingConfig": scaling} if scaling else {}),
        }


class _Mappings:
    def __init__(self, cloud: "Cloud", functions: Functions) -> None:
        self._cloud = cloud
        self._functions = functions
        self._by_uuid: dict[str, _Mapping] = {}

    def create(self, call: Call, _: Proceed) -> Answer:
        only(call, "EventSourceArn", "FunctionName", "Tags", *_SETTINGS)
        function = self._functions.get(call.params["FunctionName"])
        queue_arn = call.params.get("EventSourceArn", "")
        if ":sqs:" not in queue_arn or queue_arn.endswith(".fifo"):
            raise NotModelled(f"an event source {queue_arn or 'without ARN'}, only SQS standard queues")
        for other in self._by_uuid.values():
            if (other.polling.queue_arn, other.polling.function_name) == (queue_arn, function.name):
                raise AwsError(
                    "ResourceConflictException",
                    f'An event source mapping with SQS arn (" {queue_arn} ") and function (" {function.name} ") '
                    f"already exists. Please update or delete the existing mapping with UUID {other.polling.uuid}",
                    409,
                )
        url = self._check_queue(queue_arn, function)
        uuid = str(uuid4())
        polling = Polling(
            uuid, queue_arn, function.name, 10, 0.0, False, CONCURRENCY, False, "No records processed"
        )
        arn = f"arn:aws:lambda:{REGION}:{function.account}:event-source-mapping:{uuid}"
        poller = Poller(self._cloud, self._functions, polling, url)
        mapping = _Mapping(polling, poller, arn, function.arn, self._cloud.clock.now())
        _configure(mapping, call)
        self._by_uuid[uuid] = mapping
        return self._change(mapping, "Creating", enable=call.params.get("Enabled", True))

    def update(self, call: Call, _: Proceed) -> Answer:
        only(call, "UUID", "FunctionName", *_SETTINGS)
        mapping = self._get(call)
        if (
            function_name(call.params.get("FunctionName", mapping.function_arn))
            != mapping.polling.function_name
        ):
            raise NotModelled("an event source mapping that changes its function")
        _configure(mapping, call)
        return self._change(
            mapping, "Updating", enable=call.params.get("Enabled", mapping.state == "Enabled")
        )

    def get(self, call: Call, _: Proceed) -> Answer:
        only(call, "UUID")
        return self._get(call).shown()

    def list(self, call: Call, _: Proceed) -> Answer:
        only(call, "EventSourceArn", "FunctionName", "Marker", "MaxItems")
        mappings = list(self._by_uuid.values())
        if "EventSourceArn" in call.params:
            mappings = [one for one in mappings if one.polling.queue_arn == call.params["EventSourceArn"]]
        if "FunctionName" in call.params:
            name = self._functions.get(call.params["FunctionName"]).name
            mappings = [one for one in mappings if one.polling.function_name == name]
        shown, more = page(call, [one.shown() for one in mappings], limit=100)
        return {"EventSourceMappings": shown, **more}

    def delete(self, call: Call, _: Proceed) -> Answer:
        """Gone at once: the seconds Lambda spends in Deleting are left out."""
        only(call, "UUID")
        mapping = self._get(call)
        mapping.polling.enabled = False
        mapping.poller.stop()
        del self._by_uuid[mapping.polling.uuid]
        mapping.state = "Deleting"
        return mapping.shown()

    def after_arrival(self, call: Call, proceed: Proceed) -> Answer:
        answer = proceed(call)
        queue_name = call.params["QueueUrl"].rpartition("/")[2]
        for mapping in list(self._by_uuid.values()):
            if mapping.polling.queue_name == queue_name:
                mapping.poller.ring()
        return answer

    def _get(self, call: Call) -> _Mapping:
        if call.params["UUID"] not in self._by_uuid:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
        return self._by_uuid[call.params["UUID"]]

    def _change(self, mapping: _Mapping, meanwhile: str, *, enable: bool) -> Answer:
        """Answer the state on the way to the new one, which comes later (API_EventSourceMappingConfiguration)."""
        mapping.state = meanwhile
        mapping.modified = self._cloud.clock.now()
        delay = self._cloud.latency("lambda.mapping.change", mapping.polling.function_name)
        self._cloud.clock.call_later(delay, _settling(mapping, enable))
        return mapping.shown()

    def _check_queue(self, queue_arn: str, function: Function) -> str:
        """The queue's URL. Looks as the function's role; the refusals are Lambda's own."""
        queue_name, caller = queue_arn.rpartition(":")[2], function.caller()
        try:
            # The URL needs no permission of the role's: Lambda makes it from the ARN.
            url: str = self._cloud.moto(Call("sqs", "GetQueueUrl", {"QueueName": queue_name}, caller))[
                "QueueUrl"
            ]
            answer = self._cloud.call(
                "sqs", "GetQueueAttributes", caller, QueueUrl=url, AttributeNames=["VisibilityTimeout"]
            )
        except NotModelled:
            raise
        except AwsError as refused:
            if "AccessDenied" in refused.code:
                raise invalid(
                    "The function execution role does not have permissions to call GetQueueAttributes on SQS"
                ) from refused
            raise invalid(
                f"Error occurred while ReceiveMessage. SQS Error Code: {refused.code}. "
                f"SQS Error Message: {refused.message}"
            ) from refused
        # Lambda guide, "Creating and configuring an Amazon SQS event source mapping": the visibility timeout must be
        # at least the function's timeout (six times it is the advice, not the rule).
        visibility, timeout = int(answer["Attributes"]["VisibilityTimeout"]), function.settings["Timeout"]
        if visibility < timeout:
            raise invalid(
                f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
            )
        return url


def _configure(mapping: _Mapping, call: Call) -> None:
    """Take the settings a call gives (API_CreateEventSourceMapping: their ranges for standard queues)."""
    polling, params = mapping.polling, call.params
    size = params.get("BatchSize", polling.batch_size)
    window = params.get("MaximumBatchingWindowInSeconds", int(polling.window))
    concurrency = mapping.maximum_concurrency
    if "ScalingConfig" in params:
        concurrency = params["ScalingConfig"].get("MaximumConcurrency")
    if not 1 <= size <= 10_000 or not 0 <= window <= 300:
        raise invalid(
            f"BatchSize {size} or MaximumBatchingWindowInSeconds {window} is out of range"
        )  # wording assumed
    if size > 10 and window < 1:
        raise invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    if concurrency is not None and not 2 <= concurrency <= 1000:
        raise invalid(f"MaximumConcurrency {concurrency} must be between 2 and 1000")  # wording assumed
    polling.batch_size, polling.window = size, float(window)
    mapping.maximum_concurrency = concurrency
    polling.concurrency = min(CONCURRENCY, concurrency or CONCURRENCY)
    if "FunctionResponseTypes" in params:
        polling.reports_failures = "ReportBatchItemFailures" in params["FunctionResponseTypes"]


def _settling(mapping: _Mapping, enable: bool) -> Callable[[], None]:
    def settle() -> None:
        if mapping.state == "Deleting":
            return
        mapping.state = "Enabled" if enable else "Disabled"
        mapping.polling.enabled = enable
        if enable:
            mapping.poller.ring()

    return settle
