"""The VPC as nodes need it, the stack's own or one that was there: names, and a way out. Reads only."""

from collections.abc import Mapping
from typing import Any, Final

from extended_cluster.errors import NetworkUnsupported
from extended_cluster.types import DefaultRoute

# EKS user guide, "VPC and subnet requirements": "The VPC must have DNS hostname and DNS resolution support.
# Otherwise, nodes can't register to your cluster."
_DNS: Final = {
    "enableDnsSupport": ("EnableDnsSupport", "--enable-dns-support"),
    "enableDnsHostnames": ("EnableDnsHostnames", "--enable-dns-hostnames"),
}
# EC2 API, Route: what can stand behind an IPv4 default route. One of them does.
_TARGETS: Final = (
    "NatGatewayId",
    "TransitGatewayId",
    "GatewayId",
    "NetworkInterfaceId",
    "VpcPeeringConnectionId",
    "LocalGatewayId",
    "CoreNetworkArn",
)


def require_names(vpc_id: str, ec2: Any) -> None:
    """NetworkUnsupported unless the VPC resolves names and gives its instances some."""
    for attribute, (member, option) in _DNS.items():
        answer = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute)
        if not answer[member]["Value"]:
            raise NetworkUnsupported(
                f"VPC {vpc_id} has {attribute} off; without it nodes cannot register with the cluster.",
                do=f"Turn it on (aws ec2 modify-vpc-attribute --vpc-id {vpc_id} {option}) and start the same "
                "request again.",
            )


def default_route(vpc_id: str, route_table_id: str, ec2: Any) -> DefaultRoute | None:
    """The default route of the node subnets' table. NetworkUnsupported for a table that is not the VPC's."""
    pages = ec2.get_paginator("describe_route_tables").paginate(
        Filters=[{"Name": "route-table-id", "Values": [route_table_id]}]
    )
    tables = [table for page in pages for table in page["RouteTables"]]
    if not tables or tables[0]["VpcId"] != vpc_id:
        where = f"is in VPC {tables[0]['VpcId']}" if tables else "does not exist in this Region"
        raise NetworkUnsupported(
            f"The stack names route table {route_table_id} for the node subnets of VPC {vpc_id}, and it {where}.",
            do=f"Deploy the stack again with NodeRouteTableId of a route table of {vpc_id}.",
        )
    for route in tables[0]["Routes"]:
        if route.get("DestinationCidrBlock") == "0.0.0.0/0":
            return DefaultRoute(target=_target(route), state=route["State"])
    return None


def _target(route: Mapping[str, Any]) -> str:
    return next(str(route[key]) for key in _TARGETS if key in route)
