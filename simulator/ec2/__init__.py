"""EC2 as far as Outposts servers change it. What is not here is moto's."""

from typing import TYPE_CHECKING

from simulator.call import Operation
from simulator.ec2 import images, instances, interfaces, launch_templates, nat_gateways, prefix_lists, subnets
from simulator.ec2.client_tokens import ClientTokens

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """EC2's operations, in every account and Region, over the Outposts and images of ``cloud.world``."""
    tokens = ClientTokens()
    return (
        subnets.operations(cloud)
        | images.operations(cloud)
        | interfaces.operations(cloud)
        | launch_templates.operations(tokens)
        | nat_gateways.operations()
        | prefix_lists.operations()
        | instances.operations(cloud, tokens)
    )
