"""A thousand seeded storms: whatever was lost, one sweep finds it, and nothing excluded is ever written."""

import logging
from collections import Counter

import pytest

from extended_cluster import aws
from extended_cluster.handler import logger
from tests.unit.lni_storm import Storm
from tests.unit.lni_world import SWEEP, sweep

BLOCK = 100


@pytest.mark.parametrize("first", range(0, 1_000, BLOCK))
def test_after_every_storm_a_sweep_leaves_nothing_to_do(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger, "_logger", logging.getLogger("storms"))
    logging.getLogger("storms").setLevel(logging.CRITICAL)
    met: Counter[str] = Counter()
    for seed in range(first, first + BLOCK):
        storm = Storm(seed)
        monkeypatch.setattr(aws, "client", storm.client)
        for name, value in {**SWEEP, **storm.policy}.items():
            monkeypatch.setenv(name, value)
        storm.rage()
        assert (seed, storm.wrong) == (seed, [])
        assert (seed, storm.missing()) == (seed, [])
        written = len(storm.ec2.writes)
        sweep()
        assert (seed, len(storm.ec2.writes)) == (seed, written)
        met.update(storm.met)
    assert min(met[kind] for kind in ("crash", "throttle", "lost", "write")) > BLOCK / 2, met
