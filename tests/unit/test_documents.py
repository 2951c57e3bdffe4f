"""The documents keep their word: entries, links and commands exist, and nothing private is named."""

import functools
import importlib
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extended_cluster import errors

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TROUBLESHOOT = ROOT / "docs" / "troubleshoot.md"

# Classes of errors.py without an entry, each with its reason.
WITHOUT_ENTRY = {"ProvisioningError": "the abstract base: never raised itself, so nobody ever sees its name"}

# Written without naming any host, address or folder, so that this file keeps the rule that it tests.
REGISTRY_HOST = re.compile(
    r"\b(?:[\w-]+\.)*(?:pypi|pythonhosted|npmjs|docker|quay|ghcr|gcr|ecr|registry)[\w-]*\.(?:[\w-]+\.)*"
    r"(?:org|com|io|aws|dev|net)\b",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:home|root|Users|work|tmp|mnt|media|private)/|\b[A-Z]:\\")
E_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^]]*]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def prose(document: Path) -> str:
    return FENCE.sub("", document.read_text())


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them of plain ASCII ones."""
    found = HEADING.findall(prose(document))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def commands(document: Path) -> Iterator[list[str]]:
    """The words of every ``aws`` command in the document: in its shell blocks and between single backticks."""
    blocks = "\n".join(block for language, block in FENCE.findall(document.read_text()) if language == "sh")
    lines = blocks.replace("\\\n", " ").splitlines()
    in_blocks = [found for line in lines for found in re.findall(r"(?:^|\$\(|[|&;] ?)\s*(aws .*)", line)]
    inline = [span for span in re.findall(r"`([^`\n]+)`", prose(document)) if span.startswith("aws ")]
    for command in in_blocks + inline:
        # A substitution ends with its bracket; what follows belongs to the line around it.
        words = shlex.split(re.sub(r"\)\s*$", "", command), comments=True)
        yield words[: words.index("|")] if "|" in words else words


def error_classes() -> set[str]:
    return {
        name
        for name, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, errors.ProvisioningError)
    }


def entries() -> set[str]:
    """The names of the errors that the troubleshooting guide has an entry for."""
    section = TROUBLESHOOT.read_text().split("\n## Errors by name\n")[1].split("\n## ")[0]
    return {part.partition("\n")[0] for part in section.split("\n### ")[1:]}


def test_every_error_has_its_entry_in_the_troubleshooting_guide() -> None:
    assert error_classes() - WITHOUT_ENTRY.keys() - entries() == set()


def test_no_entry_is_of_an_error_that_does_not_exist() -> None:
    assert entries() - error_classes() == set()


def test_what_has_no_entry_is_never_raised() -> None:
    assert WITHOUT_ENTRY.keys() <= error_classes()
    raised = {
        name
        for path in (ROOT / "functions").rglob("*.py")
        for name in re.findall(r"(?<!class )\b(\w+)\(", path.read_text())
    }
    assert not WITHOUT_ENTRY.keys() & raised


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    dead = []
    for target in LINK.findall(prose(document)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        aim = (document.parent / path) if path else document
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            dead.append(target)
    assert dead == []


def test_the_readme_says_what_ci_runs() -> None:
    runs = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("make ")]
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {line.removeprefix("make ") for line in runs} <= set(targets)
    readme = (ROOT / "README.md").read_text()
    assert "`.ci/run` is " + " and then ".join(f"`{line}`" for line in runs) in readme


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_registry_host_machine_path_or_e_mail_is_named(document: Path) -> None:
    text = document.read_text()
    assert [found[0] for rule in (REGISTRY_HOST, MACHINE_PATH, E_MAIL) for found in rule.finditer(text)] == []


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        (REGISTRY_HOST, ("pull registry", ".example.io/thing")),
        (REGISTRY_HOST, ("123456789012.dkr", ".ecr.us-west-2.amazonaws.com")),
        (MACHINE_PATH, ("in /ho", "me/somebody/project")),
        (MACHINE_PATH, ("`/tm", "p/x`")),
        (E_MAIL, ("write to some.body", "@example.com")),
    ],
)
def test_the_rules_see_what_they_forbid(rule: re.Pattern[str], parts: tuple[str, str]) -> None:
    assert rule.search("".join(parts))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_aws_command_exists_with_its_options(document: Path) -> None:
    wrong = [f"{' '.join(words[:3])}: {fault}" for words in commands(document) for fault in faults(words)]
    assert wrong == []


def test_a_wrong_aws_command_is_seen() -> None:
    assert faults(["aws", "ec2", "describe-subnets", "--filters", "Name=x,Values=y"]) == []
    assert faults(["aws", "ec2", "describe-subnet"])
    assert faults(["aws", "ec2", "describe-subnets", "--filter-by", "x"])
    assert faults(["aws", "nowhere", "describe"])


def faults(words: list[str]) -> list[str]:
    """What is wrong with an ``aws`` command, told by the pinned AWS CLI's own tables."""
    cli = aws_cli()
    services = cli._get_command_table()
    if words[1] not in services:
        return ["no such service"]
    service = services[words[1]]
    own = getattr(service, "subcommand_table", None)
    operations = own if own else service._get_command_table()
    if words[2] not in operations:
        return ["no such operation"]
    operation = operations[words[2]]
    known = {*operation.arg_table, *cli._get_argument_table()}
    asked = {word[2:].split("=")[0] for word in words[3:] if word.startswith("--")}
    return [f"no option --{option}" for option in sorted(asked - known)]


@functools.cache
def aws_cli() -> Any:
    return importlib.import_module("awscli.clidriver").create_clidriver()
