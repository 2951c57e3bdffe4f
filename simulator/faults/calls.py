"""API calls that fail, with the effect or without, or take longer."""

from typing import TYPE_CHECKING

from simulator.call import Answer, AwsError, Call, Layer, Proceed
from simulator.faults.rule import Rule

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def layer(cloud: "Cloud") -> Layer:
    """Lies inside the trail layer, which records what was throttled (Karpenter's documentation, "CloudTrail": look for
    ``Client.RequestLimitExceeded``), and outside iam (assumed: a request is throttled before it is authorised).
    """

    def fail(call: Call, proceed: Proceed) -> Answer:
        for rule in cloud.faults.striking("delay", lambda rule: rule.concerns(call)):
            _pass(cloud, call, rule.seconds)
        _strike(cloud, call, "before")
        answer = proceed(call)
        # A call that was refused has no effect that its answer could be lost for.
        _strike(cloud, call, "after")
        return answer

    return fail


def _strike(cloud: "Cloud", call: Call, when: str) -> None:
    for rule in cloud.faults.striking("error", lambda rule: rule.when == when and rule.concerns(call)):
        raise _error(rule)


def _error(rule: Rule) -> AwsError:
    # The services' own wording differs; nobody should read it.
    return AwsError(rule.error_code or "", "A rule of the simulator's faults says so.", rule.status)


def _pass(cloud: "Cloud", call: Call, seconds: float) -> None:
    """Time stands still while a function's process runs: then its invocation takes that much longer."""
    if cloud.functions.runs(call.caller):
        cloud.functions.prolong(call.caller, seconds)
    else:
        cloud.clock.sleep(seconds)
