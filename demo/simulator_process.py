"""The simulator as a process of our own, gone when we are gone."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def simulator(seed: int, name: str) -> Iterator[dict[str, str]]:
    """Serve a fresh simulator; gives the environment in which AWS tools talk to it.

    It ends when the block ends, and also when this process dies (its standard input closes).
    name: distinguishes simulators that run at once from one folder.
    """
    process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
        [
            *(sys.executable, "-m", "simulator", "--until-stdin-closes", "--seed", str(seed)),
            *("--state", str(ROOT / ".simulator" / f"{name}-{os.getpid()}")),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield {**_without_aws(os.environ), **_exports(process)}
    finally:
        try:
            # Closes its standard input, upon which it ends.
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _without_aws(environment: os._Environ[str]) -> dict[str, str]:
    """The reader's own AWS settings must not reach a tool that is meant for the simulator."""
    return {key: value for key, value in environment.items() if not key.startswith("AWS_")}


def _exports(process: subprocess.Popen[str]) -> dict[str, str]:
    """The variables that the simulator prints once it listens."""
    exports: dict[str, str] = {}
    for line in process.stdout or ():
        if line.startswith("export "):
            variable, _, value = line.removeprefix("export ").strip().partition("=")
            exports[variable] = value
        if "AWS_EC2_METADATA_DISABLED" in exports:
            return exports
    raise RuntimeError(f"the simulator ended before it listened, with exit status {process.wait()}")
