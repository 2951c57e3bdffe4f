"""How long things take: seeded draws from ``data/latencies.d``, the same for the same seed, name and key."""

import hashlib
import math
from collections import Counter
from pathlib import Path
from statistics import NormalDist
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "data" / "latencies.d"


def load(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """name -> {mean: seconds, cv: coefficient of variation, source: where the figure comes from}."""
    merged: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.yaml")):
        for name, entry in yaml.safe_load(path.read_text()).items():
            if name in merged:
                raise ValueError(f"{path.name}: the latency {name} is defined twice")
            if not {"mean", "source"} <= set(entry) <= {"mean", "cv", "source"}:
                raise ValueError(
                    f"{path.name}: {name} needs mean and source, may have cv, has {sorted(entry)}"
                )
            merged[name] = entry
    return merged


class Latencies:
    """Lognormal draws. The n-th draw of one name and key depends on nothing but the seed, them and n."""

    def __init__(self, seed: int, table: dict[str, dict[str, Any]]) -> None:
        self._seed = seed
        self._table = table
        self._drawn: Counter[tuple[str, str]] = Counter()

    def draw(self, name: str, key: str) -> float:
        """Seconds. An unknown name is a KeyError: no latency is ever assumed silently."""
        entry = self._table[name]
        count = self._drawn[name, key]
        self._drawn[name, key] += 1
        mean, cv = float(entry["mean"]), float(entry.get("cv", 0))
        if not cv or not mean:
            return mean
        digest = hashlib.sha256(f"{self._seed}/{name}/{key}/{count}".encode()).digest()
        uniform = (int.from_bytes(digest[:8]) + 0.5) / 2**64
        variance = math.log(1 + cv * cv)
        return math.exp(math.log(mean) - variance / 2 + math.sqrt(variance) * NormalDist().inv_cdf(uniform))
