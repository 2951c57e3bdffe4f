"""AWS::EC2::*: what leads out of a subnet: gateways, addresses, route tables and routes."""

from simulator.call import AwsError
from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names, without_tags


def _create_internet_gateway(context: Context, properties: Properties) -> Made:
    gateway = context.send(
        "ec2",
        "CreateInternetGateway",
        TagSpecifications=context.tag_specifications(properties, "internet-gateway"),
    )["InternetGateway"]["InternetGatewayId"]
    return Made(gateway, {"InternetGatewayId": gateway})


def _delete_internet_gateway(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").delete_internet_gateway(InternetGatewayId=made.physical_id)


def _attach_gateway(context: Context, properties: Properties) -> Made:
    context.send("ec2", "AttachInternetGateway", **properties)
    return Made(f"IGW|{properties['VpcId']}", {"AttachmentType": "IGW"})


def _detach_gateway(context: Context, _: Made, properties: Properties) -> None:
    context.send("ec2", "DetachInternetGateway", **properties)


def _allocate_address(context: Context, properties: Properties) -> Made:
    address = context.send(
        "ec2",
        "AllocateAddress",
        TagSpecifications=context.tag_specifications(properties, "elastic-ip"),
        **without_tags(properties),
    )
    attributes = {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}
    return Made(address["PublicIp"], attributes)


def _release_address(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").release_address(AllocationId=made.attributes["AllocationId"])


def _create_nat_gateway(context: Context, properties: Properties) -> Made:
    nat = context.send(
        "ec2",
        "CreateNatGateway",
        TagSpecifications=context.tag_specifications(properties, "natgateway"),
        **without_tags(properties),
    )["NatGateway"]["NatGatewayId"]
    return Made(nat, {"NatGatewayId": nat})


def _complete_nat_gateway(context: Context, made: Made, _: Properties) -> None:
    _await_nat_gateway(context, made.physical_id, "available", ("pending",))


def _await_nat_gateway(context: Context, nat: str, wanted: str, meanwhile: tuple[str, ...]) -> None:
    """CloudFormation goes on only when the gateway is available, or gone."""
    while True:
        found = context.client("ec2").describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
        state = found[0]["State"] if found else "deleted"
        if state == wanted:
            return
        if state not in meanwhile:
            raise AwsError("NatGatewayFailed", f"NAT gateway {nat} is {state}.")
        context.cloud.clock.sleep(5)


def _delete_nat_gateway(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").delete_nat_gateway(NatGatewayId=made.physical_id)
    _await_nat_gateway(context, made.physical_id, "deleted", ("deleting", "available"))


def _create_route_table(context: Context, properties: Properties) -> Made:
    table = context.send(
        "ec2",
        "CreateRouteTable",
        TagSpecifications=context.tag_specifications(properties, "route-table"),
        **without_tags(properties),
    )["RouteTable"]["RouteTableId"]
    return Made(table, {"RouteTableId": table})


def _delete_route_table(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").delete_route_table(RouteTableId=made.physical_id)


_ROUTE_TARGETS = names("GatewayId NatGatewayId")


def _create_route(context: Context, properties: Properties) -> Made:
    context.send("ec2", "CreateRoute", **properties)
    destination = properties["DestinationCidrBlock"]
    return Made(f"{properties['RouteTableId']}|{destination}", {"CidrBlock": destination})


def _update_route(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    context.send("ec2", "ReplaceRoute", **new)
    return made


def _delete_route(context: Context, _: Made, properties: Properties) -> None:
    context.client("ec2").delete_route(
        RouteTableId=properties["RouteTableId"], DestinationCidrBlock=properties["DestinationCidrBlock"]
    )


def _associate_route_table(context: Context, properties: Properties) -> Made:
    association = context.send("ec2", "AssociateRouteTable", **properties)["AssociationId"]
    return Made(association, {"Id": association})


def _disassociate_route_table(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").disassociate_route_table(AssociationId=made.physical_id)


KINDS = (
    Kind(
        "AWS::EC2::InternetGateway",
        names("Tags"),
        _create_internet_gateway,
        _delete_internet_gateway,
        attributes=names("InternetGatewayId"),
    ),
    Kind(
        "AWS::EC2::VPCGatewayAttachment",
        names("InternetGatewayId VpcId"),
        _attach_gateway,
        _detach_gateway,
        attributes=names("AttachmentType"),
    ),
    Kind(
        "AWS::EC2::EIP",
        names("Domain NetworkBorderGroup Tags"),
        _allocate_address,
        _release_address,
        attributes=names("AllocationId PublicIp"),
    ),
    Kind(
        "AWS::EC2::NatGateway",
        names("AllocationId ConnectivityType SubnetId Tags"),
        _create_nat_gateway,
        _delete_nat_gateway,
        _complete_nat_gateway,
        attributes=names("NatGatewayId"),
    ),
    Kind(
        "AWS::EC2::RouteTable",
        names("Tags VpcId"),
        _create_route_table,
        _delete_route_table,
        attributes=names("RouteTableId"),
    ),
    Kind(
        "AWS::EC2::Route",
        _ROUTE_TARGETS | {"DestinationCidrBlock", "RouteTableId"},
        _create_route,
        _delete_route,
        update=_update_route,
        updatable=_ROUTE_TARGETS,
        attributes=names("CidrBlock"),
    ),
    Kind(
        "AWS::EC2::SubnetRouteTableAssociation",
        names("RouteTableId SubnetId"),
        _associate_route_table,
        _disassociate_route_table,
        attributes=names("Id"),
    ),
)
