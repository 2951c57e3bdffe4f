"""The notice of a run that did not succeed: what happened, why, what is kept, and the next command."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from extended_cluster.cause import abridged, readable, rolled_back
from extended_cluster.request_schema import SCHEMA

# SNS API, Publish: a subject has less than 100 characters; a message 256 KB, of which a cause can be 32.
_SUBJECT: Final = 99
_CAUSE: Final = 4000

# AWS's own partitions, with the console's domain in each.
_CONSOLES: Final = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}

_MADE_NOTHING: Final = frozenset({"InvalidRequest", "LeaseHeld", "PlanOutdated", "DeletionProtected"})


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended red. machine: provision or teardown; status: FAILED, TIMED_OUT or ABORTED; cluster: None

    where the input names none; error, cause: as Step Functions has them, None where it has none; under_way: the
    states it was in; last_failure: the latest error of a step. Both of a run that was ended from outside.
    """

    machine: str
    machine_arn: str
    arn: str
    status: str
    cluster: str | None
    error: str | None
    cause: str | None
    under_way: Sequence[str] = ()
    last_failure: str | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look and what to start: the teardown machine's ARN, the machine's log group, the steps' prefix."""

    teardown_arn: str
    machine_logs: str
    step_logs: str


def cluster_of(given: str) -> str | None:
    """The cluster that an execution's input names; None for a name that no run would take, which may be anything."""
    request = json.loads(given)
    name = request.get("clusterName") if isinstance(request, Mapping) else None
    pattern = SCHEMA["properties"]["clusterName"]["pattern"]
    return name if isinstance(name, str) and re.fullmatch(pattern, name) else None


def subject(run: Run) -> str:
    """One line of ASCII that SNS takes."""
    error = f": {run.error}" if run.error else ""
    text = f"{run.status} {run.machine} of {run.cluster or 'an unnamed cluster'}{error}"
    return re.sub(r"[^ -~]", "?", text)[:_SUBJECT]


def text(run: Run, places: Places) -> str:
    """The message."""
    parts = [
        f"{_happened(run)}\n{run.arn}",
        _why(run),
        _kept(run),
        f"Next: cure the cause, correct request.json if that is the cure, and start again:\n{_resume(run)}",
        _give_up(run, places),
        _look(run, places),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _happened(run: Run) -> str:
    ended = {
        "FAILED": "has failed",
        "TIMED_OUT": "has run into the state machine's time limit",
        "ABORTED": "was stopped",
    }
    return f"The {run.machine} run of {_cluster(run)} {ended[run.status]} ({run.status})."


def _cluster(run: Run) -> str:
    return f"cluster {run.cluster}" if run.cluster else "a cluster whose name its input does not tell"


def _why(run: Run) -> str:
    """FAILED has both error and cause, as a rule; ABORTED what StopExecution was told; TIMED_OUT may have neither."""
    lines = [f"Error: {run.error}"] if run.error else []
    lines += [f"Cause: {_short(run.cause)}"] if run.cause else []
    lines = lines or ["Neither an error nor a cause was given."]
    if run.under_way:
        lines.append(f"It was in: {', '.join(run.under_way)}")
    if run.last_failure:
        lines.append(f"The last that a step said: {_short(run.last_failure)}")
    return "\n".join(lines)


def _short(cause: str) -> str:
    return abridged(readable(cause).strip(), _CAUSE)


def _undone(run: Run) -> bool:
    """Whether the run's own rollback has deleted all of its cluster: TellRollback says so in the cause."""
    return run.cluster is not None and rolled_back(run.cluster) in (run.cause or "")


def _kept(run: Run) -> str:
    if run.error in _MADE_NOTHING:
        return "This run has changed nothing."
    if run.machine == "teardown":
        return "What is deleted is gone. What is left keeps its tag, and the next teardown finds it."
    if _undone(run):
        return "All that this run made is undone and proven gone: nothing is left to delete, and no lease to wait for."
    return (
        "What was made and not rolled back is kept, with its tag, and the same request carries on with it. The "
        "lease is given back: nothing stands in the next run's way. Do not use Redrive, it would go on without a lease."
    )


def _resume(run: Run) -> str:
    """The input is fetched, not told: nobody knows who reads the topic, nor how long a request is."""
    region = _region(run)
    return (
        f"  aws stepfunctions describe-execution --region {region} --execution-arn {shlex.quote(run.arn)} "
        "--query input --output text > request.json\n"
        f"  aws stepfunctions start-execution --region {region} "
        f"--state-machine-arn {shlex.quote(run.machine_arn)} --input file://request.json"
    )


def _give_up(run: Run, places: Places) -> str:
    if run.machine == "teardown" or run.cluster is None or run.error in _MADE_NOTHING or _undone(run):
        return ""
    confirmed = json.dumps({"clusterName": run.cluster, "confirm": run.cluster})
    return (
        "Or give up. This deletes the whole cluster with its nodes, also what earlier runs made:\n"
        f"  aws stepfunctions start-execution --region {_region(run)} "
        f"--state-machine-arn {shlex.quote(places.teardown_arn)} --input {shlex.quote(confirmed)}"
    )


def _look(run: Run, places: Places) -> str:
    lines = [f"Log groups: {places.machine_logs} (states), {places.step_logs}STATE (each step)"]
    if domain := _CONSOLES.get(run.arn.split(":")[1]):
        region = _region(run)
        page = f"states/home?region={region}#/v2/executions/details/{run.arn}"
        lines.insert(0, f"Console: https://{region}.{domain}/{page}")
    return "\n".join(lines)


def _region(run: Run) -> str:
    return run.arn.split(":")[3]


def facts(run: Run) -> dict[str, Any]:
    """What the ledger keeps of it."""
    known = {"error": run.error, "cause": readable(run.cause or "")}
    return {"outcome": run.status} | {name: value for name, value in known.items() if value}
