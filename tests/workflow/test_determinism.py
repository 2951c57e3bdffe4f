"""The same seed tells the same story. That another seed tells another one is test_latency's."""

from typing import Any

from demo.deployment import deploy
from demo.simulator_process import simulator
from tests.workflow.conftest import SERVER_2U, Deployed


def _timeline(seed: int) -> list[tuple[str, float, float]]:
    with simulator(seed=seed, name="determinism") as environment:
        deploy(environment, quiet=True)
        run: dict[str, Any] = Deployed(environment).provision(
            {"clusterName": "edge-1", "outposts": [{"outpostId": SERVER_2U}], "kubernetes": "skip"}
        )
    assert run["status"] == "SUCCEEDED", run.get("cause")
    start = run["startDate"]
    return [
        (v.name, (v.entered - start).total_seconds(), (v.exited - start).total_seconds())
        for v in run["visits"]
    ]


def test_two_runs_with_one_seed_have_one_simulated_timeline() -> None:
    assert _timeline(seed=7) == _timeline(seed=7)
