"""The finite slots of an Outpost: what is configured, what occupies it, what is free."""

from collections import Counter

from simulator.call import Answer, AwsError
from simulator.ec2 import moto_state
from simulator.outposts.world import Outpost


class Capacity:
    """Nothing is kept here: slots follow from the configuration and the instances that exist."""

    def free(self, outpost: Outpost, instance_type: str) -> int:
        """Free slots of a type. Only ACTIVE assets can take an instance (API model, ComputeAttributes.State)."""
        active = [asset for asset in outpost.assets if asset.state == "ACTIVE"]
        configured = sum(asset.capacities.get(instance_type, 0) for asset in active)
        taken = Counter(occupant["InstanceType"] for occupant in self.occupants(outpost))
        return max(0, configured - taken[instance_type])

    def take(self, outpost: Outpost, instance_type: str, least: int, most: int) -> int:
        """How many instances get a slot: as many as possible, at least ``least``, else none (RunInstances)."""
        free = self.free(outpost, instance_type)
        if free < least:
            # Code, status and wording are the Region's (Auto Scaling guide, "Troubleshoot instance launch
            # failures"), and assumed for a server. The EKS guide ("Troubleshoot local clusters") knows another
            # code for an Outpost without room, InsufficientCapacityOnOutpost, with "There is not enough capacity
            # on the Outpost to launch or start the instance."; which of the two a server gives is not published.
            message = (
                f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you"
            )
            raise AwsError(
                "InsufficientInstanceCapacity", f"{message} requested ({outpost.zone}).", status=500
            )
        return min(free, most)

    def occupants(self, outpost: Outpost) -> list[Answer]:
        """What runs on the Outpost, in the shape of outposts' AssetInstance."""
        others = [
            _occupant(work.instance, work.type, asset.id, work.account, work.service)
            for asset in outpost.assets
            for work in asset.workloads
        ]
        # A slot is free again when its instance is terminated, not before. Ours are all put on the first
        # asset: a server is one asset, and launches on racks are not modelled.
        ours = [
            _occupant(instance.id, instance.instance_type, outpost.assets[0].id, instance.owner_id, "EC2")
            for instance in moto_state.instances_on(outpost.arn, outpost.region)
            if instance.state != "terminated"
        ]
        return others + ours


def _occupant(instance_id: str, instance_type: str, asset_id: str, account: str, service: str) -> Answer:
    return {
        "InstanceId": instance_id,
        "InstanceType": instance_type,
        "AssetId": asset_id,
        "AccountId": account,
        "AwsServiceName": service,
    }
