"""SQS: moto keeps the queues; what it does not know of dead-letter queues is here."""

import json
from typing import TYPE_CHECKING

from simulator.call import Answer, Call, NotModelled, Operation, Proceed
from simulator.sqs.moves import Moves
from simulator.sqs.origins import Origins

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Moving a dead-letter queue's messages back, and a look at each receipt: it may have filled such a queue."""
    origins = Origins()
    moves = Moves(cloud, origins)
    return {
        "sqs.CreateQueue": _refuse_allow_policy,
        "sqs.SetQueueAttributes": _refuse_allow_policy,
        "sqs.ReceiveMessage": origins.after_receipt,
        "sqs.StartMessageMoveTask": moves.start,
        "sqs.ListMessageMoveTasks": moves.show,
        "sqs.CancelMessageMoveTask": moves.cancel,
    }


def _refuse_allow_policy(call: Call, proceed: Proceed) -> Answer:
    """moto takes a RedriveAllowPolicy and heeds it nowhere; only SQS's default, allowAll, is the same as none."""
    policy = call.params.get("Attributes", {}).get("RedriveAllowPolicy")
    if policy and json.loads(policy) != {"redrivePermission": "allowAll"}:
        raise NotModelled(f"the RedriveAllowPolicy {policy}")
    return proceed(call)
