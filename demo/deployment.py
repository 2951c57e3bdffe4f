"""The real SAM CLI builds and deploys the repository's own template."""

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from demo.simulator_process import ROOT

# The functions share one artefact (scripts/build); it is zipped and uploaded once, not for each.
_ONE_ARTEFACT = {"SAM_CLI_BETA_PACKAGE_PERFORMANCE": "1"}


class DeploymentFailed(Exception):
    """sam ended with another status than 0; what it printed is on the terminal."""


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """``sam build`` writes into one folder: two runs from one checkout take turns."""
    lock = ROOT / ".aws-sam" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def deploy(
    environment: dict[str, str], *, quiet: bool = False, parameters: Mapping[str, str] | None = None
) -> None:
    """Build and deploy the stack of ``samconfig.toml`` into the AWS that the environment points at.

    parameters: of the stack, in place of the template's defaults.
    """
    with alone():
        # What is built does not depend on where it is deployed, and make knows whether anything has changed.
        _run(["make", "--silent", "build"], tools(dict(os.environ)), quiet=quiet)
        _run(["sam", "deploy", "--no-progressbar", *_overrides(parameters)], tools(environment), quiet=quiet)


def deploy_guard(environment: dict[str, str], parameters: Mapping[str, str] | None = None) -> None:
    """Build and deploy the LNI guard alone, as the README says. parameters: as for ``deploy``."""
    with alone():
        _run(["make", "--silent", "guard"], tools(dict(os.environ)), quiet=True)
        _run(
            ["sam", "deploy", "--config-env", "guard", *_overrides(parameters)],
            tools(environment),
            quiet=True,
        )


def _overrides(parameters: Mapping[str, str] | None) -> list[str]:
    """In quotes, because sam ends a value at its first space otherwise."""
    given = [f'{name}="{value}"' for name, value in (parameters or {}).items()]
    return ["--parameter-overrides", *given] if given else []


def tools(environment: dict[str, str]) -> dict[str, str]:
    """The environment with the pinned sam and aws first on the path."""
    path = f"{ROOT / '.venv' / 'bin'}:{environment['PATH']}"
    return {**environment, "PATH": path, "SAM_CLI_TELEMETRY": "0", **_ONE_ARTEFACT}


def _run(command: list[str], env: dict[str, str], *, quiet: bool, cwd: Path = ROOT) -> None:
    result = subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=quiet, text=True)  # noqa: S603
    if result.returncode:
        said = f":\n{result.stdout}\n{result.stderr}" if quiet else ""
        raise DeploymentFailed(f"{' '.join(command)} ended with status {result.returncode}{said}")
