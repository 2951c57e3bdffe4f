"""ReleaseLease, RecordFailure and ClearLedger: one write each, and only under our own lease."""

from typing import Any

import clear_ledger
import pytest
import record_failure
import release_lease

from tests.unit.fake_aws import refusal
from tests.unit.stateful_aws import EXECUTION, StatefulClient, run

NOW = "2026-11-23T06:30:00.000Z"
RELEASE = (release_lease.handler, {"servers": [{"outpostId": "op-1"}], "now": NOW}, "released")
FAIL = (
    record_failure.handler,
    {"failure": {"Error": "NodesFailed", "Cause": "cut {"}, "now": NOW},
    "released",
)
CLEAR: tuple[Any, dict[str, Any], str] = (clear_ledger.handler, {}, "cleared")


class Dynamodb(StatefulClient):
    service = "dynamodb"

    def __init__(self, *, ours: bool) -> None:
        super().__init__()
        self.ours = ours

    def update_item(self, **_: Any) -> dict[str, Any]:
        return self._answer("UpdateItem")

    def delete_item(self, **_: Any) -> dict[str, Any]:
        return self._answer("DeleteItem")

    def _answer(self, operation: str) -> dict[str, Any]:
        if not self.ours:
            raise refusal("ConditionalCheckFailedException", operation)
        return {}


@pytest.mark.parametrize(("handler", "event", "word"), [RELEASE, FAIL, CLEAR])
@pytest.mark.parametrize("ours", [True, False])
def test_only_our_own_lease_is_given_back(
    monkeypatch: pytest.MonkeyPatch, handler: Any, event: dict[str, Any], word: str, ours: bool
) -> None:
    monkeypatch.setenv("LEDGER_TABLE", "ledger")
    dynamodb = Dynamodb(ours=ours)
    assert run(monkeypatch, handler, {"clusterName": "edge-1", **event}, dynamodb=dynamodb) == {word: ours}
    ((_, write),) = dynamodb.writes
    assert write["ConditionExpression"] == "#lease.#execution = :me"
    assert write["ExpressionAttributeValues"][":me"] == {"S": EXECUTION}


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ({"Cause": '{"errorMessage": "No room.", "errorType": "X"}'}, "No room."),
        ({"Cause": '{"errorMessage": "cut'}, '{"errorMessage": "cut'),
        ({"Cause": "plain text"}, "plain text"),
        ({"Cause": "[1]"}, "[1]"),
        ({}, ""),
    ],
)
def test_the_ledger_keeps_what_the_cause_says(cause: dict[str, str], told: str) -> None:
    assert record_failure.facts({"Error": "X", **cause}) == {"outcome": "FAILED", "error": "X", "cause": told}
