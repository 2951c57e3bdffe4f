"""An execution told live, a line per state, from its history."""

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.plan import tell

_ENTERED, _EXITED = "StateEntered", "StateExited"


@dataclass(slots=True)
class Visit:
    """One state entered once: name, when (simulated), how often its function was called, what came out (JSON)."""

    name: str
    entered: datetime
    attempts: int = 0
    exited: datetime | None = None
    output: str = "{}"


@dataclass(slots=True)
class History:
    """Reads an execution's history event by event; knows what has already been read."""

    visits: dict[int, Visit] = field(default_factory=dict)
    transitions: int = 0
    events: int = 0
    _visit_of: dict[int, int] = field(default_factory=dict)

    def read(self, events: list[dict[str, Any]]) -> Iterator[Visit]:
        """Take what has been added to the history, oldest first; gives the visits that ended with it."""
        for event in events:
            self.events = event["id"]
            ended = self._take(event)
            if ended:
                yield ended

    def _take(self, event: dict[str, Any]) -> Visit | None:
        number, kind = event["id"], event["type"]
        owner = self._visit_of.get(event.get("previousEventId", 0))
        if kind.endswith(_ENTERED):
            self.transitions += 1
            owner = number
            self.visits[number] = Visit(event["stateEnteredEventDetails"]["name"], event["timestamp"])
        if owner is None:
            return None
        self._visit_of[number] = owner
        visit = self.visits[owner]
        if kind == "LambdaFunctionScheduled":
            visit.attempts += 1
            # AWS counts every retry as a transition (Step Functions pricing).
            self.transitions += visit.attempts > 1
        if kind.endswith(_EXITED):
            visit = self._open(event["stateExitedEventDetails"]["name"], visit)
            visit.exited = event["timestamp"]
            visit.output = event["stateExitedEventDetails"].get("output", "{}")
            return visit
        return None

    def _open(self, name: str, nearest: Visit) -> Visit:
        """The visit that ends: a Parallel's or Map's exit follows the last event of one of its branches."""
        if nearest.name == name:
            return nearest
        return next(visit for visit in self.visits.values() if visit.name == name and visit.exited is None)


def watch(stepfunctions: Any, execution_arn: str, interval: float = 0.3) -> tuple[dict[str, Any], History]:
    """Print a line for every state as it ends; returns the finished execution and its history."""
    began = time.monotonic()
    history = History()
    print(f"\n{'simulated':>10} {'took':>9} {'real':>7}  state")
    while True:
        execution = stepfunctions.describe_execution(executionArn=execution_arn)
        for visit in history.read(_since(stepfunctions, execution_arn, history.events)):
            print(_line(visit, execution["startDate"], time.monotonic() - began), flush=True)
            if visit.name == "BuildPlan":
                print(tell(json.loads(visit.output)["plan"]), flush=True)
        if execution["status"] != "RUNNING":
            return execution, history
        time.sleep(interval)


def _since(stepfunctions: Any, execution_arn: str, known: int) -> list[dict[str, Any]]:
    """The events after the first ``known``, oldest first; events are numbered from 1 on (HistoryEvent API, id)."""
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, reverseOrder=True, PaginationConfig={"PageSize": 20}
    )
    newest_first = (event for page in pages for event in page["events"])
    return [*itertools.takewhile(lambda event: event["id"] > known, newest_first)][::-1]


def _line(visit: Visit, started: datetime, real: float) -> str:
    exited = visit.exited or visit.entered
    at, took = (exited - started).total_seconds(), (exited - visit.entered).total_seconds()
    looks = f"  (looked {visit.attempts} times)" if visit.attempts > 1 else ""
    return f"{clock(at):>10} {took:8.1f}s {real:6.1f}s  {visit.name}{looks}"


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"
