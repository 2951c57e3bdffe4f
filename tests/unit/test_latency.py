"""The latencies: seeded, named, sourced."""

from pathlib import Path
from statistics import mean

import pytest

from simulator.latency import Latencies, load

TABLE = {"slow": {"mean": 540, "cv": 0.2, "source": "test"}, "fixed": {"mean": 3, "source": "test"}}


def test_the_same_seed_name_key_and_count_give_the_same_draw() -> None:
    one, two = Latencies(7, TABLE), Latencies(7, TABLE)
    assert [one.draw("slow", "a") for _ in range(3)] == [two.draw("slow", "a") for _ in range(3)]


def test_draws_differ_by_seed_key_and_count() -> None:
    latencies = Latencies(7, TABLE)
    draws = [latencies.draw("slow", "a"), latencies.draw("slow", "a"), latencies.draw("slow", "b")]
    draws.append(Latencies(8, TABLE).draw("slow", "a"))
    assert len(set(draws)) == 4


def test_what_one_key_draws_does_not_change_what_another_draws() -> None:
    alone, beside = Latencies(7, TABLE), Latencies(7, TABLE)
    beside.draw("slow", "other")
    assert alone.draw("slow", "a") == beside.draw("slow", "a")


def test_the_mean_is_the_files() -> None:
    latencies = Latencies(7, TABLE)
    assert mean(latencies.draw("slow", str(n)) for n in range(4000)) == pytest.approx(540, rel=0.02)


def test_without_variation_it_is_the_mean() -> None:
    assert Latencies(7, TABLE).draw("fixed", "a") == 3


def test_an_unknown_name_is_an_error_and_not_a_default() -> None:
    with pytest.raises(KeyError):
        Latencies(7, TABLE).draw("unknown", "a")


def test_every_latency_of_the_simulator_says_where_it_comes_from() -> None:
    assert all(entry["source"] and entry["mean"] >= 0 for entry in load().values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.b: {mean: 1}", "needs mean and source"),
        ("a.b: {mean: 1, source: x, sd: 2}", "needs mean and source"),
    ],
)
def test_an_entry_that_is_not_understood_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "one.yaml").write_text(text)
    with pytest.raises(ValueError, match=said):
        load(tmp_path)


def test_a_name_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("a.b: {mean: 1, source: x}")
    with pytest.raises(ValueError, match="defined twice"):
        load(tmp_path)
