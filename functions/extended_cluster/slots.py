"""Who holds the slots of an Outposts server: what is configured, and every instance in it. Reads only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from extended_cluster.capacity import Room
from extended_cluster.names import CLUSTER_TAG, OUTPOST_TAG, as_dict

# An asset in one of these states takes no new instance (Outposts API reference, ComputeAttributes).
_OUT_OF_SERVICE = frozenset({"ISOLATED", "RETIRING", "INSTALLING"})


@dataclass(frozen=True)
class Node:
    """A node in a slot: an instance with the tags of a cluster of this application, in this account."""

    instance_id: str
    instance_type: str
    outpost_id: str
    cluster: str


@dataclass(frozen=True)
class Holder:
    """An instance in a slot, of any account. service: EC2, or the AWS service that runs it.

    account, service: None where the API leaves them out (all members of AssetInstance are optional).
    """

    instance_id: str
    instance_type: str
    account: str | None
    service: str | None


@dataclass(frozen=True)
class Occupancy:
    """A server's slots by the Outposts API: configured by type, and who is in them, by type and id."""

    outpost_id: str
    total: Counter[str]
    held: Sequence[Holder]

    def rooms(self, instance_types: Iterable[str], nodes: Iterable[Node], cluster: str) -> list[Room]:
        """The room of each type, in the order given; what the nodes of this cluster hold is ours."""
        used = Counter(holder.instance_type for holder in self.held)
        ours = Counter(
            node.instance_type
            for node in nodes
            if (node.outpost_id, node.cluster) == (self.outpost_id, cluster)
        )
        return [Room(name, self.total[name], used[name], ours[name]) for name in instance_types]


def pages(aws: Any, operation: str, member: str, **parameters: Any) -> list[dict[str, Any]]:
    """The member's items of every page."""
    return [item for page in aws.get_paginator(operation).paginate(**parameters) for item in page[member]]


def occupancy(outposts: Any, outpost_id: str) -> Occupancy:
    """Look at one server."""
    assets = pages(outposts, "list_assets", "Assets", OutpostIdentifier=outpost_id)
    found = pages(outposts, "list_asset_instances", "AssetInstances", OutpostIdentifier=outpost_id)
    held = [
        Holder(each["InstanceId"], each["InstanceType"], each.get("AccountId"), each.get("AwsServiceName"))
        for each in found
    ]
    return Occupancy(
        outpost_id, _configured(assets), sorted(held, key=lambda each: (each.instance_type, each.instance_id))
    )


def _configured(assets: Sequence[dict[str, Any]]) -> Counter[str]:
    """Instances of each type that the server's compute assets are configured for (slotting)."""
    count: Counter[str] = Counter()
    for asset in assets:
        compute = asset.get("ComputeAttributes", {})
        if compute.get("State") not in _OUT_OF_SERVICE:
            for capacity in compute.get("InstanceTypeCapacities", []):
                count[capacity["InstanceType"]] += capacity["Count"]
    return count


def nodes(ec2: Any, outpost_ids: Sequence[str]) -> list[Node]:
    """The nodes on these servers, of every cluster that this account sees, while they hold a slot."""
    filters = {
        "tag-key": [CLUSTER_TAG],
        f"tag:{OUTPOST_TAG}": list(outpost_ids),
        "instance-state-name": ["pending", "running"],
    }
    asked = [{"Name": name, "Values": values} for name, values in filters.items()]
    return [
        Node(each["InstanceId"], each["InstanceType"], tags[OUTPOST_TAG], tags[CLUSTER_TAG])
        for reservation in pages(ec2, "describe_instances", "Reservations", Filters=asked)
        for each in reservation["Instances"]
        for tags in [as_dict(each["Tags"])]
    ]
