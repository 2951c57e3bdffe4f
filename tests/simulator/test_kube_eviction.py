"""Pods leave a node that is lost after five minutes, those of DaemonSets never; on it they end only with it."""

from typing import Any

from simulator.kube.objects import How
from simulator.kube.resources import DAEMON_SETS, NODES, PODS
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_guest_join import launch
from tests.simulator.test_kube_controllers import account, deploy, joined, settled

__all__ = ["account"]


def lose(account: EksAccount, instance_id: str) -> None:
    """kubelet falls silent: the node's security group is not the cluster's any more."""
    other = account.ec2.create_security_group(GroupName=instance_id, Description="x", VpcId=account.vpc)
    interface = account.cloud.guest.described(instance_id)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    account.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[other["GroupId"]])


def web(account: EksAccount) -> list[tuple[str, bool]]:
    """(node, whether it is being deleted) of the pods of Deployment web."""
    pods = settled(account).objects.list(PODS, "default", "app=web")
    return [(pod["spec"].get("nodeName", ""), "deletionTimestamp" in pod["metadata"]) for pod in pods]


def daemon(account: EksAccount) -> dict[str, Any]:
    labels = {"app": "daemon"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "d", "image": "d:1"}]}}
    body = {
        "metadata": {"name": "daemon"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    return settled(account).objects.create(DAEMON_SETS, "default", body, How("test"))


def test_after_five_minutes_a_pod_runs_elsewhere(account: EksAccount) -> None:
    first = joined(account)
    deploy(account, "web:1")
    daemon(account)
    settled(account, 60)
    launch(account)
    settled(account, 120)
    ((home, _),) = web(account)
    lose(account, first)
    settled(account, 60)  # 40 s of grace, then the taint
    (node,) = [n for n in settled(account).objects.list(NODES, "") if n["metadata"]["name"] == home]
    assert ("node.kubernetes.io/unreachable", "NoExecute") in {
        (taint["key"], taint["effect"]) for taint in node["spec"]["taints"]
    }

    settled(account, 260)
    assert web(account) == [(home, False)]
    settled(account, 30)
    (gone,) = [pod for pod in web(account) if pod[0] == home]
    (new,) = [pod for pod in web(account) if pod[0] != home]
    assert (gone[1], new[1]) == (True, False)
    assert len(settled(account).objects.list(PODS, "default", "app=daemon")) == 2

    account.ec2.terminate_instances(InstanceIds=[first])
    settled(account, 5)
    assert web(account) == [new]


def test_a_node_that_comes_back_keeps_its_pods(account: EksAccount) -> None:
    first = joined(account)
    deploy(account, "web:1")
    settled(account, 60)
    ((home, _),) = web(account)
    interface = account.cloud.guest.described(first)["NetworkInterfaces"][0]
    lose(account, first)
    settled(account, 200)
    account.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[g["GroupId"] for g in interface["Groups"]]
    )
    settled(account, 200)
    (node,) = settled(account).objects.list(NODES, "")
    assert node["spec"].get("taints", []) == []
    settled(account, 300)
    assert web(account) == [(home, False)]
