"""EC2 as far as Outposts servers change it. What is not here is moto's."""

from typing import TYPE_CHECKING

from simulator.call import Operation
from simulator.ec2 import images, instances, interfaces, launch_templates, nat_gateways, prefix_lists, subnets
from simulator.ec2.client_tokens import ClientTokens
from simulator.outposts.world import World, load

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud", world: World | None = None) -> dict[str, Operation]:
    """world: another one than ``data/world.yaml`` describes."""
    world = world or load()
    tokens = ClientTokens()
    return (
        subnets.operations(cloud, world)
        | images.operations(world)
        | interfaces.operations(cloud)
        | launch_templates.operations(cloud, tokens)
        | nat_gateways.operations(cloud)
        | prefix_lists.operations(cloud)
        | instances.operations(cloud, world, tokens)
    )
