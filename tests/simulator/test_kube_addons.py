"""What EKS add-ons put into a cluster, whose it is, and how it follows the add-on's configuration."""

import json
from datetime import datetime
from typing import Any

import pytest

from simulator.kube.objects import How
from simulator.kube.resources import (
    CONFIG_MAPS,
    DAEMON_SETS,
    DEPLOYMENTS,
    LEASES,
    PODS,
    SERVICE_ACCOUNTS,
    SERVICES,
)
from simulator.kube.status import Refusal
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_guest_join import NAME, launch
from tests.simulator.test_kube_controllers import account, joined, settled

__all__ = ["account"]

SYSTEM = "kube-system"


def env(account: EksAccount) -> dict[str, Any]:
    daemon_set = settled(account).objects.get(DAEMON_SETS, SYSTEM, "aws-node")
    (container, _) = daemon_set["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def test_coredns_is_whole_and_managed_by_eks(account: EksAccount) -> None:
    account.eks.create_addon(clusterName=NAME, addonName="coredns")
    objects = settled(account).objects
    deployment, service = (
        objects.get(resource, SYSTEM, name)
        for resource, name in ((DEPLOYMENTS, "coredns"), (SERVICES, "kube-dns"))
    )
    spec = deployment["spec"]["template"]["spec"]

    assert service["spec"]["clusterIP"] == "172.20.0.10"
    assert service["spec"]["internalTrafficPolicy"] == "Cluster"
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert [port["name"] for port in service["spec"]["ports"]] == ["dns", "dns-tcp", "metrics"]
    assert (spec["dnsPolicy"], spec["serviceAccountName"]) == ("Default", "coredns")
    assert spec["volumes"][0]["configMap"]["name"] == "coredns"
    assert "forward . /etc/resolv.conf" in objects.get(CONFIG_MAPS, SYSTEM, "coredns")["data"]["Corefile"]
    assert objects.get(SERVICE_ACCOUNTS, SYSTEM, "coredns")
    for obj in (deployment, service):
        assert ("eks", "Apply") in {(e["manager"], e["operation"]) for e in obj["metadata"]["managedFields"]}

    named: dict[str, Any] = {"metadata": {"name": "kube-dns"}, "spec": {"internalTrafficPolicy": "Local"}}
    assert (
        objects.apply(SERVICES, SYSTEM, "kube-dns", named, How("ours"))["spec"]["internalTrafficPolicy"]
        == "Local"
    )
    named["spec"] = {"selector": {"k8s-app": "other"}}
    with pytest.raises(Refusal, match='conflict with "eks"'):
        objects.apply(SERVICES, SYSTEM, "kube-dns", named, How("ours"))


def test_aws_node_follows_the_configuration(account: EksAccount) -> None:
    account.eks.create_addon(clusterName=NAME, addonName="vpc-cni")
    assert "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS" not in env(account)
    assert (env(account)["CLUSTER_NAME"], env(account)["AWS_VPC_ENI_MTU"]) == (NAME, "9001")
    account.wait(300)

    def configure(**variables: str) -> None:
        account.eks.update_addon(
            clusterName=NAME, addonName="vpc-cni", configurationValues=json.dumps({"env": variables})
        )
        account.wait(120)

    configure(AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS="192.168.30.0/24", AWS_VPC_ENI_MTU="1300")
    assert env(account)["AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"] == "192.168.30.0/24"
    assert env(account)["AWS_VPC_ENI_MTU"] == "1300"
    configure(MAX_ENI="1")
    assert "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS" not in env(account)
    assert env(account)["AWS_VPC_ENI_MTU"] == "9001"


def test_an_add_on_that_goes_takes_its_objects_along(account: EksAccount) -> None:
    account.eks.create_addon(clusterName=NAME, addonName="kube-proxy")
    assert settled(account).objects.store.get(DAEMON_SETS, SYSTEM, "kube-proxy")
    account.wait(300)
    account.eks.delete_addon(clusterName=NAME, addonName="kube-proxy")
    store = settled(account, 300).objects.store
    assert store.get(DAEMON_SETS, SYSTEM, "kube-proxy") is None
    assert store.get(SERVICE_ACCOUNTS, SYSTEM, "kube-proxy") is None


def test_what_somebody_deletes_stays_away_until_the_next_update(account: EksAccount) -> None:
    account.eks.create_addon(clusterName=NAME, addonName="vpc-cni")
    account.wait(300)
    settled(account).objects.delete(DAEMON_SETS, SYSTEM, "aws-node", How("somebody"))
    assert settled(account, 60).objects.store.get(DAEMON_SETS, SYSTEM, "aws-node") is None
    account.eks.update_addon(
        clusterName=NAME, addonName="vpc-cni", configurationValues='{"env": {"MAX_ENI": "1"}}'
    )
    assert settled(account).objects.store.get(DAEMON_SETS, SYSTEM, "aws-node")


def test_coredns_replicas_keep_away_from_each_other(account: EksAccount) -> None:
    joined(account)
    launch(account)
    settled(account, 120)
    account.eks.create_addon(clusterName=NAME, addonName="coredns")
    pods = settled(account).objects.list(PODS, SYSTEM, "k8s-app=kube-dns")
    assert len({pod["spec"]["nodeName"] for pod in pods}) == len(pods) == 2


def test_the_control_plane_s_leases_tell_the_time(account: EksAccount) -> None:
    for name in ("kube-controller-manager", "kube-scheduler"):
        first = settled(account).objects.get(LEASES, SYSTEM, name)["spec"]["renewTime"]
        later = settled(account, 61).objects.get(LEASES, SYSTEM, name)["spec"]["renewTime"]
        now = account.cloud.clock.now()
        assert (now - datetime.fromisoformat(later)).total_seconds() < 2
        assert (datetime.fromisoformat(later) - datetime.fromisoformat(first)).total_seconds() in {60, 62}
