"""EnableLni: the node subnet has LNI enabled, before any instance is launched into it."""

import functools
from typing import Any

from extended_cluster import aws, lni_subnet
from extended_cluster.errors import LniConflict, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.lni import WRITES, Action
from extended_cluster.lni_policy import Policy
from extended_cluster.names import LNI_INDEX_TAG


@state
def handler(event: Event) -> Result:
    """{subnetId, deviceIndex} -> {subnetId, deviceIndex, changed}. LniConflict when it must not be."""
    account_id = event["executionId"].split(":")[4]  # arn:aws:states:<region>:<account>:execution:...
    return ensure(
        aws.client("ec2"), aws.client("outposts"), event["subnetId"], event["deviceIndex"], account_id
    )


def ensure(ec2: Any, outposts: Any, subnet_id: str, device_index: int, account_id: str) -> Result:
    """Observe, decide, act, read back. The guard's own parameters have no say here, the subnet's tags have."""
    kind_of = functools.partial(lni_subnet.hardware_type, outposts)
    facts, decision = lni_subnet.judge(ec2, kind_of, subnet_id, account_id, Policy(device_index=device_index))
    if decision.action is Action.NOT_READY:
        raise NotReadyYet(f"{decision.reason}.")
    if decision.action not in {Action.NOTHING, *WRITES}:
        raise LniConflict(
            f"LNI is not enabled at device index {device_index}: {decision.reason}.",
            do="Ask for the index that the subnet has (lni.deviceIndex), or correct the subnet.",
        )
    if decision.device_index != device_index:
        raise LniConflict(
            f"{subnet_id} shall have LNI at device index {device_index}, and its tag {LNI_INDEX_TAG} says "
            f"{facts.tags[LNI_INDEX_TAG]}.",
            do="Ask for that index (lni.deviceIndex), or change the tag.",
        )
    changed = decision.action in WRITES
    if changed and not lni_subnet.set_index(ec2, subnet_id, device_index):
        raise NotReadyYet(
            f"LNI was enabled on {subnet_id} at device index {device_index}, and EC2 does not show it yet."
        )
    return {"subnetId": subnet_id, "deviceIndex": device_index, "changed": changed}
