"""UpdateAddon and DescribeUpdate: an add-on's new configuration."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from simulator.call import Answer, AwsError, Call, NotModelled, only
from simulator.eks.addon_versions import check_configuration
from simulator.eks.records import Addon, Store

if TYPE_CHECKING:
    from simulator.cloud import Cloud


@dataclass
class _Update:
    """answer: the Update of the API model; owner: names of the cluster and the add-on."""

    answer: dict[str, Any]
    owner: tuple[str, str]


class AddonUpdates:
    """The two operations. Of UpdateAddon only configurationValues is modelled, the version stays."""

    def __init__(self, cloud: "Cloud", store: Store) -> None:
        self._cloud = cloud
        self._store = store
        self._updates: dict[str, _Update] = {}

    def update(self, call: Call) -> Answer:
        """UpdateAddon: UPDATING, then ACTIVE after a while; the new values show at once (assumed)."""
        only(
            call, "clusterName", "addonName", "configurationValues", "resolveConflicts", "clientRequestToken"
        )
        params = call.params
        if "configurationValues" not in params:
            raise NotModelled("eks.UpdateAddon without configurationValues")
        cluster = self._store.active_cluster(params["clusterName"])
        addon = cluster.addon(params["addonName"])
        if self._store.seen("UpdateAddon", params):
            found = next(u for u in self._updates.values() if u.owner == (cluster.name, addon.name))
            return {"update": found.answer}
        if addon.status not in {"ACTIVE", "DEGRADED", "UPDATE_FAILED"}:
            # Code: API model, ResourceInUseException; wording assumed.
            message = f"Addon {addon.name} is in {addon.status} status"
            raise AwsError(
                "ResourceInUseException", message, 409, clusterName=cluster.name, addonName=addon.name
            )
        check_configuration(addon.name, params["configurationValues"])
        addon.settings["configurationValues"] = params["configurationValues"]
        addon.status, addon.modified_at = "UPDATING", self._cloud.clock.now()
        self._store.remember("UpdateAddon", params)
        answer = {
            "id": str(uuid5(NAMESPACE_URL, f"{addon.arn}/{call.request_id}")),
            "status": "InProgress",
            "type": "AddonUpdate",
            "params": [{"type": "ConfigurationValues", "value": params["configurationValues"]}],
            "createdAt": self._cloud.clock.now(),
            "errors": [],
        }
        # The latest of an add-on stands first.
        self._updates = {
            str(answer["id"]): _Update(answer, (cluster.name, addon.name)),
            **self._updates,
        }
        seconds = self._cloud.latency("eks.addon.update", key=f"{cluster.name}/{addon.name}")
        self._cloud.clock.call_later(seconds, lambda: self._finish(addon, answer))
        return {"update": dict(answer)}

    def describe(self, call: Call) -> Answer:
        """DescribeUpdate, of add-ons."""
        only(call, "name", "updateId", "addonName")
        owner = (call.params["name"], call.params.get("addonName", ""))
        found = self._updates.get(call.params["updateId"])
        if found is None or found.owner != owner:
            message = f"No update found for ID: {call.params['updateId']}"  # wording assumed
            raise AwsError("ResourceNotFoundException", message, 404)
        return {"update": dict(found.answer)}

    def _finish(self, addon: Addon, answer: dict[str, Any]) -> None:
        if addon.status == "UPDATING":
            addon.status, addon.modified_at = "ACTIVE", self._cloud.clock.now()
            addon.issues = []
        answer["status"] = "Successful"
