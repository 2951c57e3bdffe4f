"""docs/events.md tells of the events that are sent: its schema, its examples, its list of outcomes."""

import json
import re
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from extended_cluster import lni, lni_orphans, lni_tell
from tests.unit.lni_world import Account, home, outpost, sweep

__all__ = ["home"]

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "events.md").read_text()
SCHEMA = json.loads((DOCS / "lni-guard-outcome.schema.json").read_text())
OUTCOME, SUMMARY, PATTERN = (json.loads(found) for found in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))


def test_the_example_fits_the_schema_and_the_schema_is_the_one_in_use(home: Account) -> None:
    check = fastjsonschema.compile(SCHEMA)
    check(OUTCOME)
    home.ec2._add(outpost(1))
    sweep()
    (sent,) = home.told
    check(sent)
    assert sent.keys() == OUTCOME.keys()
    assert SCHEMA["properties"].keys() - sent.keys() == {"networkInterfaceId"}
    assert SCHEMA["properties"]["version"]["const"] == lni_tell.VERSION == OUTCOME["version"]


def test_the_summary_has_what_the_example_has(home: Account) -> None:
    sweep()
    assert home.summaries[0].keys() == SUMMARY.keys()


@pytest.mark.parametrize("action", [*lni.Action, *lni_orphans.Action])
def test_every_outcome_is_in_the_document(action: Any) -> None:
    if action is not lni.Action.LOOK:  # never an outcome: the fact is looked up
        assert f"`{action.value}`" in TEXT


def test_the_rule_matches_the_events() -> None:
    assert PATTERN["source"] == [lni_tell.SOURCE]
    assert PATTERN["detail-type"] == [lni_tell.OUTCOME]
    assert PATTERN["detail"].keys() <= OUTCOME.keys()


def test_each_document_and_section_that_an_alarm_names_exists() -> None:
    template = (DOCS.parent / "guard.yaml").read_text()
    named = re.findall(r'(docs/[\w-]+\.md)(?:, "([^"]+)")?', re.sub(r"\s+", " ", template))
    assert named
    for path, section in named:
        assert f"# {section}" in (DOCS.parent / path).read_text()
