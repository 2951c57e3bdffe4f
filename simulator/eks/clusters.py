"""Clusters: CreateCluster, DescribeCluster, ListClusters, UpdateClusterConfig, DeleteCluster."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from simulator.call import Answer, AwsError, Call, NotModelled, only
from simulator.eks import cluster_network, cluster_settings
from simulator.eks.access_entries import new_entry, with_policy
from simulator.eks.certificate import new_authority
from simulator.eks.pages import page
from simulator.eks.records import Cluster, Store
from simulator.eks.tags import checked_tags
from simulator.eks.versions import chosen_version

if TYPE_CHECKING:
    from simulator.cloud import Cloud


class Clusters:
    """The cluster operations.

    Not modelled: the control plane's own 2-4 network interfaces in the cluster subnets, node groups, Fargate.
    """

    def __init__(self, cloud: "Cloud", store: Store) -> None:
        self._cloud = cloud
        self._store = store

    def create(self, call: Call) -> Answer:
        """CreateCluster: checked at once, ACTIVE (or FAILED) after its time."""
        cluster_settings.check_request(call)
        name = call.params["name"]
        if self._store.seen("CreateCluster", call.params):
            return {"cluster": describe(self._store.cluster(name))}
        self._refuse_duplicate(name)
        problem = cluster_settings.check_role(self._cloud, call.params["roleArn"])
        cluster = self._new(call)
        self._refuse_duplicate(name)
        self._store.clusters[name] = cluster
        self._store.remember("CreateCluster", call.params)
        answer = {"cluster": describe(cluster)}
        # Last, because time may pass from here on.
        self._later("create", cluster, lambda: self._finish(cluster, problem))
        return answer

    def describe(self, call: Call) -> Answer:
        """DescribeCluster."""
        only(call, "name")
        return {"cluster": describe(self._store.cluster(call.params["name"]))}

    def list(self, call: Call) -> Answer:
        """ListClusters; connected (registered) clusters do not exist here, so ``include`` changes nothing."""
        only(call, "maxResults", "nextToken", "include")
        return page(sorted(self._store.clusters), call.params, "clusters")

    def update(self, call: Call) -> Answer:
        """UpdateClusterConfig, deletionProtection alone; in effect at once (assumed)."""
        only(call, "name", "deletionProtection", "clientRequestToken")
        if "deletionProtection" not in call.params:
            raise NotModelled("eks.UpdateClusterConfig without deletionProtection")
        cluster = self._store.active_cluster(call.params["name"])
        wanted = call.params["deletionProtection"]
        if cluster.deletion_protection == wanted:
            # Worded after "No changes needed for the logging config provided"; assumed for this one.
            message = "No changes needed for the deletion protection config provided"
            raise AwsError("InvalidParameterException", message, clusterName=cluster.name)
        cluster.deletion_protection = wanted
        update = {
            "id": str(uuid5(NAMESPACE_URL, f"{cluster.arn}/{call.request_id}")),
            "status": "Successful",
            "type": "DeletionProtectionUpdate",
            "params": [{"type": "DeletionProtection", "value": str(wanted).lower()}],
            "createdAt": self._cloud.clock.now(),
            "errors": [],
        }
        return {"update": update}

    def delete(self, call: Call) -> Answer:
        """DeleteCluster: DELETING, then gone. Access entries and add-ons go with it."""
        only(call, "name")
        cluster = self._store.cluster(call.params["name"])
        if cluster.status in {"CREATING", "DELETING"}:
            # Code: API model, DeleteCluster; worded after "Cannot delete because cluster ... currently has an
            # update in progress", assumed for these states.
            message = f"Cannot delete because cluster {cluster.name} is in {cluster.status} status"
            raise AwsError("ResourceInUseException", message, 409, clusterName=cluster.name)
        if cluster.deletion_protection and cluster.status == "ACTIVE":
            # "only applies to clusters in an active state": API model, deletionProtection; wording assumed.
            message = f"Cannot delete cluster {cluster.name} because deletion protection is enabled"
            raise AwsError("InvalidRequestException", message, clusterName=cluster.name)
        cluster.status = "DELETING"
        self._cloud.control_planes.close(cluster)
        answer = {"cluster": describe(cluster)}
        self._later("delete", cluster, lambda: self._remove(cluster))
        return answer

    def _new(self, call: Call) -> Cluster:
        """The record of a request that is checked on the way."""
        cloud, params = self._cloud, call.params
        now = cloud.clock.now()
        version = chosen_version(params.get("version"), now)
        vpc_id, vpc_config = cluster_network.vpc_config(cloud, params["resourcesVpcConfig"])
        mode, bootstrap = cluster_settings.access_mode(params.get("accessConfig", {}))
        network = cluster_network.network_config(cloud, params.get("kubernetesNetworkConfig", {}), vpc_id)
        settings = {
            "roleArn": params["roleArn"],
            "platformVersion": version["defaultPlatformVersion"],
            "kubernetesNetworkConfig": network,
            "logging": cluster_settings.logging(params.get("logging", {})),
            "upgradePolicy": cluster_settings.upgrade_policy(params.get("upgradePolicy", {}), version),
        }
        if "encryptionConfig" in params:
            settings["encryptionConfig"] = cluster_settings.encryption(params["encryptionConfig"])
        if "clientRequestToken" in params:
            settings["clientRequestToken"] = params["clientRequestToken"]
        cluster = Cluster(
            name=params["name"],
            arn=f"arn:aws:eks:{cloud.region}:{cloud.account}:cluster/{params['name']}",
            version=version["clusterVersion"],
            created_at=now,
            vpc_id=vpc_id,
            tags=checked_tags(params.get("tags", {})),
            deletion_protection=params.get("deletionProtection", False),
            authentication_mode=mode,
            settings=settings,
            vpc_config=vpc_config,
            identifier=_identifier(cloud.seed, params["name"], now.isoformat()),
            authority=new_authority(now),
        )
        if bootstrap and mode != "CONFIG_MAP":
            # API model, bootstrapClusterCreatorAdminPermissions. With CONFIG_MAP there is no entry to see.
            creator = call.caller.role_arn or call.caller.arn
            if not creator.startswith("arn:"):
                raise NotModelled(f"a cluster created by {creator} in nobody's name")
            entry = new_entry(cloud, cluster, creator, "STANDARD", now)
            cluster.entries[creator] = with_policy(entry, "AmazonEKSClusterAdminPolicy", now)
        return cluster

    def _refuse_duplicate(self, name: str) -> None:
        if name in self._store.clusters:
            # moto.eks.models CLUSTER_EXISTS_MSG, taken from the real API.
            message = f"Cluster already exists with name: {name}"
            raise AwsError("ResourceInUseException", message, 409, clusterName=name)

    def _finish(self, cluster: Cluster, problem: str | None) -> None:
        if problem:
            cluster.issues = [
                {"code": "AccessDenied", "message": problem, "resourceIds": [cluster.settings["roleArn"]]}
            ]
            cluster.status = "FAILED"
            return
        cluster.security_group_id = cluster_network.make_cluster_security_group(self._cloud, cluster)
        cluster.endpoint = self._cloud.control_planes.open(cluster)
        cluster.status = "ACTIVE"

    def _remove(self, cluster: Cluster) -> None:
        if cluster.security_group_id:
            cluster_network.remove_cluster_security_group(self._cloud, cluster.security_group_id)
        del self._store.clusters[cluster.name]
        self._store.forget("CreateCluster", name=cluster.name)
        self._store.forget("CreateAccessEntry", clusterName=cluster.name)
        self._store.forget("CreateAddon", clusterName=cluster.name)

    def _later(self, what: str, cluster: Cluster, action: Callable[[], None]) -> None:
        self._cloud.clock.call_later(self._cloud.latency(f"eks.cluster.{what}", key=cluster.name), action)


def describe(cluster: Cluster) -> dict[str, Any]:
    """The Cluster of the API model.

    Endpoint and certificate authority "aren't available until the cluster reaches the ACTIVE state" (API model,
    DescribeCluster); nor is the cluster security group (aws/aws-cdk #18746 shows null after six minutes), nor,
    assumed, the OIDC issuer. bootstrapClusterCreatorAdminPermissions is never returned (aws/containers-roadmap
    #185).
    """
    answer: dict[str, Any] = {
        "name": cluster.name,
        "arn": cluster.arn,
        "createdAt": cluster.created_at,
        "version": cluster.version,
        **cluster.settings,
        "resourcesVpcConfig": dict(cluster.vpc_config),
        "accessConfig": {"authenticationMode": cluster.authentication_mode},
        "certificateAuthority": {},
        "status": cluster.status,
        "tags": dict(cluster.tags),
        "health": {"issues": list(cluster.issues)},
        "deletionProtection": cluster.deletion_protection,
    }
    if cluster.security_group_id:
        answer["resourcesVpcConfig"]["clusterSecurityGroupId"] = cluster.security_group_id
        region = cluster.arn.split(":")[3]
        answer["endpoint"] = cluster.endpoint
        answer["identity"] = {
            "oidc": {"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{cluster.identifier}"}
        }
        answer["certificateAuthority"] = {"data": cluster.authority.data}
    return answer


def _identifier(*parts: object) -> str:
    return hashlib.md5("/".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest().upper()
