"""Whether an instance reaches what its first minutes need: the Region's image registry and the AWS APIs."""

from typing import TYPE_CHECKING, Any

from simulator.call import Call

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def fault(cloud: "Cloud", subnet_id: str) -> str | None:
    """Why nothing gets out of the subnet; None if its default route leads out through a NAT gateway.

    EKS user guide, "VPC and subnet requirements": nodes need outbound access or VPC endpoints; endpoints are not
    modelled. An Outpost subnet's instances here have no public address, so an internet gateway is no way out.
    """
    gateway_id = _default_route(cloud, subnet_id).get("NatGatewayId")
    if gateway_id is None:
        return f"the route table of {subnet_id} has no default route to a NAT gateway"
    asked = Call("ec2", "DescribeNatGateways", {"NatGatewayIds": [gateway_id]})
    gateways = [one for one in cloud.moto(asked)["NatGateways"] if one["State"] == "available"]
    if not gateways:
        return f"the default route of {subnet_id} leads to {gateway_id}, which is not available"
    if not _default_route(cloud, gateways[0]["SubnetId"]).get("GatewayId", "").startswith("igw-"):
        return f"{gateway_id} is in a subnet without a default route to an internet gateway"
    return None


def _default_route(cloud: "Cloud", subnet_id: str) -> dict[str, Any]:
    """The route of the subnet's own table, else of its VPC's main one (VPC guide, "Route tables")."""
    tables = cloud.moto(Call("ec2", "DescribeRouteTables", {}))["RouteTables"]
    (subnet,) = cloud.moto(Call("ec2", "DescribeSubnets", {"SubnetIds": [subnet_id]}))["Subnets"]
    own = [t for t in tables if any(a.get("SubnetId") == subnet_id for a in t["Associations"])]
    main = [
        t for t in tables if t["VpcId"] == subnet["VpcId"] and any(a.get("Main") for a in t["Associations"])
    ]
    routes: list[dict[str, Any]] = (own or main)[0]["Routes"]
    return next((route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"), {})
