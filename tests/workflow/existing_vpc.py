"""A VPC that others made, by API calls, before the stack: what Terraform or another team would leave."""

from typing import Any


def make(ec2: Any) -> dict[str, str]:
    """Two private subnets, NAT, and a route table for nodes; the stack's parameters that name them."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    public, *private = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in (
            ("10.0.0.0/28", "us-west-2a"),
            ("10.0.0.32/27", "us-west-2a"),
            ("10.0.0.64/27", "us-west-2b"),
        )
    )
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 1})
    _route(ec2, vpc, [public], GatewayId=internet)
    _route(ec2, vpc, private, NatGatewayId=nat)
    nodes = _route(ec2, vpc, [], NatGatewayId=nat)
    return {"VpcId": vpc, "ClusterSubnetIds": ",".join(private), "NodeRouteTableId": nodes}


def _route(ec2: Any, vpc: str, subnets: list[str], **target: str) -> str:
    table: str = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return table


def everything(ec2: Any, vpc: str) -> dict[str, list[dict[str, Any]]]:
    """All that is in the VPC, as EC2 describes it; without the count of free addresses."""
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    found = {
        "vpcs": ec2.describe_vpcs(Filters=mine)["Vpcs"],
        "subnets": ec2.describe_subnets(Filters=mine)["Subnets"],
        "tables": ec2.describe_route_tables(Filters=mine)["RouteTables"],
        "groups": ec2.describe_security_groups(Filters=mine)["SecurityGroups"],
        "interfaces": ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"],
        "nats": ec2.describe_nat_gateways(Filters=mine)["NatGateways"],
        "flowLogs": ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"],
    }
    for subnet in found["subnets"]:
        del subnet["AvailableIpAddressCount"]
    return found
