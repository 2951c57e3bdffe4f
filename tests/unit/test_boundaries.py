"""Who may import whom: functions/ and simulator/ know nothing of each other, and pure states need no AWS."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.unit.handler_source import handler_modules, reached

ROOT = Path(__file__).parents[2]
FUNCTIONS, SIMULATOR = ROOT / "functions", ROOT / "simulator"
FUNCTION_MODULES = {path.stem for path in FUNCTIONS.glob("*.py")} | {
    path.name for path in FUNCTIONS.iterdir() if path.is_dir() and path.name != "__pycache__"
}


def imported(source: str) -> Iterator[str]:
    """The top-level name of every absolute import, also of ``import_module("...")`` and ``__import__``."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name.split(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.split(".")[0]
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield module.split(".")[0]


def offences(folder: Path, forbidden: Iterable[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted(folder.rglob("*.py"))
        for name in imported(path.read_text())
        if name in forbidden
    ]


def test_functions_never_import_simulator_or_tests() -> None:
    assert offences(FUNCTIONS, {"simulator", "tests"}) == []


def test_simulator_never_imports_functions() -> None:
    assert {"extended_cluster", "check_outposts"} <= FUNCTION_MODULES
    assert offences(SIMULATOR, {"functions", *FUNCTION_MODULES}) == []


def test_simulator_never_imports_tests() -> None:
    assert offences(SIMULATOR, {"tests"}) == []


@pytest.mark.parametrize(
    "source",
    [
        "import check_outposts",
        "import os, check_outposts as c",
        "from check_outposts import check",
        "def f():\n    from check_outposts.x import y",
        "import importlib\nimportlib.import_module('check_outposts')",
        "__import__('check_outposts')",
    ],
)
def test_every_way_to_import_is_seen(source: str) -> None:
    assert "check_outposts" in set(imported(source))


@pytest.mark.parametrize("module", ["validate_request", "build_plan", "validate_teardown"])
def test_a_state_without_aws_calls_starts_without_the_sdk(module: str) -> None:
    """Cold start: boto3 costs most of it. (powertools imports the bare ``botocore`` package, which is cheap.)"""
    program = f"import sys, {module}; print({{'boto3', 'botocore.client'}} & set(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=FUNCTIONS, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "set()"


def test_the_functions_inside_the_vpc_make_no_aws_call_and_start_without_the_sdk() -> None:
    inside = sorted(name for name in handler_modules() if "PRINCIPAL_ARN" in reached(name).environment)
    assert inside
    assert [(name, reached(name).actions) for name in inside if reached(name).actions] == []
    program = f"import sys, {', '.join(inside)}; print({{'boto3', 'botocore.client'}} & set(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=FUNCTIONS, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "set()"
