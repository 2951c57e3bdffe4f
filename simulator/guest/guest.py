"""What goes on inside the instances, asked from outside."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.call import AwsError
from simulator.ec2 import moto_state
from simulator.ec2.lni import is_lni, lni_of
from simulator.eks.cluster_network import EKS
from simulator.guest import agents, egress, joining, networkd, scripts
from simulator.guest.fault import BootFault
from simulator.guest.lan import Lan, Link

if TYPE_CHECKING:
    from simulator.cloud import Cloud
    from simulator.eks.records import Cluster

_OWNED_BY = "kubernetes.io/cluster/"


class Guest:
    """Instances as seen from within; ids are instance ids."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self.lan = Lan()

    def way_out_fault(self, subnet_id: str) -> str | None:
        """Why nothing gets out of a subnet; None if something does."""
        return egress.fault(self._cloud, subnet_id)

    def joined_nodes(self, cluster: "Cluster") -> list[str]:
        """The ids of the instances that are nodes of the cluster now.

        An instance joins a while (latency ``eks.node.join``) after it was first seen here, running and with
        nothing in its way. It keeps trying meanwhile, as kubelet does: an access entry may come late.
        """
        now = self._cloud.clock.time()
        able = [
            instance["InstanceId"]
            for instance in self._instances(cluster)
            if not joining.faults(self._cloud, cluster, instance)
        ]
        for gone in set(cluster.node_ready_at) - set(able):
            del cluster.node_ready_at[gone]
        for instance_id in able:
            if instance_id not in cluster.node_ready_at:
                delay = self._cloud.latency("eks.node.join", key=cluster.name)
                cluster.node_ready_at[instance_id] = now + delay
        return [instance_id for instance_id in able if cluster.node_ready_at[instance_id] <= now]

    def seconds_to_next_join(self, cluster: "Cluster") -> float | None:
        """How long until the next of those joins that ``joined_nodes`` saw on their way; None if there is none."""
        now = self._cloud.clock.time()
        return min((ready - now for ready in cluster.node_ready_at.values() if ready > now), default=None)

    def why_not_joined(self, instance_id: str) -> list[str]:
        """What keeps a running instance from joining its cluster; nothing if it joins, or has joined.

        Its cluster is the one of its tag ``kubernetes.io/cluster/<name>=owned`` (user guide, self-managed
        nodes); without one the simulator does not know whose node it should be.
        """
        instance = self.described(instance_id)
        if instance["State"]["Name"] != "running":
            return [f"the instance is {instance['State']['Name']}"]
        owners = [
            tag["Key"].removeprefix(_OWNED_BY)
            for tag in instance.get("Tags", [])
            if tag["Key"].startswith(_OWNED_BY) and tag["Value"] == "owned"
        ]
        clusters = [
            self._cloud.clusters.clusters[name] for name in owners if name in self._cloud.clusters.clusters
        ]
        if not clusters:
            return [f"no tag {_OWNED_BY}<name>=owned names a cluster that exists"]
        return joining.faults(self._cloud, clusters[0], instance)

    def lni_faults(self, instance_id: str) -> list[str]:
        """What keeps the instance's local network interface (LNI) from carrying traffic."""
        instance = self.described(instance_id)
        if instance["State"]["Name"] != "running":
            return [f"the instance is {instance['State']['Name']}"]
        indexes = [
            interface.device_index
            for interface in moto_state.interfaces(self._cloud)
            if interface.instance is not None and interface.instance.id == instance_id and is_lni(interface)
        ]
        if not indexes:
            return ["the instance has no local network interface"]
        try:
            written = scripts.read(joining.user_data_of(self._cloud, instance_id)).lni
        except BootFault as fault:
            return [str(fault)]
        if written.index != indexes[0]:
            return [f"the files are for device index {written.index}, the LNI is at {indexes[0]}"]
        if instance_id in self.lan.unplugged:
            return [f"{instance_id}'s local network interface has no carrier"]
        return networkd.faults(written.files)

    def link(self, instance_id: str) -> Link | None:
        """The instance's local network interface as it is on its LAN; None unless it is up."""
        if not self.lni_up(instance_id):
            return None
        user_data = joining.user_data_of(self._cloud, instance_id)
        return self.lan.link(self._cloud, instance_id, scripts.read(user_data).lni)

    def lni_mac(self, instance_id: str) -> str | None:
        """The MAC address of the instance's local network interface, up or not; None if it has none."""
        interface_id = lni_of(self._cloud, instance_id)
        return (
            None
            if interface_id is None
            else str(moto_state.backend(self._cloud).enis[interface_id].mac_address)
        )

    def lni_up(self, instance_id: str) -> bool:
        """Whether the instance's local network interface carries traffic."""
        return not self.lni_faults(instance_id)

    def session_manager_faults(self, instance_id: str) -> list[str]:
        """What keeps the instance from registering with Systems Manager."""
        return self._agent_faults(instance_id, self._session_manager)

    def cloudwatch_faults(self, instance_id: str) -> list[str]:
        """What keeps the instance's CloudWatch agent from sending anything."""
        return self._agent_faults(instance_id, self._cloudwatch)

    def _session_manager(self, instance: dict[str, Any], found: scripts.Scripts) -> list[str]:
        if not found.session_manager:
            return ["amazon-ssm-agent: masked by the user data"]
        return agents.session_manager_faults(self._cloud, instance)

    def _cloudwatch(self, instance: dict[str, Any], found: scripts.Scripts) -> list[str]:
        if found.agent is None:
            return ["amazon-cloudwatch-agent: not installed"]
        return agents.cloudwatch_faults(self._cloud, instance, found.agent)

    def _agent_faults(
        self, instance_id: str, faults: Callable[[dict[str, Any], scripts.Scripts], list[str]]
    ) -> list[str]:
        instance = self.described(instance_id)
        if instance["State"]["Name"] != "running":
            return [f"the instance is {instance['State']['Name']}"]
        try:
            return faults(instance, scripts.read(joining.user_data_of(self._cloud, instance_id)))
        except BootFault as fault:
            return [str(fault)]

    def report(self, instance_id: str) -> dict[str, Any]:
        """Everything about one instance, for the control endpoint."""
        clusters = self._cloud.clusters.clusters.values()
        return {
            "instanceId": instance_id,
            "joined": any(instance_id in self.joined_nodes(cluster) for cluster in clusters),
            "whyNotJoined": self.why_not_joined(instance_id),
            "lniUp": self.lni_up(instance_id),
            "lniFaults": self.lni_faults(instance_id),
            "sessionManagerFaults": self.session_manager_faults(instance_id),
            "cloudWatchAgentFaults": self.cloudwatch_faults(instance_id),
        }

    def described(self, instance_id: str) -> dict[str, Any]:
        """The instance as DescribeInstances answers it."""
        answer = self._cloud.call("ec2", "DescribeInstances", EKS, InstanceIds=[instance_id])
        found = [one for reservation in answer["Reservations"] for one in reservation["Instances"]]
        if not found:
            raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
        instance: dict[str, Any] = found[0]
        return instance

    def _instances(self, cluster: "Cluster") -> list[dict[str, Any]]:
        if all(entry.type != "EC2_LINUX" for entry in cluster.entries.values()):
            return []  # nobody could join, so EC2 need not be asked
        filters = [
            {"Name": f"tag:{_OWNED_BY}{cluster.name}", "Values": ["owned"]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
        pages = self._cloud.client("ec2", EKS).get_paginator("describe_instances")
        return [
            instance
            for found in pages.paginate(Filters=filters)
            for reservation in found["Reservations"]
            for instance in reservation["Instances"]
        ]
