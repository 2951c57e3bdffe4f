"""EnsureSubnet: one server's node subnet exists on the Outpost and uses the node route table."""

import os
from typing import Any

from extended_cluster import aws, node_subnet
from extended_cluster.errors import NotReadyYet, SubnetConflict
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{server: ServerPlan, clusterName, tags} -> {subnetId, cidr}.

    NotReadyYet while it is pending; SubnetConflict when it is not, or cannot be, what the plan needs.
    """
    ec2, server, cluster = aws.client("ec2"), event["server"], event["clusterName"]
    subnet = node_subnet.find(ec2, server, cluster) or node_subnet.create(
        ec2, server, cluster, event["tags"], os.environ["VPC_ID"]
    )
    if subnet["State"] == "pending":
        raise NotReadyYet(f"Subnet {subnet['SubnetId']} on {server['outpostId']} is pending.")
    if subnet["State"] != "available":
        raise SubnetConflict(
            f"Subnet {subnet['SubnetId']} on {server['outpostId']} is {subnet['State']}.",
            do=f"Delete it (aws ec2 delete-subnet --subnet-id {subnet['SubnetId']}) and start again.",
        )
    ensure_routes(ec2, subnet["SubnetId"], os.environ["NODE_ROUTE_TABLE_ID"])
    return {"subnetId": subnet["SubnetId"], "cidr": subnet["CidrBlock"]}


def ensure_routes(ec2: Any, subnet_id: str, route_table_id: str) -> None:
    """Associate the route table; SubnetConflict when somebody gave the subnet another one."""
    pages = ec2.get_paginator("describe_route_tables").paginate(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet_id]}]
    )
    tables = [table["RouteTableId"] for page in pages for table in page["RouteTables"]]
    if not tables:
        ec2.associate_route_table(SubnetId=subnet_id, RouteTableId=route_table_id)
    elif tables != [route_table_id]:
        raise SubnetConflict(
            f"Subnet {subnet_id} uses route table {tables[0]} instead of {route_table_id}.",
            do=f"Disassociate {tables[0]} from it and start the same request again.",
        )
