"""Which queue a message came from before it ended in a dead-letter queue."""

from moto.sqs.models import sqs_backends

from simulator.call import Answer, Call, Proceed


class Origins:
    """moto moves a message that was received too often while it answers a receipt, and forgets where it was."""

    def __init__(self) -> None:
        self._by_message: dict[str, str] = {}

    def after_receipt(self, call: Call, proceed: Proceed) -> Answer:
        """Receive, and note the messages that this moved."""
        queue = sqs_backends[call.account][call.region].queues.get(call.params["QueueUrl"].rpartition("/")[2])
        dead = queue and queue.dead_letter_queue
        if queue is None or dead is None:
            return proceed(call)
        before = {message.id for message in queue._messages}
        answer = proceed(call)
        self._by_message |= {
            message.id: queue.queue_arn for message in dead._messages if message.id in before
        }
        return answer

    def of(self, message_id: str) -> str | None:
        """The queue's ARN; None for a message that was sent to the dead-letter queue itself."""
        return self._by_message.get(message_id)
