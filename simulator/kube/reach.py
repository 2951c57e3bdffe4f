"""Who reaches a cluster's endpoint. Source: EKS user guide, "Cluster API server endpoint", private and public access;
"View Amazon EKS security group requirements"."""

from typing import TYPE_CHECKING

from simulator.awslambda import network
from simulator.awslambda.function import Function
from simulator.ec2 import moto_state
from simulator.ec2.security_groups import Peer, lets_in, lets_out

if TYPE_CHECKING:
    from simulator.cloud import Cloud
    from simulator.eks.records import Cluster


def fault(cloud: "Cloud", cluster: "Cluster", function: Function) -> str | None:
    """Why a function's packets never reach the endpoint; None if they do."""
    config = network.vpc_of(function)
    if config and config["VpcId"] == cluster.vpc_id and cluster.vpc_config["endpointPrivateAccess"]:
        # Within the VPC the name leads to the private addresses, whether the public endpoint is on or not.
        return _private_fault(cloud, cluster, config["SubnetIds"], config["SecurityGroupIds"])
    if not cluster.vpc_config["endpointPublicAccess"]:
        return f"{function.name} is not in {cluster.vpc_id}, and the public endpoint is off"
    if way_out := network.way_out_fault(cloud, function):
        return way_out
    # By which address a function comes is not modelled: Lambda's own are nobody's to list, a NAT gateway's is one.
    if "0.0.0.0/0" not in cluster.vpc_config["publicAccessCidrs"]:
        return f"{function.name} has no address that publicAccessCidrs is known to hold"
    return None


def _private_fault(cloud: "Cloud", cluster: "Cluster", subnets: list[str], groups: list[str]) -> str | None:
    control_plane = [*cluster.vpc_config["securityGroupIds"], str(cluster.security_group_id)]
    if not lets_in(cloud, control_plane, 443, Peer(groups, _blocks(cloud, subnets))):
        return f"no inbound rule of {', '.join(control_plane)} lets {', '.join(groups)} in on TCP 443"
    there = Peer(control_plane, _blocks(cloud, cluster.vpc_config["subnetIds"]))
    if not lets_out(cloud, groups, 443, there):
        return f"no outbound rule of {', '.join(groups)} lets TCP 443 out to {', '.join(control_plane)}"
    return None


def _blocks(cloud: "Cloud", subnet_ids: list[str]) -> list[str]:
    found = (moto_state.subnet(cloud, subnet_id) for subnet_id in subnet_ids)
    return [subnet.cidr_block for subnet in found if subnet is not None]
