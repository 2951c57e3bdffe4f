"""What boots inside an instance on an Outposts server: only what its user data says.

AWS shows none of this but the console and what has registered with Systems Manager; ``Guest`` answers the rest:
why an instance is no node, whether its local network interface is up, and whether its agents work.
"""

from typing import TYPE_CHECKING

from simulator.call import Operation
from simulator.guest.console import console_operations
from simulator.guest.guest import Guest
from simulator.guest.managed_instances import managed_instance_operations

if TYPE_CHECKING:
    from simulator.cloud import Cloud

__all__ = ["Guest", "operations"]


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Gives the cloud its ``guest``; install it after eks, whose clusters it looks at."""
    cloud.guest = Guest(cloud)
    return console_operations(cloud) | managed_instance_operations(cloud)
