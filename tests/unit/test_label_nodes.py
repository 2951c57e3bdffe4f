"""LabelNodes: the LNI label is on exactly the verified nodes of the servers it is told of."""

import label_nodes
import pytest

from extended_cluster.errors import FieldConflict, NodesNotReady
from extended_cluster.kubernetes.api import Json
from tests.unit.edge_nodes import OTHER_OUTPOST, found, node
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.stateful_aws import run

LABEL = "eks-outposts-servers/lni"
READY = {LABEL: "ready"}


class Owning(FakeKubernetes):
    """Takes a label that an apply leaves out, as a server does that knows us as its only manager."""

    def apply(self, obj: Json, *, force: bool = False) -> Json:
        for have in self.objects.values():
            if have["metadata"]["name"] == obj["metadata"]["name"]:
                have["metadata"]["labels"].pop(LABEL, None)
        return super().apply(obj, force=force)


def labelled(fake: FakeKubernetes) -> list[str]:
    return [each["metadata"]["name"] for each in fake.list("v1", "Node", labels=f"{LABEL}=ready")]


def test_verified_nodes_get_it_and_a_second_run_writes_nothing() -> None:
    fake = Owning(node(1), node(2))
    assert label_nodes.label(fake, [found(1), found(2)])["labelled"] == ["node-1", "node-2"]
    assert fake.applied[0] == {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node-1", "uid": "uid-1", "labels": READY},
    }
    assert labelled(fake) == ["node-1", "node-2"]
    fake.applied.clear()
    assert label_nodes.label(fake, [found(1), found(2)]) == {"labelled": [], "unlabelled": []}
    assert fake.applied == []


def test_another_value_of_ours_is_put_right() -> None:
    fake = Owning(node(1, labels={LABEL: "no"}))
    label_nodes.label(fake, [found(1)])
    assert (labelled(fake), len(fake.forced)) == (["node-1"], 1)


def test_unverified_nodes_of_the_same_server_lose_it_before_any_gets_it() -> None:
    fake = Owning(node(1), node(2, labels=READY), node(3))
    assert label_nodes.label(fake, [found(1)]) == {"labelled": ["node-1"], "unlabelled": ["node-2"]}
    assert [each["metadata"]["name"] for each in fake.applied] == ["node-2", "node-1"]
    assert "labels" not in fake.applied[0]["metadata"]
    assert labelled(fake) == ["node-1"]


def test_nodes_of_other_servers_keep_theirs() -> None:
    fake = Owning(node(1), node(2, outpost=OTHER_OUTPOST, labels=READY))
    label_nodes.label(fake, [found(1)])
    assert labelled(fake) == ["node-1", "node-2"]


def test_a_label_that_somebody_else_holds_is_told_with_its_holder() -> None:
    fields: Json = {"f:metadata": {"f:labels": {f"f:{LABEL}": {}}}}
    managed = [
        {"manager": "kubelet", "fieldsV1": {"f:metadata": {"f:labels": {"f:kubernetes.io/os": {}}}}},
        {"manager": "kubectl-label", "fieldsV1": fields},
    ]
    fake = FakeKubernetes(node(1), node(2, labels=READY, managedFields=managed))
    with pytest.raises(
        FieldConflict, match=rf"node-2 .* held by kubectl-label\. .*label node node-2 {LABEL}-"
    ):
        label_nodes.label(fake, [found(1)])
    assert labelled(fake) == ["node-2"]


def test_a_node_that_has_gone_is_not_made_anew() -> None:
    fake = Owning(node(1))
    with pytest.raises(NodesNotReady, match=r"no more: node-2\."):
        label_nodes.label(fake, [found(1), found(2)])
    assert fake.applied == []


def test_the_handler_connects_to_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Owning(node(1))
    monkeypatch.setattr(label_nodes, "connect", lambda cluster: {"edge-1": fake}[cluster["name"]])
    answer = run(monkeypatch, label_nodes.handler, {"cluster": {"name": "edge-1"}, "nodes": [found(1)]})
    assert answer["labelled"] == ["node-1"]
