"""EnableLni: the node subnet has LNI enabled, before any instance is launched into it."""

from typing import Any

from extended_cluster import aws, lni_subnet
from extended_cluster.errors import LniConflict, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.lni import Action, decide


@state
def handler(event: Event) -> Result:
    """{subnetId, deviceIndex} -> {subnetId, deviceIndex, changed}. LniConflict when it must not be."""
    account_id = event["executionId"].split(":")[4]  # arn:aws:states:<region>:<account>:execution:...
    return ensure(
        aws.client("ec2"), aws.client("outposts"), event["subnetId"], event["deviceIndex"], account_id
    )


def ensure(ec2: Any, outposts: Any, subnet_id: str, device_index: int, account_id: str) -> Result:
    """Observe, decide, act, read back."""
    decision = decide(lni_subnet.observe(ec2, outposts, subnet_id, account_id), device_index)
    match decision.action:
        case Action.NOTHING | Action.ENABLE as action:
            changed = action is Action.ENABLE
        case Action.NOT_READY:
            raise NotReadyYet(f"{decision.reason}.")
        case _:
            raise LniConflict(
                f"LNI is not enabled at device index {device_index}: {decision.reason}.",
                do="Ask for the index that the subnet has (lni.deviceIndex), or correct the subnet.",
            )
    if changed:
        lni_subnet.enable(ec2, subnet_id, device_index)
    return {"subnetId": subnet_id, "deviceIndex": device_index, "changed": changed}
