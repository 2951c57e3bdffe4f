"""Nodes: the instances that the guest layer says have joined."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import yaml

from simulator.call import AwsError
from simulator.eks.cluster_network import EKS
from simulator.guest import joining, mime
from simulator.guest.lan import Link
from simulator.kube.objects import How
from simulator.kube.resources import LEASES, NODES
from simulator.kube.store import micro_stamp, stamp

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers

type Json = dict[str, Any]

# kubelet renews its lease every 10 s; the node controller waits 40 s for one (documentation, "Nodes", "Leases").
_RENEWED_EVERY, _GRACE = 10, 40
_LEASES_IN = "kube-node-lease"
_HOW = How("kubelet")


@dataclass
class Member:
    """An instance that joined. joined_at: clock seconds; link: its LNI, if that is up; lost_at: since when it is a
    node no more, or None."""

    instance: Json
    name: str
    joined_at: float
    link: Link | None
    lost_at: float | None = None

    @property
    def address(self) -> str:
        """Its first VPC address."""
        return str(self.instance["PrivateIpAddress"])

    @property
    def lni(self) -> str | None:
        """The guest's name of its LNI, if that is up."""
        return self.link.interface if self.link else None


def look(loop: "Controllers") -> None:
    """Ask the guest layer who has joined, and whose LNI carries traffic; keeps ``loop.joined`` by instance id."""
    now = loop.cloud.clock.time()
    guest = loop.cloud.guest
    present = guest.joined_nodes(loop.cluster)
    for instance_id in present:
        link = guest.link(instance_id)
        if member := loop.joined.get(instance_id):
            member.link, member.lost_at = link, None
        else:
            instance = guest.described(instance_id)
            joined_at = loop.cluster.node_ready_at[instance_id]
            loop.joined[instance_id] = Member(instance, instance["PrivateDnsName"], joined_at, link)
    for instance_id, member in loop.joined.items():
        if instance_id not in present:
            member.link = None
            member.lost_at = now if member.lost_at is None else member.lost_at


def register(loop: "Controllers") -> None:
    """A Node for every instance that joined; none for one that is terminated (cloud-controller-manager)."""
    for instance_id, member in list(loop.joined.items()):
        node = loop.store.get(NODES, "", member.name)
        if member.lost_at is not None and _is_gone(loop, instance_id):
            del loop.joined[instance_id]
            loop.forget(f"node/{member.name}")
            if node:
                loop.store.drop(NODES.key, node)
            if lease := loop.store.get(LEASES, _LEASES_IN, member.name):
                loop.store.drop(LEASES.key, lease)
        elif node is None:
            loop.objects.create(NODES, "", _node(loop, instance_id, member), _HOW)


def heartbeat(loop: "Controllers") -> None:
    """Each node's Ready condition and lease, as of now."""
    now = loop.cloud.clock.time()
    for member in loop.joined.values():
        last = now if member.lost_at is None else member.lost_at
        renewed = last - (last - member.joined_at) % _RENEWED_EVERY
        _renew(loop, member, renewed)
        lost = member.lost_at is not None and loop.at(f"node/{member.name}", member.lost_at + _GRACE)
        node = loop.objects.get(NODES, "", member.name)
        condition = _condition(loop, lost=lost)
        before: Json = next((c for c in node["status"].get("conditions", ()) if c["type"] == "Ready"), {})
        same = before.get("status") == condition["status"] and before.get("reason") == condition["reason"]
        condition["lastTransitionTime"] = before["lastTransitionTime"] if same else loop.store.now()
        condition["lastHeartbeatTime"] = stamp(datetime.fromtimestamp(renewed, UTC))
        if not same:
            loop.objects.set_status(NODES, node, {**node["status"], "conditions": [condition]}, "kubelet")


def is_ready(node: Json) -> bool:
    """Whether its condition Ready is True."""
    conditions = node.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _condition(loop: "Controllers", *, lost: bool) -> Json:
    if lost:
        told = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
    elif "vpc-cni" not in loop.cluster.addons:
        message = (
            "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network"
            " plugin returns error: cni plugin not initialized"
        )
        told = ("False", "KubeletNotReady", message)
    else:
        told = ("True", "KubeletReady", "kubelet is posting ready status")
    return {"type": "Ready", "status": told[0], "reason": told[1], "message": told[2]}


def _renew(loop: "Controllers", member: Member, moment: float) -> None:
    spec = {
        "holderIdentity": member.name,
        "leaseDurationSeconds": _GRACE,
        "renewTime": micro_stamp(datetime.fromtimestamp(moment, UTC)),
    }
    lease = loop.store.get(LEASES, _LEASES_IN, member.name)
    if lease is None:
        obj = {"metadata": {"name": member.name}, "spec": spec}
        loop.objects.create(LEASES, _LEASES_IN, obj, _HOW)
    elif lease["spec"] != spec:
        loop.objects.update(LEASES, _LEASES_IN, member.name, {**lease, "spec": spec}, _HOW)


def _is_gone(loop: "Controllers", instance_id: str) -> bool:
    try:
        return bool(loop.cloud.guest.described(instance_id)["State"]["Name"] == "terminated")
    except AwsError as refused:
        if refused.code == "InvalidInstanceID.NotFound":
            return True
        raise


def _node(loop: "Controllers", instance_id: str, member: Member) -> Json:
    instance = member.instance
    zone = instance["Placement"]["AvailabilityZone"]
    arch = {"arm64": "arm64", "x86_64": "amd64"}[instance["Architecture"]]
    labels = {
        "beta.kubernetes.io/arch": arch,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": arch,
        "kubernetes.io/hostname": member.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": instance["InstanceType"],
        "topology.kubernetes.io/region": loop.cloud.region,
        "topology.kubernetes.io/zone": zone,
        **_labels_of(loop, instance_id),
    }
    version = f"v{_kubelet(loop, instance)}"
    return {
        "metadata": {"name": member.name, "labels": labels},
        # AWS cloud provider: aws:///<zone>/<instance id>.
        "spec": {"providerID": f"aws:///{zone}/{instance_id}"},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": member.address},
                {"type": "Hostname", "address": member.name},
            ],
            "nodeInfo": {
                "kubeletVersion": version,
                "kubeProxyVersion": "",
                "architecture": arch,
                "operatingSystem": "linux",
                "osImage": "Amazon Linux 2023",
                "bootID": "",
                "containerRuntimeVersion": "",
                "kernelVersion": "",
                "machineID": "",
                "systemUUID": "",
            },
        },
    }


def _labels_of(loop: "Controllers", instance_id: str) -> dict[str, str]:
    """What NodeConfig's kubelet flag --node-labels says."""
    parts = mime.parts(joining.user_data_of(loop.cloud, instance_id))
    config = yaml.safe_load(mime.only_part(parts, mime.NODE_CONFIG))
    flags = config["spec"].get("kubelet", {}).get("flags", ())
    texts = (f.partition("=")[2] for f in flags if f.startswith("--node-labels="))
    return dict(pair.split("=", 1) for text in texts for pair in text.split(","))


def _kubelet(loop: "Controllers", instance: Json) -> str:
    """The image's minor version, from the name that EKS gives its AMIs; the cluster's where it tells none."""
    wanted = [{"Name": "image-id", "Values": [instance["ImageId"]]}]
    asked = loop.cloud.call("ec2", "DescribeImages", EKS, Filters=wanted)["Images"]
    found = re.search(r"-(\d\.\d+)-v\d", asked[0]["Name"]) if asked else None
    return f"{found[1] if found else loop.cluster.version}.0-eks"
