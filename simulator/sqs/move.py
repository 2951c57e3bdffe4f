"""One task that moves messages: as who started it, one message after the other."""

from typing import TYPE_CHECKING, Any

from simulator.call import Answer, AwsError, Call, NotModelled
from simulator.sqs.origins import Origins

if TYPE_CHECKING:
    from simulator.cloud import Cloud

ACTIVE = frozenset({"RUNNING", "CANCELLING"})


class Move:
    """Its calls are the starter's, whose permissions decide (SQS guide, "Troubleshoot ... redrive issues")."""

    def __init__(
        self, cloud: "Cloud", origins: Origins, call: Call, handle: str, source_url: str, rate: int
    ) -> None:
        self.handle = handle
        self.source: str = call.params["SourceArn"]
        self.status = "RUNNING"
        self.moved = 0
        self._cloud = cloud
        self._origins = origins
        self._call = call
        self._source_url = source_url
        # Without one SQS chooses (API); that it is then the fastest is assumed.
        self._pause = 1 / rate
        self._to_move: int | None = None
        self._failure: str | None = None
        self._started = round(cloud.clock.time() * 1000)

    def run(self) -> None:
        """Move what the queue holds now: the number is taken once, so what comes back at once stays."""
        try:
            self._to_move = self._waiting()
            while self.status == "RUNNING" and self.moved < self._to_move and (message := self._receive()):
                self._forward(message)
                self._cloud.clock.sleep(self._pause)
        except NotModelled:
            raise
        except AwsError as refused:
            self.status, self._failure = "FAILED", refused.code
        else:
            self.status = "COMPLETED" if self.status == "RUNNING" else "CANCELLED"

    def shown(self) -> dict[str, Any]:
        """ListMessageMoveTasksResultEntry."""
        given = {
            name: self._call.params.get(name) for name in ("DestinationArn", "MaxNumberOfMessagesPerSecond")
        }
        entry = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "Status": self.status,
            "SourceArn": self.source,
            **given,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self._to_move,
            "FailureReason": self._failure,
            "StartedTimestamp": self._started,
        }
        return {name: value for name, value in entry.items() if value is not None}

    def _waiting(self) -> int:
        name = "ApproximateNumberOfMessages"
        answer = self._ask("GetQueueAttributes", self._source_url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def _receive(self) -> dict[str, Any] | None:
        found = self._ask(
            "ReceiveMessage",
            self._source_url,
            MaxNumberOfMessages=1,
            # Said expressly, or the queue's own wait would hold the turn: moto waits in real time.
            WaitTimeSeconds=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        message: dict[str, Any] | None = next(iter(found.get("Messages", ())), None)
        return message

    def _forward(self, message: dict[str, Any]) -> None:
        """Send it as a new message, with a new id, and only then delete it."""
        arn = self._call.params.get("DestinationArn") or self._origins.of(message["MessageId"])
        if arn is None:
            raise AwsError(
                "CouldNotDetermineMessageSource", "The message was sent to the dead-letter queue itself."
            )
        if "AWSTraceHeader" in message["Attributes"]:
            raise NotModelled("moving a message with a trace header")
        url = self._cloud.moto(self._call.asking("sqs", "GetQueueUrl", QueueName=arn.rpartition(":")[2]))[
            "QueueUrl"
        ]
        attributes = message.get("MessageAttributes")
        self._ask(
            "SendMessage",
            url,
            MessageBody=message["Body"],
            **({"MessageAttributes": attributes} if attributes else {}),
        )
        self._ask("DeleteMessage", self._source_url, ReceiptHandle=message["ReceiptHandle"])
        self.moved += 1

    def _ask(self, operation: str, url: str, **params: Any) -> Answer:
        return self._cloud.handle(self._call.asking("sqs", operation, QueueUrl=url, **params))
