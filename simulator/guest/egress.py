"""Whether an instance reaches what its first minutes need: the Region's image registry and the AWS APIs."""

from typing import TYPE_CHECKING, Any

from simulator.ec2 import moto_state

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def fault(cloud: "Cloud", subnet_id: str) -> str | None:
    """Why nothing gets out of the subnet; None if its default route leads out through a NAT gateway.

    EKS user guide, "VPC and subnet requirements": nodes need outbound access or VPC endpoints; endpoints are not
    modelled. An Outpost subnet's instances here have no public address, so an internet gateway is no way out.
    """
    if moto_state.subnet(cloud, subnet_id) is None:
        return f"there is no {subnet_id}"
    gateway = getattr(_default_route(cloud, subnet_id), "nat_gateway", None)
    if gateway is None:
        return f"the route table of {subnet_id} has no default route to a NAT gateway"
    if gateway.state != "available":
        return f"the default route of {subnet_id} leads to {gateway.id}, which is not available"
    out = getattr(_default_route(cloud, gateway.subnet_id), "gateway", None)
    if out is None or not out.id.startswith("igw-"):
        return f"{gateway.id} is in a subnet without a default route to an internet gateway"
    return None


def _default_route(cloud: "Cloud", subnet_id: str) -> Any | None:
    """moto's Route of the subnet's own table, else of its VPC's main one (VPC guide, "Route tables")."""
    vpc_id = getattr(moto_state.subnet(cloud, subnet_id), "vpc_id", None)
    tables = [table for table in moto_state.backend(cloud).route_tables.values() if table.vpc_id == vpc_id]
    own = [table for table in tables if any(a.get("SubnetId") == subnet_id for a in table.associations)]
    routes = (own or [table for table in tables if table.main_association_id])[0].routes
    return next((route for route in routes if route.destination_cidr_block == "0.0.0.0/0"), None)
