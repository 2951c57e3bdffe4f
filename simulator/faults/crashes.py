"""Functions whose process dies: at an invocation's start or end, or before or after an AWS call that they make."""

from typing import TYPE_CHECKING

from simulator.call import Answer, AwsError, Call, Layer, Proceed
from simulator.faults.active import Faults

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def layer(cloud: "Cloud") -> Layer:
    """The outermost: a call that a process dies before was never made."""

    def watch(call: Call, proceed: Proceed) -> Answer:
        if not cloud.functions.runs(call.caller):
            return proceed(call)
        _crash(cloud, call, "before")
        answer = proceed(call)
        # A call that was refused has no effect to crash after.
        _crash(cloud, call, "after")
        return answer

    return watch


def strikes(faults: Faults, function: str, at: str) -> bool:
    """Whether an invocation of that function crashes there.

    at: ``start``, before the handler, or ``end``, when it has finished and nobody has its response yet.
    """
    return bool(faults.striking("crash", lambda rule: rule.at == at and rule.function in function))


def _crash(cloud: "Cloud", call: Call, at: str) -> None:
    function = call.caller.arn.rpartition("/")[2]  # Lambda names a role's session after the function
    if cloud.faults.striking("crash", lambda r: r.at == at and r.function in function and r.concerns(call)):
        cloud.functions.kill(call.caller)
        # Nobody hears it.
        raise AwsError("InternalFailure", "The caller's process is dead, by a rule of the simulator's.", 500)
