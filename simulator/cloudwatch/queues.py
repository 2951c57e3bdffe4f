"""What SQS tells CloudWatch of a queue (SQS guide, "Available CloudWatch metrics for Amazon SQS")."""

from typing import TYPE_CHECKING

from moto.sqs.models import sqs_backends

from simulator.call import ACCOUNT, REGION

if TYPE_CHECKING:
    from simulator.clock.kernel import Clock

NAMES = frozenset({"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"})


def sample(name: str, queue_name: str, clock: "Clock") -> float | None:
    """The metric's value now; None of a queue that is not there."""
    queue = sqs_backends[ACCOUNT][REGION].queues.get(queue_name)
    if queue is None:
        return None
    now = clock.time() * 1000
    if name == "ApproximateNumberOfMessagesVisible":
        return sum(now > message.visible_at and now >= message.delayed_until for message in queue._messages)
    # Of what is not deleted. In a dead-letter queue a message keeps its time of sending (SQS guide).
    sent = [float(message.sent_timestamp or 0) for message in queue._messages]
    return (now - min(sent)) / 1000 if sent else 0.0
