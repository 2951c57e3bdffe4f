"""StartMessageMoveTask and its siblings: the messages of a dead-letter queue go back, in virtual time.

SQS API Reference, and SQS guide, "Learn how to configure a dead-letter queue redrive" and "Troubleshoot dead-letter
queue and DLQ redrive issues". The errors' wording is LocalStack's, which compares its answers with AWS's.
"""

import base64
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from simulator.call import Answer, AwsError, Call, NotModelled, Proceed, only
from simulator.sqs.move import ACTIVE, Move
from simulator.sqs.origins import Origins

if TYPE_CHECKING:
    from simulator.cloud import Cloud

_FASTEST = 500
_LISTED_AT_MOST = 10


class Moves:
    """All tasks, by source queue, the oldest first."""

    def __init__(self, cloud: "Cloud", origins: Origins) -> None:
        self._cloud = cloud
        self._origins = origins
        self._tasks: list[Move] = []

    def start(self, call: Call, _: Proceed) -> Answer:
        """Answers at once; the messages move a little later."""
        only(call, "SourceArn", "DestinationArn", "MaxNumberOfMessagesPerSecond")
        source, destination = call.params["SourceArn"], call.params.get("DestinationArn")
        url = self._url(call, "SourceArn")
        if destination is not None:
            self._url(call, "DestinationArn")
        rate = call.params.get("MaxNumberOfMessagesPerSecond")
        if rate is not None and not 1 <= rate <= _FASTEST:
            raise _invalid(
                f"Value {rate} for parameter MaxNumberOfMessagesPerSecond is invalid."
            )  # wording assumed
        asked = call.asking("sqs", "ListDeadLetterSourceQueues", QueueUrl=url)
        if not self._cloud.moto(asked).get("queueUrls"):
            raise _invalid("Source queue must be configured as a Dead Letter Queue.")
        if any(task.status in ACTIVE for task in self._of(source)):
            raise _invalid(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given "
                "time."
            )
        identity = {"taskId": str(uuid4()), "sourceArn": source}
        handle = base64.b64encode(json.dumps(identity).encode()).decode()
        task = Move(self._cloud, self._origins, call, handle, url, rate or _FASTEST)
        self._tasks.append(task)
        self._cloud.clock.call_later(self._cloud.latency("sqs.move.start", source), task.run)
        return {"TaskHandle": handle}

    def show(self, call: Call, _: Proceed) -> Answer:
        """The most recent tasks of a source, the latest first."""
        only(call, "SourceArn", "MaxResults")
        self._url(call, "SourceArn")
        limit = call.params.get("MaxResults", 1)
        if not 1 <= limit <= _LISTED_AT_MOST:
            raise _invalid(f"Value {limit} for parameter MaxResults is invalid.")  # wording assumed
        latest_first = reversed(self._of(call.params["SourceArn"]))
        return {"Results": [task.shown() for task in latest_first][:limit]}

    def cancel(self, call: Call, _: Proceed) -> Answer:
        """What is moved stays moved."""
        only(call, "TaskHandle")
        for task in self._tasks:
            if task.handle == call.params["TaskHandle"]:
                if task.status != "RUNNING":
                    raise _invalid("Task must be in RUNNING status to be cancelled.")  # wording assumed
                task.status = "CANCELLING"
                return {"ApproximateNumberOfMessagesMoved": task.moved}
        raise AwsError("ResourceNotFoundException", "Task does not exist.", 404)

    def _of(self, source: str) -> list[Move]:
        return [task for task in self._tasks if task.source == source]

    def _url(self, call: Call, parameter: str) -> str:
        """The URL of the queue that a parameter's ARN names; SQS makes it from the ARN, so no permission is asked."""
        arn = str(call.params[parameter])
        region, account, name = arn.split(":")[3:]
        if (region, account) != (call.region, call.account) or name.endswith(".fifo"):
            raise NotModelled(f"moving messages of FIFO queues, or across accounts or Regions ({arn})")
        try:
            found: dict[str, Any] = self._cloud.moto(call.asking("sqs", "GetQueueUrl", QueueName=name))
        except AwsError as missing:
            message = f"The resource that you specified for the {parameter} parameter doesn't exist."
            raise AwsError("ResourceNotFoundException", message, 404) from missing
        return str(found["QueueUrl"])


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)
