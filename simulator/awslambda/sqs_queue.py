"""Looks into moto's queues that the SQS API does not offer, and one repair."""

from typing import TYPE_CHECKING

from moto.sqs.models import Message, Queue, sqs_backends

if TYPE_CHECKING:
    from simulator.clock.kernel import Clock

# moto takes a message as visible only after its moment, not at it.
_AFTER = 0.001


def seconds_until_next(queue_arn: str, clock: "Clock") -> float | None:
    """How long until a message of the queue can be received; None when it holds none. 0: there is one now.

    SQS's pollers would find out by asking all the time; the virtual clock would then never come to rest.
    """
    queue = _queue(queue_arn)
    if queue is None:
        return None
    now = clock.time() * 1000
    moments = [max(message.visible_at, message.delayed_until) for message in queue._messages]
    in_time = [
        moment
        for message, moment in zip(queue._messages, moments, strict=True)
        if moment < _expiry(queue, message)
    ]
    if not in_time:
        return None
    return max(0.0, (min(in_time) - now) / 1000 + _AFTER) if min(in_time) >= now else 0.0


def drop_expired(queue_arn: str, clock: "Clock") -> None:
    """Remove what is past the queue's retention period, as SQS does (SQS guide, "MessageRetentionPeriod").

    moto leaves such messages in the queue, and the first one hides all that come after it.
    """
    queue = _queue(queue_arn)
    if queue is not None:
        now = clock.time() * 1000
        queue._messages = [message for message in queue._messages if now < _expiry(queue, message)]


def _queue(arn: str) -> Queue | None:
    region, account, name = arn.split(":")[3:6]
    return sqs_backends[account][region].queues.get(name)


def _expiry(queue: Queue, message: Message) -> float:
    sent: int = message.sent_timestamp  # type: ignore[assignment]
    retention: int = queue.message_retention_period  # type: ignore[attr-defined]
    return sent + retention * 1000
