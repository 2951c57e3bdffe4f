"""What an invocation leaves in CloudWatch Logs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from simulator.awslambda.outcome import Outcome
from simulator.call import AwsError, Caller, NotModelled

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# API_PutLogEvents: at most 10,000 events and 1,048,576 bytes, each event counting 26 bytes more than its message.
_EVENTS, _BYTES, _OVERHEAD = 10_000, 1_048_576, 26


@dataclass(frozen=True, slots=True)
class Report:
    """An invocation in figures: times in Unix seconds, durations in seconds, memory in MB."""

    request_id: str
    started: float
    ended: float
    duration: float
    init_duration: float | None
    memory_size: int
    memory_used: int
    outcome: Outcome


type Line = tuple[float, str]


def lines(report: Report, output: str, logging: Mapping[str, Any]) -> list[Line]:
    """(Unix seconds, message) of everything an invocation logs, in order.

    Everything a function prints is at the instant of its start: in virtual time it runs in no time.
    """
    # awslambdaric's error report is one event of several lines; printed, it has carriage returns between them
    # (awslambdaric bootstrap.py: ERROR_LOG_LINE_TERMINATE, and newlines in what it sends Lambda's own log pipe).
    printed = [(report.started, line.replace("\r", "\n")) for line in output.split("\n") if line]
    if logging["LogFormat"] == "JSON":
        quiet = logging["SystemLogLevel"] == "WARN" and not report.outcome.failed
        start, *end = [] if quiet else _json_lines(report)
        return [*([start] if start else []), *printed, *end]
    start, *end = _text_lines(report)
    return [start, *printed, *end]


def stream_name(function_name: str, logging: Mapping[str, Any], now: datetime) -> str:
    """Lambda guide, "Configuring CloudWatch log groups": with a group of one's own, the function's name is in it."""
    own_group = logging["LogGroup"] != f"/aws/lambda/{function_name}"
    return f"{now:%Y/%m/%d}/{function_name if own_group else ''}[$LATEST]{uuid4().hex}"


def deliver(cloud: "Cloud", caller: Caller, group: str, stream: str, events: list[Line]) -> None:
    """Put events as the function's role. Without permission they are lost and the function runs on, as on AWS."""
    try:
        _ensure_stream(cloud, caller, group, stream)
        for batch in _batches(events):
            cloud.call(
                "logs",
                "PutLogEvents",
                caller,
                logGroupName=group,
                logStreamName=stream,
                logEvents=[{"timestamp": int(time * 1000), "message": message} for time, message in batch],
            )
    except AwsError as refused:
        if refused.code not in {"AccessDeniedException", "ResourceNotFoundException"} or isinstance(
            refused, NotModelled
        ):
            raise


def _ensure_stream(cloud: "Cloud", caller: Caller, group: str, stream: str) -> None:
    for create_group_if_missing in (True, False):
        try:
            cloud.call("logs", "CreateLogStream", caller, logGroupName=group, logStreamName=stream)
        except AwsError as refused:
            if refused.code == "ResourceNotFoundException" and create_group_if_missing:
                cloud.call("logs", "CreateLogGroup", caller, logGroupName=group)
            elif refused.code != "ResourceAlreadyExistsException":
                raise
            else:
                return
        else:
            return


def _batches(events: list[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for event in events:
        cost = len(event[1].encode()) + _OVERHEAD
        if batch and (len(batch) == _EVENTS or size + cost > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += cost
    if batch:
        yield batch


def _text_lines(report: Report) -> Iterator[Line]:
    """Lambda guide, "Lambda execution environment lifecycle", the newer style with Status in REPORT."""
    request, end = report.request_id, report.ended
    yield report.started, f"START RequestId: {request} Version: $LATEST"
    if report.outcome.status == "timeout":
        moment = datetime.fromtimestamp(end, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield end, f"{moment} {request} Task timed out after {report.duration:.2f} seconds"
    elif report.outcome.error_type == "Runtime.ExitError":
        yield end, json.loads(report.outcome.payload)["errorMessage"]
        yield end, "Runtime.ExitError"
    yield end, f"END RequestId: {request}"
    yield end, "\t".join(_report_fields(report))


def _report_fields(report: Report) -> Iterator[str]:
    duration = report.duration * 1000
    init = (report.init_duration or 0.0) * 1000
    yield f"REPORT RequestId: {report.request_id}"
    yield f"Duration: {duration:.2f} ms"
    yield f"Billed Duration: {_billed(duration + init)} ms"
    yield f"Memory Size: {report.memory_size} MB"
    yield f"Max Memory Used: {report.memory_used} MB"
    if report.init_duration is not None:
        yield f"Init Duration: {init:.2f} ms"
    # A handler's exception leaves no status: it is the runtime that handled it.
    if report.outcome.loses_environment:
        yield f"Status: {report.outcome.status}"
        if report.outcome.status == "error":
            yield f"Error Type: {report.outcome.error_type}"


def _json_lines(report: Report) -> list[Line]:
    """Lambda guide, "Telemetry API Event schema reference": platform.start and platform.report."""
    start = {"requestId": report.request_id, "version": "$LATEST"}
    metrics: dict[str, Any] = {
        "durationMs": round(report.duration * 1000, 3),
        "billedDurationMs": _billed((report.duration + (report.init_duration or 0.0)) * 1000),
        "memorySizeMB": report.memory_size,
        "maxMemoryUsedMB": report.memory_used,
    }
    if report.init_duration is not None:
        metrics["initDurationMs"] = round(report.init_duration * 1000, 3)
    ended: dict[str, Any] = {
        "requestId": report.request_id,
        "metrics": metrics,
        "status": report.outcome.status,
    }
    if report.outcome.error_type:
        ended["errorType"] = report.outcome.error_type
    return [
        _platform(report.started, "platform.start", start),
        _platform(report.ended, "platform.report", ended),
    ]


def _platform(time: float, kind: str, record: dict[str, Any]) -> Line:
    moment = datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return time, json.dumps({"time": moment, "type": kind, "record": record})


def _billed(milliseconds: float) -> int:
    """Whole milliseconds, rounded up; initialisation is billed too since August 2025 (Lambda pricing)."""
    return -int(-milliseconds // 1)
