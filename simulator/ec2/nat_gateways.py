"""NAT gateways are moto's, except that a deleted one takes its network interface with it."""

from simulator.call import Answer, Call, Operation, Proceed
from simulator.ec2 import moto_state


def operations() -> dict[str, Operation]:
    """VPC guide, "Delete a NAT gateway": the interface goes too; moto keeps it, and the subnet with it."""

    def delete(call: Call, proceed: Proceed) -> Answer:
        backend = moto_state.backend(call)
        gateway = backend.nat_gateways.get(call.params["NatGatewayId"])
        answer = proceed(call)
        if gateway is not None:
            backend.enis.pop(gateway._eni.id, None)
        return answer

    return {"ec2.DeleteNatGateway": delete}
