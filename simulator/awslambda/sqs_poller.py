"""What polls a queue for a function: idle until a message can be there, then batch by batch."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.awslambda import sqs_batch, sqs_queue
from simulator.awslambda.functions import Functions
from simulator.call import AwsError, Caller, NotModelled

if TYPE_CHECKING:
    from simulator.clock.kernel import Timer
    from simulator.cloud import Cloud

log = logging.getLogger(__name__)

# Lambda guide, "Configuring scaling behavior for SQS event source mappings": standard queues begin with five
# concurrent batches. That more are added each minute is left out.
CONCURRENCY = 5
_RECEIVE_AT_MOST = 10
# Seconds after which a poller that was refused tries again; real pollers do all the time (assumed).
_AFTER_REFUSAL = 60.0
# Lambda's own text for a role without sqs permissions, as the console shows it (assumed from public reports).
_REFUSED = "PROBLEM: Lambda does not have access to the queue"


@dataclass
class Polling:
    """A mapping's part that its poller needs; changed in place by UpdateEventSourceMapping."""

    uuid: str
    queue_arn: str
    function_name: str
    batch_size: int
    window: float
    reports_failures: bool
    concurrency: int
    enabled: bool
    last_result: str

    @property
    def queue_name(self) -> str:
        """The last part of the queue's ARN."""
        return self.queue_arn.rpartition(":")[2]


class Poller:
    """Long polling in virtual time would be a timer every 20 seconds for ever; instead ``ring`` says when to look."""

    def __init__(self, cloud: "Cloud", functions: Functions, polling: Polling, queue_url: str) -> None:
        self._cloud = cloud
        self._functions = functions
        self._polling = polling
        self._queue_url = queue_url
        self._arrival = cloud.clock.event()
        self._workers = 0
        self._start: Timer | None = None
        self._next_look: Timer | None = None

    def ring(self) -> None:
        """A message may be there."""
        self._arrival.set()
        if self._polling.enabled and (self._start is None or not self._start.pending):
            delay = self._cloud.latency("lambda.sqs.poll", self._polling.function_name)
            self._start = self._cloud.clock.call_later(delay, self._work)

    def stop(self) -> None:
        """Look no more; batches under way come to their end."""
        for timer in (self._start, self._next_look):
            if timer is not None:
                timer.cancel()

    def _work(self) -> None:
        if self._workers >= self._polling.concurrency:
            return  # those that work look again when they are done
        self._workers += 1
        try:
            while self._polling.enabled and (batch := self._collect()):
                self.ring()  # there may be more, for another one to take meanwhile
                for records, event in sqs_batch.events(batch):
                    self._deliver(records, event)
        except NotModelled:
            raise
        except AwsError as refused:
            self._refused(refused)
        finally:
            self._workers -= 1
        self._look_again()

    def _collect(self) -> list[dict[str, Any]]:
        """A batch: whatever is there, and with a batching window what comes until it is full or the window over."""
        batch = self._receive(self._polling.batch_size)
        if not batch or not self._polling.window:
            return batch
        closes = self._cloud.clock.time() + self._polling.window
        while (room := self._polling.batch_size - len(batch)) > 0:
            self._arrival.clear()
            more = self._receive(room)
            batch += more
            left = closes - self._cloud.clock.time()
            if not more and (left <= 0 or not self._arrival.wait(left)):
                break
        return batch

    def _receive(self, room: int) -> list[dict[str, Any]]:
        sqs_queue.drop_expired(self._polling.queue_arn, self._cloud.clock)
        answer = self._cloud.call(
            "sqs",
            "ReceiveMessage",
            self._role(),
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(room, _RECEIVE_AT_MOST),
            # Said expressly, or the queue's own wait would hold the turn: moto waits in real time.
            WaitTimeSeconds=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [sqs_batch.record(message, self._polling.queue_arn) for message in answer.get("Messages", [])]

    def _deliver(self, records: list[dict[str, Any]], event: bytes) -> None:
        """Invoke; delete what succeeded. What failed comes back by itself when its visibility timeout is over."""
        message_ids = {record["messageId"] for record in records}
        invocation = self._functions.invoke(self._polling.function_name, event)
        if invocation.error is not None:
            failed = message_ids
            self._polling.last_result = "PROBLEM: Function call failed"
        else:
            reports = self._polling.reports_failures
            failed = sqs_batch.failed_messages(invocation.payload, message_ids) if reports else set()
            self._polling.last_result = "OK"
        self._delete([record for record in records if record["messageId"] not in failed])

    def _delete(self, records: list[dict[str, Any]]) -> None:
        for start in range(0, len(records), _RECEIVE_AT_MOST):
            entries = [
                {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
                for number, record in enumerate(records[start : start + _RECEIVE_AT_MOST])
            ]
            self._cloud.call(
                "sqs", "DeleteMessageBatch", self._role(), QueueUrl=self._queue_url, Entries=entries
            )

    def _look_again(self) -> None:
        """Set the one timer for the next message that comes into sight (delay or visibility timeout over)."""
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        seconds = sqs_queue.seconds_until_next(self._polling.queue_arn, self._cloud.clock)
        if self._polling.enabled and self._polling.last_result != _REFUSED and seconds is not None:
            self._next_look = self._cloud.clock.call_later(seconds, self.ring)

    def _refused(self, refused: AwsError) -> None:
        """E.g. the role may not receive: nothing is processed, and the mapping shows it."""
        log.warning("event source mapping %s: %s", self._polling.uuid, refused)
        self._polling.last_result = _REFUSED
        self._cloud.clock.call_later(_AFTER_REFUSAL, self.ring, background=True)

    def _role(self) -> Caller:
        return self._functions.get(self._polling.function_name).caller()
