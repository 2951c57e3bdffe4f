"""Faults of the simulator for the length of a block; each of them must strike."""

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

from tests.workflow.conftest import Deployed


@contextlib.contextmanager
def faults(deployed: Deployed, *rules: dict[str, Any]) -> Iterator[None]:
    """A rule that never struck fails the test: it would have passed without its fault."""
    _ask(deployed, "POST", json.dumps(rules).encode())
    try:
        yield
    finally:
        told = _ask(deployed, "DELETE")
    assert [each for each in told if not each["struck"]] == []


def _ask(deployed: Deployed, method: str, body: bytes | None = None) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{deployed.url}/_simulator/faults", data=body, method=method, headers=headers
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)
