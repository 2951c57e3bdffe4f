"""Queue messages that come again although they were deleted.

SQS guide, "At-least-once delivery": a server that holds a copy may be unavailable when the message is deleted; the copy
stays there, and it may be received again. Here that is when its visibility timeout is over (assumed).
"""

from simulator.call import Answer, Call, Operation, Proceed
from simulator.faults.active import Faults


def operations(faults: Faults) -> dict[str, Operation]:
    """DeleteMessage and its batch, of standard queues; FIFO queues deliver once."""

    def stays(call: Call) -> bool:
        name = call.params["QueueUrl"].rpartition("/")[2]
        if name.endswith(".fifo"):
            return False
        return bool(faults.striking("messageDuplicate", lambda rule: rule.queue in name))

    def delete(call: Call, proceed: Proceed) -> Answer:
        return {} if stays(call) else proceed(call)

    def delete_batch(call: Call, proceed: Proceed) -> Answer:
        staying = [entry["Id"] for entry in call.params["Entries"] if stays(call)]
        going = [entry for entry in call.params["Entries"] if entry["Id"] not in staying]
        answer = proceed(call.with_params(Entries=going)) if going else {}
        told = [*answer.get("Successful", []), *({"Id": name} for name in staying)]
        return {"Failed": [], **answer, "Successful": told}

    return {"sqs.DeleteMessage": delete, "sqs.DeleteMessageBatch": delete_batch}
