"""AWS::EC2::VPC, Subnet and FlowLog."""

from simulator.call import AwsError
from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names, without_tags

# --- VPC ---------------------------------------------------------------------------------------------------

_VPC_SWITCHES = ("EnableDnsSupport", "EnableDnsHostnames")


def _create_vpc(context: Context, properties: Properties) -> Made:
    vpc = context.send(
        "ec2",
        "CreateVpc",
        TagSpecifications=context.tag_specifications(properties, "vpc"),
        **without_tags(properties, *_VPC_SWITCHES),
    )["Vpc"]
    return Made(vpc["VpcId"], {"VpcId": vpc["VpcId"], "CidrBlock": vpc["CidrBlock"]})


def _complete_vpc(context: Context, made: Made, properties: Properties) -> None:
    _update_vpc(context, made, {}, properties)


def _update_vpc(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    # Defaults of a new VPC: DNS support on, host names off (ModifyVpcAttribute, API reference).
    defaults = {"EnableDnsSupport": True, "EnableDnsHostnames": False}
    for switch in _VPC_SWITCHES:
        wanted = new.get(switch, defaults[switch])
        if wanted != old.get(switch, defaults[switch]):
            context.client("ec2").modify_vpc_attribute(VpcId=made.physical_id, **{switch: {"Value": wanted}})
    return made


def _delete_vpc(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").delete_vpc(VpcId=made.physical_id)


# --- Subnet ------------------------------------------------------------------------------------------------

_SUBNET_SWITCHES = ("EnableLniAtDeviceIndex", "MapPublicIpOnLaunch")


def _create_subnet(context: Context, properties: Properties) -> Made:
    subnet = context.send(
        "ec2",
        "CreateSubnet",
        TagSpecifications=context.tag_specifications(properties, "subnet"),
        **without_tags(properties, *_SUBNET_SWITCHES),
    )["Subnet"]
    attributes = {
        "AvailabilityZone": subnet["AvailabilityZone"],
        "CidrBlock": subnet["CidrBlock"],
        "SubnetId": subnet["SubnetId"],
        "VpcId": subnet["VpcId"],
    }
    return Made(subnet["SubnetId"], attributes)


def _complete_subnet(context: Context, made: Made, properties: Properties) -> None:
    _update_subnet(context, made, {}, properties)


def _update_subnet(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    ec2 = context.client("ec2")
    public = new.get("MapPublicIpOnLaunch", False)
    if public != old.get("MapPublicIpOnLaunch", False):
        ec2.modify_subnet_attribute(SubnetId=made.physical_id, MapPublicIpOnLaunch={"Value": public})
    index = new.get("EnableLniAtDeviceIndex")
    if index != old.get("EnableLniAtDeviceIndex"):
        change = (
            {"DisableLniAtDeviceIndex": {"Value": True}}
            if index is None
            else {"EnableLniAtDeviceIndex": index}
        )
        ec2.modify_subnet_attribute(SubnetId=made.physical_id, **change)
    return made


def _delete_subnet(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").delete_subnet(SubnetId=made.physical_id)


def _create_flow_log(context: Context, properties: Properties) -> Made:
    answer = context.send(
        "ec2",
        "CreateFlowLogs",
        ResourceIds=[properties["ResourceId"]],
        TagSpecifications=context.tag_specifications(properties, "vpc-flow-log"),
        **without_tags(properties, "ResourceId"),
    )
    # CreateFlowLogs answers 200 with Unsuccessful (API reference).
    if answer.get("Unsuccessful"):
        error = answer["Unsuccessful"][0]["Error"]
        raise AwsError(error["Code"], error["Message"])
    flow_log = answer["FlowLogIds"][0]
    return Made(flow_log, {"Id": flow_log})


def _delete_flow_log(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").delete_flow_logs(FlowLogIds=[made.physical_id])


KINDS = (
    Kind(
        "AWS::EC2::VPC",
        names("CidrBlock EnableDnsHostnames EnableDnsSupport InstanceTenancy Tags"),
        _create_vpc,
        _delete_vpc,
        _complete_vpc,
        _update_vpc,
        updatable=frozenset(_VPC_SWITCHES),
        attributes=names("CidrBlock VpcId"),
    ),
    Kind(
        "AWS::EC2::Subnet",
        names(
            """AvailabilityZone AvailabilityZoneId CidrBlock EnableLniAtDeviceIndex MapPublicIpOnLaunch
            OutpostArn Tags VpcId"""
        ),
        _create_subnet,
        _delete_subnet,
        _complete_subnet,
        _update_subnet,
        updatable=frozenset(_SUBNET_SWITCHES),
        attributes=names("AvailabilityZone CidrBlock SubnetId VpcId"),
    ),
    Kind(
        "AWS::EC2::FlowLog",
        names(
            """DeliverLogsPermissionArn LogDestination LogDestinationType LogFormat LogGroupName
            MaxAggregationInterval ResourceId ResourceType Tags TrafficType"""
        ),
        _create_flow_log,
        _delete_flow_log,
        attributes=names("Id"),
    ),
)
