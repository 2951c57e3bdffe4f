"""DeleteInterfaces: network interfaces of ours that outlived their instance are gone.

EC2 tells no interface's age. None is needed: under the lease, with groups and instances gone before this
step, an unattached interface of ours is one that nobody is about to attach.
"""

from extended_cluster import aws, teardown
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName} -> {}. NotReadyYet until none is seen; TeardownIncomplete names those refused."""
    ec2 = aws.client("ec2")
    teardown.sweep(
        "network interface",
        teardown.interfaces(ec2, event["clusterName"]),
        lambda interface_id: ec2.delete_network_interface(NetworkInterfaceId=interface_id),
    )
    return {}
