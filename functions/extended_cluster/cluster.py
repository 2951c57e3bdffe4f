"""What others need of a cluster that serves, out of EKS's description of it."""

from typing import Any

from extended_cluster.types import Cluster


def described(cluster: dict[str, Any]) -> Cluster:
    """cluster: as eks:DescribeCluster answers one that is ACTIVE or UPDATING."""
    return Cluster(
        name=cluster["name"],
        arn=cluster["arn"],
        version=cluster["version"],
        endpoint=cluster["endpoint"],
        certificateAuthority=cluster["certificateAuthority"]["data"],
        serviceCidr=cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
        securityGroupId=cluster["resourcesVpcConfig"]["clusterSecurityGroupId"],
    )
