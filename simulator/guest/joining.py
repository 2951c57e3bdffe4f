"""Why an instance does not become a node of a cluster."""

from base64 import b64decode
from typing import TYPE_CHECKING, Any

from simulator.ec2 import moto_state
from simulator.eks.cluster_network import EKS
from simulator.eks.principals import profile_roles
from simulator.guest import mime, node_config
from simulator.guest.fault import BootFault

if TYPE_CHECKING:
    from simulator.cloud import Cloud
    from simulator.eks.records import Cluster


def user_data_of(cloud: "Cloud", instance_id: str) -> bytes:
    """The instance's user data as it was before base64."""
    instance = moto_state.instance(cloud, instance_id)
    encoded = instance.user_data if instance else None
    return b64decode(encoded.as_bytes()) if encoded else b""


def faults(cloud: "Cloud", cluster: "Cluster", instance: dict[str, Any]) -> list[str]:
    """Every reason; none if the instance joins in its time. instance: as DescribeInstances answers.

    What a self-managed node needs: EKS user guide, "Launch self-managed Amazon Linux nodes"; facts.md section 4.
    That it is enough is assumed.
    """
    return [
        *_boot_faults(user_data_of(cloud, instance["InstanceId"]), cluster),
        *_access_faults(cloud, cluster, instance),
        *_network_faults(cloud, cluster, instance),
    ]


def _boot_faults(user_data: bytes, cluster: "Cluster") -> list[str]:
    try:
        said = node_config.cluster_details(mime.only_part(mime.parts(user_data), mime.NODE_CONFIG))
    except BootFault as fault:
        return [str(fault)]
    authority, endpoint = cluster.authority.data, cluster.endpoint
    service_cidr = cluster.settings["kubernetesNetworkConfig"]["serviceIpv4Cidr"]
    checks = {
        # The token names the cluster (aws-iam-authenticator, x-k8s-aws-id).
        f"kubelet: Unauthorized: NodeConfig names cluster {said['name']}, not {cluster.name}": said["name"]
        == cluster.name,
        f"kubelet: no such host: NodeConfig's apiServerEndpoint is not {endpoint}": said["apiServerEndpoint"]
        == endpoint,
        "kubelet: x509: certificate signed by unknown authority": said["certificateAuthority"] == authority,
        # The node would join, but its cluster DNS address would be another network's: nothing on it resolves.
        f"kubelet: NodeConfig's cidr is {said['cidr']}, not the service CIDR {service_cidr}": said["cidr"]
        == service_cidr,
    }
    return [fault for fault, right in checks.items() if not right]


def _access_faults(cloud: "Cloud", cluster: "Cluster", instance: dict[str, Any]) -> list[str]:
    profile = instance.get("IamInstanceProfile")
    roles = profile_roles(cloud, profile["Arn"]) if profile else []
    if not roles:
        return ["nodeadm: the instance has no role in an instance profile"]
    types = {role: cluster.entries[role].type for role in roles if role in cluster.entries}
    if "EC2_LINUX" in types.values():
        return []
    return [
        f"kubelet: Unauthorized: no access entry of type EC2_LINUX for {roles[0]} (it has {types or 'none'})"
    ]


def _network_faults(cloud: "Cloud", cluster: "Cluster", instance: dict[str, Any]) -> list[str]:
    found = []
    groups = [
        group["GroupId"]
        for interface in instance.get("NetworkInterfaces", [])
        if interface["Attachment"]["DeviceIndex"] == 0
        for group in interface["Groups"]
    ]
    if cluster.security_group_id not in groups:
        found.append(
            f"kubelet: i/o timeout: the first interface lacks the cluster security group "
            f"{cluster.security_group_id}"
        )
    (subnet,) = cloud.call("ec2", "DescribeSubnets", EKS, SubnetIds=[instance["SubnetId"]])["Subnets"]
    if not subnet.get("OutpostArn"):
        found.append("nodes in the Region are not modelled")
    if way_out := cloud.guest.way_out_fault(instance["SubnetId"]):
        found.append(f"containerd: failed to pull image: i/o timeout: {way_out}")
    return found
