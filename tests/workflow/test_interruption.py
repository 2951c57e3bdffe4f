"""A run killed at any of its states: the same request carries on to the same end, and teardown leaves nothing.

The states are the definition's own. A run is stopped when the function of a state is called, which then runs to its
end, as a Lambda function does on AWS: so what the state makes is there, and the run knows nothing of it.
"""

from typing import Any

import pytest

from tests.workflow.conftest import SERVER_2U, Deployed
from tests.workflow.interruption import census, makes_something, portrait, tasks

CLUSTER = "edge-killed"
REQUEST: dict[str, Any] = {
    "clusterName": CLUSTER,
    "outposts": [{"outpostId": SERVER_2U}],
    "kubernetes": "skip",
}


@pytest.fixture(scope="module")
def before(deployed: Deployed) -> dict[str, list[str]]:
    deployed.settle()
    return census(deployed)


@pytest.fixture(scope="module")
def undisturbed(
    deployed: Deployed, before: dict[str, list[str]]
) -> tuple[dict[str, Any], list[str], dict[str, int]]:
    """A run to its end, then torn down: the execution, the cluster's portrait, how many of each kind it made."""
    run = deployed.provision(REQUEST)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    deployed.settle()
    made = (run, portrait(deployed, CLUSTER), _more(census(deployed), before))
    assert deployed.teardown(CLUSTER)["status"] == "SUCCEEDED"
    deployed.settle()
    assert census(deployed) == before
    return made


def _more(now: dict[str, list[str]], before: dict[str, list[str]]) -> dict[str, int]:
    return {kind: len(set(names) - set(before[kind])) for kind, names in now.items()}


def _in_time(run: dict[str, Any]) -> list[str]:
    """The Tasks of a run in the order in which they began: two branches run side by side."""
    began = {visit.name: visit.entered for visit in reversed(run["visits"])}
    states = tasks("Provision", {"kubernetes": REQUEST["kubernetes"]})
    return sorted(states, key=lambda name: began[name])


def test_killed_at_every_state_one_after_the_other_it_ends_as_if_undisturbed(
    deployed: Deployed,
    before: dict[str, list[str]],
    undisturbed: tuple[dict[str, Any], list[str], dict[str, int]],
) -> None:
    run, wanted, made = undisturbed
    for state in _in_time(run):
        killed = deployed.stopped_at(state, REQUEST)
        assert killed["status"] == "ABORTED", state
        for kind, names in census(deployed).items():
            assert len(set(names) - set(before[kind])) <= made[kind], (state, kind)
    last = deployed.provision(REQUEST)
    assert last["status"] == "SUCCEEDED", last.get("cause")
    deployed.settle()
    assert _more(census(deployed), before) == made
    assert portrait(deployed, CLUSTER) == wanted
    item = deployed.ledger(CLUSTER)
    assert item is not None
    assert item["outcome"] == {"S": "SUCCEEDED"}
    assert "lease" not in item
    assert deployed.teardown(CLUSTER)["status"] == "SUCCEEDED"
    deployed.settle()
    assert census(deployed) == before


def test_teardown_after_every_state_that_makes_something_leaves_what_was_there_before(
    deployed: Deployed,
    before: dict[str, list[str]],
    undisturbed: tuple[dict[str, Any], list[str], dict[str, int]],
) -> None:
    """After a state that only looks there is what the state before it left; after the last, the run is undisturbed."""
    for state in _in_time(undisturbed[0]):
        if not makes_something(state):
            continue
        assert deployed.stopped_at(state, REQUEST)["status"] == "ABORTED", state
        torn_down = deployed.teardown(CLUSTER)
        assert torn_down["status"] == "SUCCEEDED", (state, torn_down.get("cause"))
        deployed.settle()
        assert census(deployed) == before, state
