"""DeleteSubnets: the node subnets are gone, and their route table associations with them."""

from extended_cluster import aws, teardown
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName} -> {}. NotReadyYet until none is seen; TeardownIncomplete names those refused."""
    ec2 = aws.client("ec2")
    teardown.sweep(
        "subnet",
        teardown.subnets(ec2, event["clusterName"]),
        lambda subnet_id: ec2.delete_subnet(SubnetId=subnet_id),
    )
    return {}
