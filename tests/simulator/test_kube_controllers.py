"""What a cluster does by itself, driven by the instances that joined it."""

from typing import Any

import pytest

from simulator.kube.control_plane import ControlPlane
from simulator.kube.objects import How
from simulator.kube.resources import DEPLOYMENTS, LEASES, NODES, PODS, Resource
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_eks_addons import let_nodes_in
from tests.simulator.test_guest_join import NAME, launch


@pytest.fixture
def account() -> EksAccount:
    account = EksAccount()
    make_edge(account)
    return account


def make_edge(account: EksAccount) -> None:
    """A cluster that lets nodes in, and a subnet for them."""
    account.edge = account.subnet("10.0.9.0/24", "c", on_outpost=True)
    account.route_out(account.edge)
    account.active(NAME)
    let_nodes_in(account, NAME)


def settled(account: EksAccount, seconds: float = 0) -> ControlPlane:
    """The cluster after some time."""
    plane = account.cloud.control_planes.of(NAME)
    plane.settle()
    if seconds:
        account.wait(seconds)
        plane.settle()
    return plane


def joined(account: EksAccount) -> str:
    """The id of an instance that is a node, on a cluster with the VPC CNI."""
    account.eks.create_addon(clusterName=NAME, addonName="vpc-cni")
    instance = launch(account)
    settled(account, 120)
    return instance


def only(account: EksAccount, resource: Resource, namespace: str = "") -> dict[str, Any]:
    (found,) = settled(account).objects.store.all(resource, namespace)
    return found


def deploy(account: EksAccount, image: str) -> None:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": labels}, "template": template}}
    settled(account).objects.create(DEPLOYMENTS, "default", body, How("test"))


def ready(node: dict[str, Any]) -> str:
    return next(str(c["status"]) for c in node["status"]["conditions"] if c["type"] == "Ready")


def test_an_instance_that_joined_is_a_node(account: EksAccount) -> None:
    instance = joined(account)
    node = only(account, NODES)
    assert node["spec"]["providerID"] == f"aws:///us-west-2c/{instance}"
    assert node["metadata"]["labels"]["eks-outposts-servers/outpost"].startswith("op-")
    assert ready(node) == "True"
    before = only(account, LEASES, "kube-node-lease")["spec"]["renewTime"]
    settled(account, 30)
    assert only(account, LEASES, "kube-node-lease")["spec"]["renewTime"] > before


def test_without_the_vpc_cni_it_is_not_ready(account: EksAccount) -> None:
    launch(account)
    settled(account, 120)
    assert ready(only(account, NODES)) == "False"


def test_a_node_whose_access_is_gone_falls_silent_and_a_terminated_one_disappears(
    account: EksAccount,
) -> None:
    instance = joined(account)
    account.eks.delete_access_entry(clusterName=NAME, principalArn=account.node_role)
    settled(account, 60)
    assert ready(only(account, NODES)) == "Unknown"
    account.ec2.terminate_instances(InstanceIds=[instance])
    assert settled(account, 5).objects.store.all(NODES) == []


def test_a_deployment_is_available_once_its_pod_runs(account: EksAccount) -> None:
    joined(account)
    deploy(account, "web:1")
    assert "readyReplicas" not in only(account, DEPLOYMENTS)["status"]
    settled(account, 120)
    assert only(account, DEPLOYMENTS)["status"]["readyReplicas"] == 1
    assert only(account, PODS, "default")["status"]["phase"] == "Running"


def test_an_image_that_cannot_be_pulled(account: EksAccount) -> None:
    joined(account)
    deploy(account, "registry.invalid/web:1")
    settled(account, 120)
    (container,) = only(account, PODS, "default")["status"]["containerStatuses"]
    assert container["state"] == {"waiting": {"reason": "ErrImagePull"}}


def test_coredns_runs_when_eks_says_so(account: EksAccount) -> None:
    joined(account)
    account.eks.create_addon(clusterName=NAME, addonName="coredns")
    for _ in range(20):
        told = account.eks.describe_addon(clusterName=NAME, addonName="coredns")["addon"]["status"]
        settled(account)
        count = only(account, DEPLOYMENTS, "kube-system")["status"].get("readyReplicas", 0)
        assert told == "ACTIVE" or count == 0
        settled(account, 15)
    assert (told, count) == ("ACTIVE", 2)
