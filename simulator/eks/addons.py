"""Add-ons of a cluster: CreateAddon, DescribeAddon, ListAddons, DeleteAddon."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from simulator.call import Answer, AwsError, Call, only
from simulator.eks import principals
from simulator.eks.addon_versions import addon as offered_addon
from simulator.eks.addon_versions import check_configuration, chosen_addon_version
from simulator.eks.pages import page
from simulator.eks.records import Addon, Cluster, Store
from simulator.eks.tags import checked_tags

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# The simulator's own: seconds between two looks for a node, or this share of the time waited if that is longer.
_LOOK_EVERY, _LOOK_SHARE = 5.0, 1 / 20
# As live clusters show it, in public reports.
_NO_REPLICAS = "The add-on is unhealthy because it doesn't have the desired number of replicas."


class Addons:
    """The add-on operations.

    resolveConflicts is accepted and does nothing: self-managed add-ons (bootstrapSelfManagedAddons) leave nothing
    behind here that could conflict.
    """

    def __init__(self, cloud: "Cloud", store: Store) -> None:
        self._cloud = cloud
        self._store = store

    def create(self, call: Call) -> Answer:
        """CreateAddon: CREATING, then ACTIVE after a while; coredns only once there is a node."""
        only(
            call,
            "clusterName",
            "addonName",
            "addonVersion",
            "serviceAccountRoleArn",
            "resolveConflicts",
            "clientRequestToken",
            "tags",
            "configurationValues",
        )
        params = call.params
        name = params["addonName"]
        offered_addon(name)
        cluster = self._store.active_cluster(params["clusterName"])
        if self._store.seen("CreateAddon", params):
            return {"addon": describe(cluster, cluster.addon(name))}
        version = chosen_addon_version(name, cluster.version, params.get("addonVersion"))
        if "configurationValues" in params:
            check_configuration(name, params["configurationValues"])
        self._check_role(params.get("serviceAccountRoleArn"))
        if name in cluster.addons:
            # Wording from public reports.
            raise AwsError(
                "ResourceInUseException",
                "Addon already exists.",
                409,
                clusterName=cluster.name,
                addonName=name,
            )
        addon = self._new(cluster, call, version)
        cluster.addons[name] = addon
        self._store.remember("CreateAddon", params)
        answer = {"addon": describe(cluster, addon)}
        # Last, because time may pass from here on.
        if name == "coredns":
            self._start_coredns(cluster, addon)
        else:
            self._later("create", cluster, addon, lambda: self._finish(addon))
        return answer

    def describe(self, call: Call) -> Answer:
        """DescribeAddon."""
        only(call, "clusterName", "addonName")
        cluster = self._store.cluster(call.params["clusterName"])
        return {"addon": describe(cluster, cluster.addon(call.params["addonName"]))}

    def list(self, call: Call) -> Answer:
        """ListAddons."""
        only(call, "clusterName", "maxResults", "nextToken")
        cluster = self._store.cluster(call.params["clusterName"])
        return page(sorted(cluster.addons), call.params, "addons")

    def delete(self, call: Call) -> Answer:
        """DeleteAddon: DELETING, then gone. preserve keeps the software on the cluster, which nothing shows here."""
        only(call, "clusterName", "addonName", "preserve")
        cluster = self._store.active_cluster(call.params["clusterName"])
        addon = cluster.addon(call.params["addonName"])
        if addon.status == "DELETING":
            # Code: API model; wording assumed.
            message = "Addon is being deleted."
            raise AwsError("InvalidRequestException", message, clusterName=cluster.name, addonName=addon.name)
        self._become(addon, "DELETING")
        answer = {"addon": describe(cluster, addon)}
        self._later("delete", cluster, addon, lambda: self._remove(cluster, addon))
        return answer

    def _new(self, cluster: Cluster, call: Call, version: str) -> Addon:
        cloud, params = self._cloud, call.params
        now = cloud.clock.now()
        unique = uuid5(NAMESPACE_URL, f"{cluster.identifier}/{params['addonName']}/{now.isoformat()}")
        kept = ("serviceAccountRoleArn", "configurationValues")
        return Addon(
            name=params["addonName"],
            arn=f"arn:aws:eks:{cloud.region}:{cloud.account}:addon/{cluster.name}/{params['addonName']}/{unique}",
            version=version,
            tags=checked_tags(params.get("tags", {})),
            settings={member: params[member] for member in kept if member in params},
            created_at=now,
            modified_at=now,
        )

    def _start_coredns(self, cluster: Cluster, addon: Addon) -> None:
        """coredns needs a node to run on (facts.md section 4): it rolls out once one has joined, and is DEGRADED
        meanwhile, as soon as the time for its creation is over. Times assumed.
        """
        clock = self._cloud.clock
        began = clock.time()
        rolling_out = False

        def degrade() -> None:
            if addon.status == "CREATING" and not rolling_out:
                addon.issues = [{"code": "InsufficientNumberOfReplicas", "message": _NO_REPLICAS}]
                self._become(addon, "DEGRADED")

        def look() -> None:
            nonlocal rolling_out
            if cluster.addons.get("coredns") is not addon or addon.status == "DELETING":
                return
            if cluster.status != "ACTIVE":
                return
            if self._cloud.guest.joined_nodes(cluster):
                rolling_out = True
                clock.call_later(
                    self._cloud.latency("eks.addon.coredns", key=cluster.name), lambda: self._finish(addon)
                )
            elif (seconds := self._cloud.guest.seconds_to_next_join(cluster)) is not None:
                clock.call_later(seconds, look)
            else:
                # In the background: waiting for a node that may never come must not make time pass.
                wait = max(_LOOK_EVERY, (clock.time() - began) * _LOOK_SHARE)
                clock.call_later(wait, look, background=True)

        look()
        self._later("create", cluster, addon, degrade)

    def _finish(self, addon: Addon) -> None:
        """ACTIVE, unless somebody has deleted it meanwhile."""
        if addon.status != "DELETING":
            addon.issues = []
            self._become(addon, "ACTIVE")

    def _become(self, addon: Addon, status: str) -> None:
        addon.status = status
        addon.modified_at = self._cloud.clock.now()

    def _remove(self, cluster: Cluster, addon: Addon) -> None:
        del cluster.addons[addon.name]
        self._store.forget("CreateAddon", clusterName=cluster.name, addonName=addon.name)

    def _later(self, what: str, cluster: Cluster, addon: Addon, action: Callable[[], None]) -> None:
        seconds = self._cloud.latency(f"eks.addon.{what}", key=f"{cluster.name}/{addon.name}")
        self._cloud.clock.call_later(seconds, action)

    def _check_role(self, arn: str | None) -> None:
        if arn is not None and principals.role(self._cloud, arn) is None:
            # "The ARN of an existing IAM role": API model; wording assumed.
            raise AwsError("InvalidParameterException", f"The role {arn} does not exist.")


def describe(cluster: Cluster, addon: Addon) -> dict[str, Any]:
    """The Addon of the API model."""
    return {
        "addonName": addon.name,
        "clusterName": cluster.name,
        "status": addon.status,
        "addonVersion": addon.version,
        "health": {"issues": list(addon.issues)},
        "addonArn": addon.arn,
        "createdAt": addon.created_at,
        "modifiedAt": addon.modified_at,
        "tags": dict(addon.tags),
        "publisher": "eks",
        "owner": "aws",
        "namespaceConfig": {"namespace": offered_addon(addon.name)["namespace"]},
        **addon.settings,
    }
