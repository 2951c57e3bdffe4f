"""GetConsoleOutput: a boot log that ends in what went wrong, as a person would look for it."""

from base64 import b64encode
from typing import TYPE_CHECKING

from simulator.call import Answer, Call, Operation, Proceed, only
from simulator.ec2 import moto_state

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def console_operations(cloud: "Cloud") -> dict[str, Operation]:
    """Instances in the Region keep moto's answer."""

    def output(call: Call, proceed: Proceed) -> Answer:
        instance_id = call.params["InstanceId"]
        if instance_id not in moto_state.outpost_instances(cloud):
            return proceed(call)
        only(call, "InstanceId", "Latest")
        log = "\n".join(_lines(cloud, instance_id))
        return {
            "InstanceId": instance_id,
            "Timestamp": cloud.clock.now(),
            "Output": b64encode(f"{log}\n".encode()).decode(),
        }

    return {"ec2.GetConsoleOutput": output}


def _lines(cloud: "Cloud", instance_id: str) -> list[str]:
    """Not a real log's lines: only their programs, and the faults in our words (assumed)."""
    broken = cloud.guest.lni_faults(instance_id)
    missing = cloud.guest.why_not_joined(instance_id)
    return [
        f"cloud-init: instance {instance_id}",
        *([f"systemd-networkd: lni: {fault}" for fault in broken] or ["systemd-networkd: lni: configured"]),
        *(missing or ["kubelet: node registered"]),
    ]
