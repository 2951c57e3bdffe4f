"""What is applied so that CoreDNS answers on each node by itself."""

import copy
import json

from extended_cluster.local_dns import OWN_PODS, daemon_set, local_service
from tests.unit.coredns_addon import CONTAINER, DEPLOYMENT, SERVICE

MADE = daemon_set(DEPLOYMENT)
POD = MADE["spec"]["template"]["spec"]
LABELS = MADE["spec"]["template"]["metadata"]["labels"]


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def test_its_pods_are_those_of_the_add_on() -> None:
    assert (MADE["metadata"]["name"], MADE["metadata"]["namespace"]) == ("coredns-node", "kube-system")
    assert POD["containers"] == [CONTAINER]
    source = DEPLOYMENT["spec"]["template"]["spec"]
    for same in ("dnsPolicy", "priorityClassName", "serviceAccountName", "volumes"):
        assert POD[same] == source[same]


def test_the_service_selects_them_and_the_add_on_does_not() -> None:
    assert selects(SERVICE["spec"]["selector"], LABELS)
    assert selects(MADE["spec"]["selector"]["matchLabels"], LABELS)
    key, _, value = OWN_PODS.partition("=")
    assert LABELS[key] == value
    assert not selects(DEPLOYMENT["spec"]["selector"]["matchLabels"], LABELS)
    # Its PodDisruptionBudget selects by the same labels, or by the first alone.
    assert "eks.amazonaws.com/component" not in LABELS
    assert not selects(
        MADE["spec"]["selector"]["matchLabels"], DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    )


def test_a_selector_by_the_dns_label_alone_keeps_it() -> None:
    other = copy.deepcopy(DEPLOYMENT)
    other["spec"]["selector"]["matchLabels"] = {"k8s-app": "kube-dns"}
    assert daemon_set(other)["spec"]["template"]["metadata"]["labels"]["k8s-app"] == "kube-dns"


def test_it_runs_on_every_linux_node_whatever_its_taints() -> None:
    assert POD["nodeSelector"] == {"kubernetes.io/os": "linux"}
    assert POD["tolerations"] == [{"operator": "Exists"}]
    assert not {"affinity", "topologySpreadConstraints", "nodeName"} & POD.keys()
    assert not {"replicas", "strategy"} & MADE["spec"].keys()


def test_a_new_pod_answers_before_the_old_one_goes() -> None:
    assert MADE["spec"]["updateStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert not any("hostPort" in port for port in POD["containers"][0]["ports"])


def test_a_restart_of_the_deployment_is_none_of_the_daemon_set() -> None:
    assert MADE["spec"]["template"]["metadata"]["annotations"] == {"example.com/team": "edge"}


def test_the_same_deployment_gives_the_same_and_is_left_alone() -> None:
    before = json.dumps(DEPLOYMENT)
    assert daemon_set(DEPLOYMENT) == MADE
    assert json.dumps(DEPLOYMENT) == before


def test_of_the_service_one_field_is_applied() -> None:
    assert local_service() == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": "kube-system"},
        "spec": {"internalTrafficPolicy": "Local"},
    }
