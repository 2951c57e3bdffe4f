"""The read side of the Outposts API. Every other operation of the service is refused: moto has none of it."""

import re
from typing import TYPE_CHECKING

import botocore.session
from moto.ec2.models.instance_types import INSTANCE_TYPES

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Proceed, only
from simulator.ec2.capacity import Capacity
from simulator.outposts.pages import page
from simulator.outposts.visible import is_visible
from simulator.outposts.world import Asset, Outpost

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# API model, shape OutpostId.
_ID_OR_ARN = re.compile(r"^(arn:aws([a-z-]+)?:outposts:[a-z\d-]+:\d{12}:outpost/)?op-[a-f0-9]{17}$")


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """The operations over the Outposts of ``cloud.world``, each in its own Region."""
    inventory = _Inventory(cloud, Capacity())
    modelled: dict[str, Operation] = {
        "outposts.GetOutpost": inventory.get_outpost,
        "outposts.ListOutposts": inventory.list_outposts,
        "outposts.GetOutpostInstanceTypes": inventory.get_instance_types,
        "outposts.GetOutpostSupportedInstanceTypes": inventory.get_supported_instance_types,
        "outposts.ListAssets": inventory.list_assets,
        "outposts.ListAssetInstances": inventory.list_asset_instances,
    }
    names = botocore.session.get_session().get_service_model("outposts").operation_names
    return {f"outposts.{name}": _refuse for name in names} | modelled


def _refuse(call: Call, _: Proceed) -> Answer:
    raise NotModelled(call.name)


class _Inventory:
    def __init__(self, cloud: "Cloud", capacity: Capacity) -> None:
        self._cloud = cloud
        self._capacity = capacity

    def get_outpost(self, call: Call, _: Proceed) -> Answer:
        only(call, "OutpostId")
        return {"Outpost": _described(self._found(call, "OutpostId"))}

    def list_outposts(self, call: Call, _: Proceed) -> Answer:
        filters = ("LifeCycleStatusFilter", "AvailabilityZoneFilter", "AvailabilityZoneIdFilter")
        only(call, *filters, "MaxResults", "NextToken")
        # Outposts server user guide, "Share your Outposts resources": consumers see an Outpost by this API too.
        outposts = self._cloud.world.outposts
        described = [_described(outpost) for outpost in outposts if is_visible(outpost, call)]
        for name in filters:
            if name in call.params:
                member = name.removesuffix("Filter")
                described = [outpost for outpost in described if outpost[member] in call.params[name]]
        return page(call, "Outposts", described)

    def get_instance_types(self, call: Call, _: Proceed) -> Answer:
        """Launchable as the Outpost is configured now."""
        only(call, "OutpostId", "MaxResults", "NextToken")
        outpost = self._found(call, "OutpostId")
        types = page(call, "InstanceTypes", [_type(name) for name in outpost.configured])
        return types | {"OutpostId": outpost.id, "OutpostArn": outpost.arn}

    def get_supported_instance_types(self, call: Call, _: Proceed) -> Answer:
        """What a capacity task could configure, launchable now or not (API model's documentation)."""
        only(call, "OutpostIdentifier", "MaxResults", "NextToken")
        outpost = self._found(call, "OutpostIdentifier")
        return page(call, "InstanceTypes", [_type(name) for name in outpost.supported])

    def list_assets(self, call: Call, _: Proceed) -> Answer:
        only(call, "OutpostIdentifier", "StatusFilter", "AssetTypeFilter", "MaxResults", "NextToken")
        states = call.params.get("StatusFilter")
        types = call.params.get("AssetTypeFilter")
        assets = self._owned(call).assets
        chosen = [
            a for a in assets if (not states or a.state in states) and (not types or "COMPUTE" in types)
        ]
        return page(call, "Assets", [_asset(asset) for asset in chosen])

    def list_asset_instances(self, call: Call, _: Proceed) -> Answer:
        """Instances of all accounts on the Outpost (API model: ListAssetInstancesOutput)."""
        filters = {
            "AssetIdFilter": "AssetId",
            "InstanceTypeFilter": "InstanceType",
            "AccountIdFilter": "AccountId",
            "AwsServiceFilter": "AwsServiceName",
        }
        only(call, "OutpostIdentifier", *filters, "MaxResults", "NextToken")
        found = self._capacity.occupants(self._owned(call))
        for name, member in filters.items():
            if name in call.params:
                found = [instance for instance in found if instance[member] in call.params[name]]
        return page(call, "AssetInstances", found)

    def _owned(self, call: Call) -> Outpost:
        outpost = self._found(call, "OutpostIdentifier")
        if outpost.owner != call.account:
            # The guide does not list what of the API a consumer may use.
            raise NotModelled(f"{call.name} by a consumer of a shared Outpost")
        return outpost

    def _found(self, call: Call, parameter: str) -> Outpost:
        id_or_arn = call.params[parameter]
        if not _ID_OR_ARN.match(id_or_arn):
            raise AwsError("ValidationException", f"{id_or_arn} is not a valid Outpost ID or ARN")  # assumed
        outpost = self._cloud.world.outpost(id_or_arn)
        if outpost is None or not is_visible(outpost, call):
            # The API model gives the error and its status; the wording is assumed.
            raise AwsError("NotFoundException", f"Outpost {id_or_arn} was not found", status=404)
        return outpost


def _described(outpost: Outpost) -> Answer:
    described: Answer = {
        "OutpostId": outpost.id,
        "OwnerId": outpost.owner,
        "OutpostArn": outpost.arn,
        "SiteId": outpost.site,
        "SiteArn": outpost.arn.replace("outpost/" + outpost.id, "site/" + outpost.site),
        "Name": outpost.name,
        "Description": outpost.description,
        "LifeCycleStatus": outpost.status,
        "AvailabilityZone": outpost.zone,
        "AvailabilityZoneId": outpost.zone_id,
        "Tags": {},
        "SupportedHardwareType": outpost.hardware,
        # Generation and scaling type are a rack's only (API model's documentation).
        "Generation": outpost.generation,
        "RackScalingType": outpost.rack_scaling,
    }
    return {name: value for name, value in described.items() if value is not None}


def _type(name: str) -> Answer:
    return {"InstanceType": name, "VCPUs": INSTANCE_TYPES[name]["VCpuInfo"]["DefaultVCpus"]}


def _asset(asset: Asset) -> Answer:
    capacities = [{"InstanceType": name, "Count": count} for name, count in asset.capacities.items()]
    described: Answer = {
        "AssetId": asset.id,
        "AssetType": "COMPUTE",
        "ComputeAttributes": {
            "State": asset.state,
            "InstanceFamilies": list(asset.families),
            "InstanceTypeCapacities": capacities,
            "MaxVcpus": asset.max_vcpus,
        },
    }
    return described | ({"RackId": asset.rack} if asset.rack else {})
