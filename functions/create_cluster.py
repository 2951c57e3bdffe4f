"""CreateCluster: the control plane in the Region exists or is on its way."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from extended_cluster import aws
from extended_cluster.errors import ClusterConflict, NotReadyYet
from extended_cluster.find_cluster import find_cluster
from extended_cluster.handler import Event, Result, state
from extended_cluster.names import client_token, cluster_tags, is_ours
from extended_cluster.types import ClusterPlan, ClusterSettings


@state
def handler(event: Event) -> Result:
    """{cluster: ClusterPlan} -> {name, arn, status}. ClusterConflict for a cluster that is not ours."""
    plan: ClusterPlan = event["cluster"]
    place = Place(
        os.environ["CLUSTER_SUBNET_IDS"].split(","),
        os.environ["CONTROL_PLANE_SECURITY_GROUP_ID"],
        os.environ["CLUSTER_ROLE_ARN"],
    )
    return ensure(aws.client("eks"), plan, place)


class Place(NamedTuple):
    """What of the stack the control plane gets. security_group_id: lets our functions in, beside EKS's own group."""

    subnet_ids: Sequence[str]
    security_group_id: str
    role_arn: str


def ensure(eks: Any, plan: ClusterPlan, place: Place) -> Result:
    """Find the cluster, or create it in the Region's subnets."""
    cluster = find_cluster(eks, plan["name"]) or _create(eks, plan, place)
    if not is_ours(cluster.get("tags", {}), plan["name"]):
        raise ClusterConflict(
            f"A cluster named {plan['name']} exists and was not made by this application.",
            do="Choose another clusterName, or delete that cluster.",
        )
    return {"name": cluster["name"], "arn": cluster["arn"], "status": cluster["status"]}


def _create(eks: Any, plan: ClusterPlan, place: Place) -> dict[str, Any]:
    # No outpostConfig: that would be a local cluster, which servers cannot run (ten facts, row 10).
    name, settings = plan["name"], plan["settings"]
    try:
        created: dict[str, Any] = eks.create_cluster(
            name=name,
            version=plan["version"],
            roleArn=place.role_arn,
            resourcesVpcConfig={
                "subnetIds": list(place.subnet_ids),
                "securityGroupIds": [place.security_group_id],
                **_endpoint(settings),
            },
            accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            bootstrapSelfManagedAddons=False,
            upgradePolicy={"supportType": "STANDARD"},
            logging={
                "clusterLogging": [{"types": settings["logTypes"], "enabled": True}]
                if settings["logTypes"]
                else []
            },
            **_encryption(settings["secretsKmsKeyArn"]),
            deletionProtection=settings["deletionProtection"],
            clientRequestToken=client_token(name, "cluster"),
            tags=cluster_tags(name, plan["tags"]),
        )["cluster"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":  # another run was faster
            raise
        if raced := find_cluster(eks, name):
            return raced
        raise NotReadyYet(f"Cluster {name} was created meanwhile, and EKS does not show it yet.") from error
    return created


def _endpoint(settings: ClusterSettings) -> dict[str, Any]:
    # publicAccessCidrs left out would mean 0.0.0.0/0 (EKS API reference, VpcConfigRequest).
    public = settings["publicCidrs"]
    access = {"endpointPrivateAccess": settings["endpointPrivate"], "endpointPublicAccess": bool(public)}
    return {**access, "publicAccessCidrs": public} if public else access


def _encryption(key_arn: str | None) -> dict[str, Any]:
    if key_arn is None:
        return {}
    return {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": key_arn}}]}
