"""Nodes with a local network interface in a cluster of EksAccount, which has no Outposts."""

from typing import Any

from extended_cluster.names import LNI_READY, LNI_READY_LABEL
from extended_cluster.types import LniSpec
from simulator.ec2 import moto_state
from simulator.kube.objects import How
from simulator.kube.resources import NODES
from tests.simulator.eks_account import OUTPOST, EksAccount
from tests.simulator.test_guest_join import NAME, launch
from tests.simulator.test_kube_controllers import settled
from tests.unit.server_plan import LNI

FIRST = OUTPOST.rpartition("/")[2]
SECOND = "op-0a1b2c3d4e5f60009"


def begin(account: EksAccount, lni: LniSpec = LNI, outpost_id: str = FIRST) -> str:
    """An instance that will join, with its LNI at device index 1; its id."""
    document = account.user_data(NAME, lni).replace(FIRST, outpost_id)
    instance_id = launch(account, document)
    made = account.ec2.create_network_interface(SubnetId=account.edge)["NetworkInterface"][
        "NetworkInterfaceId"
    ]
    account.ec2.attach_network_interface(NetworkInterfaceId=made, InstanceId=instance_id, DeviceIndex=1)
    backend: Any = moto_state.backend(account.cloud)
    backend.enis[made].lni = True  # what the ec2 layer decides of an interface in an Outpost subnet
    backend.get_instance(instance_id).outpost_arn = OUTPOST.replace(FIRST, outpost_id)
    return instance_id


def nodes(account: EksAccount, *instances: str) -> list[str]:
    """Their names once they have joined, with the label that says that their LNI was verified."""
    settled(account, 150)
    objects = settled(account).objects
    by_id = {node["spec"]["providerID"].rpartition("/")[2]: node for node in objects.list(NODES, "")}
    names = [by_id[instance_id]["metadata"]["name"] for instance_id in instances]
    for name in names:
        body = {"metadata": {"name": name, "labels": {LNI_READY_LABEL: LNI_READY}}}
        objects.apply(NODES, "", name, body, How("eks-outposts-servers"))
    return names
