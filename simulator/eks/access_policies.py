"""Access policies: what EKS itself authorises an access entry's principal to do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator.call import Answer, AwsError, Call, NotModelled, only
from simulator.eks.access_entries import POLICY_PREFIX, cluster_with_entries, entry_of, not_standard
from simulator.eks.offer import offer
from simulator.eks.pages import page
from simulator.eks.records import AccessEntry, Store

if TYPE_CHECKING:
    from simulator.cloud import Cloud


class AccessPolicies:
    """The access policy operations."""

    def __init__(self, cloud: "Cloud", store: Store) -> None:
        self._cloud = cloud
        self._store = store

    def associate(self, call: Call) -> Answer:
        """AssociateAccessPolicy; once more with another scope changes the scope (assumed)."""
        only(call, "clusterName", "principalArn", "policyArn", "accessScope")
        entry = self._entry(call)
        if entry.type == "EC2":
            raise NotModelled("access policies of Auto Mode's access entries")
        if entry.type != "STANDARD":
            raise not_standard()
        arn = call.params["policyArn"]
        if arn.removeprefix(POLICY_PREFIX) not in offer()["accessPolicies"] or not arn.startswith(
            POLICY_PREFIX
        ):
            message = f"The specified policyArn is invalid: {arn}"  # wording assumed
            raise AwsError("InvalidParameterException", message)
        now = self._cloud.clock.now()
        before = entry.policies.get(arn)
        entry.policies[arn] = {
            "policyArn": arn,
            "accessScope": _scope(call.params["accessScope"]),
            "associatedAt": before["associatedAt"] if before else now,
            "modifiedAt": now,
        }
        return {
            "clusterName": call.params["clusterName"],
            "principalArn": entry.principal_arn,
            "associatedAccessPolicy": dict(entry.policies[arn]),
        }

    def disassociate(self, call: Call) -> Answer:
        """DisassociateAccessPolicy."""
        only(call, "clusterName", "principalArn", "policyArn")
        entry = self._entry(call)
        if entry.policies.pop(call.params["policyArn"], None) is None:
            # Code: API model; wording assumed.
            message = f"The specified policyArn is not associated: {call.params['policyArn']}"
            raise AwsError("ResourceNotFoundException", message, 404)
        return {}

    def associated(self, call: Call) -> Answer:
        """ListAssociatedAccessPolicies."""
        only(call, "clusterName", "principalArn", "maxResults", "nextToken")
        entry = self._entry(call)
        found = page(
            [dict(policy) for policy in entry.policies.values()], call.params, "associatedAccessPolicies"
        )
        return {"clusterName": call.params["clusterName"], "principalArn": entry.principal_arn, **found}

    def list(self, call: Call) -> Answer:
        """ListAccessPolicies."""
        only(call, "maxResults", "nextToken")
        known = [{"name": name, "arn": POLICY_PREFIX + name} for name in offer()["accessPolicies"]]
        return page(known, call.params, "accessPolicies")

    def _entry(self, call: Call) -> AccessEntry:
        cluster = cluster_with_entries(self._store, call.params["clusterName"])
        return entry_of(cluster, call.params["principalArn"])


def _scope(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Namespaces exactly when the type is namespace: API model, AccessScope; wording assumed."""
    kind, namespaces = asked.get("type"), list(asked.get("namespaces", []))
    if kind not in {"cluster", "namespace"} or (kind == "namespace") != bool(namespaces):
        message = "The accessScope must be of type cluster without namespaces, or of type namespace with some"
        raise AwsError("InvalidParameterException", message)
    return {"type": kind, "namespaces": namespaces}
