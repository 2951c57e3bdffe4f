"""ssm:DescribeInstanceInformation: the instances whose agent has registered with Systems Manager."""

from typing import TYPE_CHECKING

from simulator.call import Answer, Call, Operation, Proceed, only
from simulator.ec2 import moto_state

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def managed_instance_operations(cloud: "Cloud") -> dict[str, Operation]:
    """Instances on Outposts only: what runs inside those in the Region is not modelled."""

    def describe(call: Call, proceed: Proceed) -> Answer:  # noqa: ARG001
        only(call)
        listed = [
            {
                "InstanceId": instance_id,
                "PingStatus": "Online",
                "PlatformType": "Linux",
                "ResourceType": "EC2Instance",
            }
            for instance_id in sorted(moto_state.outpost_instances(cloud))
            if not cloud.guest.session_manager_faults(instance_id)
        ]
        return {"InstanceInformationList": listed}

    return {"ssm.DescribeInstanceInformation": describe}
