"""AwaitNodes: exactly the run's instances are nodes that work; whoever is missing is named with the likeliest cause."""

from typing import Any

import await_nodes
import pytest

from extended_cluster.errors import NodesNotReady, NotReadyYet
from extended_cluster.join_checks import CHECKS
from tests.unit.edge_nodes import (
    CLUSTER,
    NOW,
    OTHER_OUTPOST,
    control_plane,
    found,
    instance_id,
    lease,
    node,
    server,
)
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.server_plan import OUTPOST
from tests.unit.stateful_aws import run

STALE = "2026-11-23T11:59:19.000000Z"
CNI = (
    "False",
    "KubeletNotReady",
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin"
    " returns error: cni plugin not initialized",
)


def look(*objects: dict[str, Any], servers: Any = None, last: bool = False) -> Any:
    fake = FakeKubernetes(*objects)
    answer = await_nodes.await_nodes(fake, CLUSTER, servers or [server(1)], last=last)
    assert (fake.applied, fake.deleted) == ([], [])
    return answer


def refused(*objects: dict[str, Any], servers: Any = None) -> str:
    """What it says while it waits, and the same at the last look by name."""
    with pytest.raises(NotReadyYet) as waiting:
        look(*objects, servers=servers)
    with pytest.raises(NodesNotReady) as given_up:
        look(*objects, servers=servers, last=True)
    said = str(waiting.value).removesuffix(" The state machine will look again.")
    assert str(given_up.value).startswith(said)
    return said


def test_the_handler_connects_and_counts_its_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeKubernetes(control_plane(), node(1), lease("node-1"))
    monkeypatch.setattr(await_nodes, "connect", lambda cluster: {"edge-1": fake}[cluster["name"]])
    event = {"cluster": CLUSTER, "servers": [server(1)], "look": 3, "lastLook": 4}
    assert run(monkeypatch, await_nodes.handler, event) == {"nodes": [found(1)], "others": []}
    event["servers"] = [server(2)]
    with pytest.raises(NotReadyYet):
        run(monkeypatch, await_nodes.handler, event)
    with pytest.raises(NodesNotReady):
        run(monkeypatch, await_nodes.handler, {**event, "look": 4})


def test_every_instance_of_every_server_is_a_node() -> None:
    objects = [control_plane(), node(1), node(2), node(3, outpost=OTHER_OUTPOST)]
    objects += [lease(f"node-{number}") for number in (1, 2, 3)]
    servers = [server(1, 2), server(3, outpost=OTHER_OUTPOST)]
    assert look(*objects, servers=servers)["nodes"] == [found(1), found(2), found(3, OTHER_OUTPOST)]


def test_an_instance_without_a_node_is_named_with_what_to_check() -> None:
    said = refused(control_plane(), node(1), lease("node-1"), servers=[server(1, 2)])
    assert (
        f"1 of 2 node(s) of cluster edge-1 are ready. {instance_id(2)} on {OUTPOST}: there is no Node" in said
    )
    assert instance_id(1) not in said
    assert all(check in said for check in CHECKS)


def test_a_node_of_the_right_name_on_another_instance_does_not_count() -> None:
    other = {**node(1), "spec": {"providerID": "aws:///us-west-2a/i-0ffffffffffffffff"}}
    assert "there is no Node of it" in refused(control_plane(), other, lease("node-1"))
    assert "there is no Node of it" in refused(control_plane(), {**node(1), "spec": {}}, lease("node-1"))


def test_a_node_that_is_not_ready_says_why_and_needs_no_check_of_its_joining() -> None:
    said = refused(control_plane(), node(1, ready=CNI), lease("node-1"))
    assert (
        f"{instance_id(1)} on {OUTPOST}: Node node-1 is not ready: KubeletNotReady: container runtime" in said
    )
    assert said.endswith("cni plugin not initialized.")
    assert "no condition Ready yet" in refused(control_plane(), node(1, ready=None), lease("node-1"))


def test_a_lease_is_judged_by_the_control_plane_s_newest_one() -> None:
    behind = lease("kube-controller-manager", "kube-system", STALE)
    newest = lease("kube-scheduler", "kube-system", NOW)
    said = refused(behind, newest, node(1), lease("node-1", renewed=STALE))
    assert "Node node-1 renewed its lease 41 s before the control plane's last" in said
    assert look(behind, node(1), lease("node-1", renewed=STALE))["nodes"] == [found(1)]
    exactly = lease("node-1", renewed="2026-11-23T11:59:20.000000Z")
    assert look(newest, node(1), exactly)["nodes"] == [found(1)]


def test_no_lease_is_no_node() -> None:
    assert "has no lease in kube-node-lease" in refused(control_plane(), node(1))
    assert "has no lease" in refused(control_plane(), node(1), lease("node-1", renewed=None))
    assert "no lease kube-controller-manager or kube-scheduler" in refused(node(1), lease("node-1"))


@pytest.mark.parametrize("kubelet", ["v1.35.2-eks-0000000", "v1.32.9-eks-0000000"])
def test_a_kubelet_may_be_three_minor_versions_older(kubelet: str) -> None:
    assert look(control_plane(), node(1, kubelet=kubelet), lease("node-1"))["nodes"] == [found(1)]


@pytest.mark.parametrize("kubelet", ["v1.36.0-eks-0000000", "v1.31.9-eks-0000000", "v2.35.0"])
def test_a_kubelet_out_of_the_policy_fails_at_once(kubelet: str) -> None:
    with pytest.raises(NodesNotReady, match=f"node-1 runs kubelet {kubelet}, which the control plane's 1.35"):
        look(control_plane(), node(1, kubelet=kubelet), lease("node-1"))


def test_a_node_labelled_with_another_server_fails_at_once_and_names_those_still_missing() -> None:
    with pytest.raises(NodesNotReady) as failure:
        look(control_plane(), node(1, outpost=OTHER_OUTPOST), lease("node-1"), servers=[server(1, 2)])
    assert f"has the label eks-outposts-servers/outpost={OTHER_OUTPOST} instead of {OUTPOST}" in str(
        failure.value
    )
    assert f"{instance_id(2)} on {OUTPOST}: there is no Node" in str(failure.value)


def test_nodes_of_the_servers_that_are_none_of_the_run_s_instances_are_told_and_no_failure() -> None:
    gone = node(2, ready=("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."))
    elsewhere = node(3, outpost=OTHER_OUTPOST)
    answer = look(control_plane(), node(1), lease("node-1"), gone, elsewhere)
    assert answer == {"nodes": [found(1)], "others": ["node-2"]}
