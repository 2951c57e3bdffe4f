"""Where a cluster's control plane meets the VPC: subnets, security groups, service CIDR, cluster security group."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from simulator.call import AwsError, NotModelled, aws_service

if TYPE_CHECKING:
    from simulator.cloud import Cloud
    from simulator.eks.records import Cluster

EKS = aws_service("eks.amazonaws.com")
_PRIVATE = [IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
_VPC_MEMBERS = {
    "subnetIds",
    "securityGroupIds",
    "endpointPublicAccess",
    "endpointPrivateAccess",
    "publicAccessCidrs",
}


def vpc_config(cloud: "Cloud", asked: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The VPC's id and the VpcConfigResponse of a request's resourcesVpcConfig (still without cluster group)."""
    if unknown := sorted(set(asked) - _VPC_MEMBERS):
        raise NotModelled(f"resourcesVpcConfig.{unknown[0]} of eks.CreateCluster")
    vpc_id = _vpc_of(cloud, asked.get("subnetIds", []))
    groups = asked.get("securityGroupIds", [])
    _check_groups(cloud, groups, vpc_id)
    public = asked.get("endpointPublicAccess", True)
    private = asked.get("endpointPrivateAccess", False)
    if not public and not private:
        # Wording from public reports.
        raise _invalid("Private and public endpoint access cannot be false")
    if not public and asked.get("publicAccessCidrs"):
        raise _invalid("publicAccessCidrs cannot be set while public endpoint access is disabled")  # assumed
    return vpc_id, {
        "subnetIds": list(asked["subnetIds"]),
        "securityGroupIds": list(groups),
        "vpcId": vpc_id,
        "endpointPublicAccess": public,
        "endpointPrivateAccess": private,
        "publicAccessCidrs": list(asked.get("publicAccessCidrs") or (["0.0.0.0/0"] if public else [])),
    }


def network_config(cloud: "Cloud", asked: Mapping[str, Any], vpc_id: str) -> dict[str, Any]:
    """The KubernetesNetworkConfigResponse; rules of the service CIDR: API model, serviceIpv4Cidr."""
    if unknown := sorted(set(asked) - {"serviceIpv4Cidr", "ipFamily"}):
        raise NotModelled(f"kubernetesNetworkConfig.{unknown[0]} of eks.CreateCluster")
    if asked.get("ipFamily", "ipv4") != "ipv4":
        raise NotModelled("IPv6 clusters")
    vpc = cloud.client("ec2", EKS).describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]
    blocks = [IPv4Network(entry["CidrBlock"]) for entry in vpc["CidrBlockAssociationSet"]]
    cidr = asked.get("serviceIpv4Cidr")
    if cidr is None:
        # awslabs/amazon-eks-ami, AL2 bootstrap.sh: 172.20 when the VPC is in 10.0.0.0/8, 10.100 otherwise.
        ten = any(block.overlaps(_PRIVATE[0]) for block in blocks)
        return {"serviceIpv4Cidr": "172.20.0.0/16" if ten else "10.100.0.0/16", "ipFamily": "ipv4"}
    try:
        network = IPv4Network(cidr)
    except ValueError as wrong:
        raise _invalid(
            f"serviceIpv4Cidr {cidr} is not a CIDR block"
        ) from wrong  # wordings from here: assumed
    if not any(network.subnet_of(block) for block in _PRIVATE) or not 12 <= network.prefixlen <= 24:
        raise _invalid(f"serviceIpv4Cidr {cidr} must be a private block between /24 and /12")
    if any(network.overlaps(block) for block in blocks):
        raise _invalid(f"serviceIpv4Cidr {cidr} overlaps with a CIDR block of the VPC")
    return {"serviceIpv4Cidr": cidr, "ipFamily": "ipv4"}


def make_cluster_security_group(cloud: "Cloud", cluster: "Cluster") -> str:
    """Name, tags and rules: user guide, View Amazon EKS security group requirements. Returns the group's id."""
    ec2 = cloud.client("ec2", EKS)
    name = f"eks-cluster-sg-{cluster.name}-{int(cluster.identifier, 16) % 10**10:010}"
    tags = {
        f"kubernetes.io/cluster/{cluster.name}": "owned",
        "aws:eks:cluster-name": cluster.name,
        "Name": name,
    }
    group: str = ec2.create_security_group(
        GroupName=name,
        Description="EKS created security group applied to ENI that is attached to EKS Control Plane master"
        " nodes, as well as any managed workloads.",
        VpcId=cluster.vpc_id,
        TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
        ],
    )["GroupId"]
    from_itself = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[from_itself])
    return group


def remove_cluster_security_group(cloud: "Cloud", group_id: str) -> None:
    """Remove the group; one still in use stays behind, as it does on AWS (assumed from public reports)."""
    try:
        cloud.client("ec2", EKS).delete_security_group(GroupId=group_id)
    except ClientError as refused:
        if refused.response["Error"]["Code"] not in {"DependencyViolation", "InvalidGroup.NotFound"}:
            raise


def _vpc_of(cloud: "Cloud", subnet_ids: list[str]) -> str:
    """Check a cluster's subnets: user guide, View Amazon EKS networking requirements; returns their VPC.

    No Availability Zone of us-west-2 is closed to EKS (same page), so UnsupportedAvailabilityZoneException
    cannot occur here.
    """
    if not subnet_ids:
        raise _invalid("Subnet Id is required")  # wording from public reports
    by_id = [{"Name": "subnet-id", "Values": list(subnet_ids)}]
    found = cloud.client("ec2", EKS).describe_subnets(Filters=by_id)["Subnets"]
    for subnet_id in subnet_ids:
        if subnet_id not in {subnet["SubnetId"] for subnet in found}:
            raise _invalid(f"The subnet ID '{subnet_id}' does not exist")  # EC2's own wording
    for subnet in found:
        if subnet.get("OutpostArn"):
            # "The subnets can't reside in AWS Outposts": same page; wording assumed.
            raise _invalid(
                f"Subnet {subnet['SubnetId']} is on an Outpost and cannot be used for an EKS cluster"
            )
        if subnet["AvailableIpAddressCount"] < 6:
            # "at least six IP addresses for use by Amazon EKS": same page; wording assumed.
            raise _invalid(f"Subnet {subnet['SubnetId']} does not have enough free addresses")
    if len({subnet["VpcId"] for subnet in found}) > 1:
        raise _invalid("Subnets specified must belong to the same VPC")  # wording assumed
    if len({subnet["AvailabilityZone"] for subnet in found}) < 2:
        # Wording: awsdocs/amazon-eks-user-guide #795.
        raise _invalid("Subnets specified must be in at least two different AZs")
    return str(found[0]["VpcId"])


def _check_groups(cloud: "Cloud", group_ids: list[str], vpc_id: str) -> None:
    """Five at most: API model, resourcesVpcConfig. That they must exist in the VPC: assumed wordings."""
    if len(group_ids) > 5:
        raise _invalid("At most five security groups can be specified")
    if not group_ids:
        return
    by_id = [{"Name": "group-id", "Values": list(group_ids)}]
    found = cloud.client("ec2", EKS).describe_security_groups(Filters=by_id)["SecurityGroups"]
    for group_id in group_ids:
        if group_id not in {group["GroupId"] for group in found}:
            raise _invalid(f"The security group '{group_id}' does not exist")
    if any(group["VpcId"] != vpc_id for group in found):
        raise _invalid("Security groups must belong to the VPC of the subnets")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
