"""EKS with its own store: moto's clusters are ACTIVE at once and take any parameter.

Whatever is not answered here is refused; nothing reaches moto's EKS.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import botocore.session

from simulator.call import Answer, Call, NotModelled, Operation
from simulator.eks.access_entries import AccessEntries
from simulator.eks.access_policies import AccessPolicies
from simulator.eks.addon_updates import AddonUpdates
from simulator.eks.addon_versions import describe_addon_configuration, describe_addon_versions
from simulator.eks.addons import Addons
from simulator.eks.clusters import Clusters
from simulator.eks.records import Store
from simulator.eks.tags import Tags
from simulator.eks.versions import describe_cluster_versions

if TYPE_CHECKING:
    from simulator.cloud import Cloud

__all__ = ["operations"]


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Every operation of the EKS model: answered, or refused as not modelled."""
    # Not at the top: kube looks at EKS's own records.
    from simulator.kube import ControlPlanes

    store = cloud.clusters = Store()
    cloud.control_planes = ControlPlanes(cloud)
    clusters, addons, updates = Clusters(cloud, store), Addons(cloud, store), AddonUpdates(cloud, store)
    entries, policies, tags = AccessEntries(cloud, store), AccessPolicies(cloud, store), Tags(store)
    answered: dict[str, Callable[[Call], Answer]] = {
        "DescribeClusterVersions": lambda call: describe_cluster_versions(call, cloud.clock.now()),
        "CreateCluster": clusters.create,
        "DescribeCluster": clusters.describe,
        "ListClusters": clusters.list,
        "UpdateClusterConfig": clusters.update,
        "DeleteCluster": clusters.delete,
        "CreateAccessEntry": entries.create,
        "DescribeAccessEntry": entries.describe,
        "ListAccessEntries": entries.list,
        "UpdateAccessEntry": entries.update,
        "DeleteAccessEntry": entries.delete,
        "AssociateAccessPolicy": policies.associate,
        "DisassociateAccessPolicy": policies.disassociate,
        "ListAssociatedAccessPolicies": policies.associated,
        "ListAccessPolicies": policies.list,
        "CreateAddon": addons.create,
        "DescribeAddon": addons.describe,
        "ListAddons": addons.list,
        "DeleteAddon": addons.delete,
        "UpdateAddon": updates.update,
        "DescribeUpdate": updates.describe,
        "DescribeAddonVersions": describe_addon_versions,
        "DescribeAddonConfiguration": describe_addon_configuration,
        "TagResource": tags.tag,
        "UntagResource": tags.untag,
        "ListTagsForResource": tags.list,
    }
    names = botocore.session.get_session().get_service_model("eks").operation_names
    return {f"eks.{name}": _operation(answered.get(name, _refuse)) for name in names}


def _operation(answer: Callable[[Call], Answer]) -> Operation:
    return lambda call, _proceed: answer(call)


def _refuse(call: Call) -> Answer:
    raise NotModelled(call.name)
