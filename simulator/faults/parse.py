"""JSON -> Rule. Whatever cannot be read says what is accepted instead."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import botocore.session

from simulator.faults.rule import Rule
from simulator.wire import SERVICES


class Malformed(ValueError):
    """A rule that cannot be read; the message says what is accepted."""


@dataclass(frozen=True, slots=True)
class _Kind:
    needs: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ()


_WHICH_CALLS = ("service", "operation", "caller")
_KINDS = {
    "error": _Kind(("service", "operation", "errorCode"), ("status", "when", "caller")),
    "delay": _Kind(("service", "operation", "seconds"), ("caller",)),
    "crash": _Kind(("function", "at"), ("service", "operation")),
    "eventLoss": _Kind((), _WHICH_CALLS),
    "eventDuplicate": _Kind((), _WHICH_CALLS),
    "eventDelay": _Kind(("seconds",), _WHICH_CALLS),
    "eventReorder": _Kind((), _WHICH_CALLS),
    "messageDuplicate": _Kind(("queue",)),
    "readLag": _Kind(("seconds",), ("caller",)),
}
_HOW_OFTEN = ("nth", "every", "share")
_NAMES = {"errorCode": "error_code"}

type _Check = tuple[Callable[[Any], bool], str]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


_TEXT: _Check = (_is_text, "a text")
_COUNT: _Check = (_is_count, "a whole number, 1 or more")
_FIELDS: dict[str, _Check] = {
    "service": (lambda value: value in SERVICES, f"one of {', '.join(SERVICES)}"),
    "operation": _TEXT,
    "caller": (_is_text, "part of the caller's ARN"),
    "errorCode": _TEXT,
    "status": (lambda value: type(value) is int and 400 <= value <= 599, "an HTTP status from 400 to 599"),
    "when": (lambda value: value in ("before", "after"), "before or after (the effect)"),
    "seconds": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "function": (_is_text, "part of the function's name"),
    "at": (lambda value: value in ("start", "before", "after", "end"), "start, before, after or end"),
    "queue": (_is_text, "part of the queue's name"),
    "nth": _COUNT,
    "every": _COUNT,
    "share": (lambda value: _is_number(value) and 0 < value <= 1, "a number above 0, up to 1"),
    "seed": (lambda value: type(value) is int, "a whole number"),
}

# botocore's data/_retry.json (codes and statuses that SDKs retry by); EC2 API Reference, "Error codes" (InternalError,
# Unavailable); S3 API Reference, "Error responses" (SlowDown, InternalError); "Common Errors" of every other service.
_STATUSES = {
    "InternalError": 500,
    "InternalFailure": 500,
    "ProvisionedThroughputExceededException": 400,
    "RequestLimitExceeded": 503,
    "RequestThrottled": 403,
    "ServiceUnavailable": 503,
    "SlowDown": 503,
    "Throttling": 400,
    "ThrottlingException": 400,
    "Unavailable": 503,
}


def parse(document: Any) -> Rule:
    """Raises Malformed."""
    kind = document.get("kind") if isinstance(document, dict) else None
    if kind not in _KINDS:
        raise Malformed(f"a rule is an object whose kind is one of {', '.join(_KINDS)}, not {document!r}")
    takes = _KINDS[kind]
    given = {name: value for name, value in document.items() if name != "kind"}
    unknown = set(given) - {*takes.needs, *takes.may_have, *_HOW_OFTEN, "seed"}
    if unknown or set(takes.needs) - set(given) or len(set(_HOW_OFTEN) & set(given)) != 1:
        raise Malformed(f"{_accepted(kind)}; not {document!r}")
    for name, value in given.items():
        check, accepted = _FIELDS[name]
        if not check(value):
            raise Malformed(f"{name} is {accepted}, not {value!r}")
    _check_calls(kind, given)
    if kind == "error":
        given["status"] = _status(given)
    fields = {_NAMES.get(name, name): value for name, value in given.items() if name != "seed"}
    return Rule(document=document, kind=kind, **fields)


def _accepted(kind: str) -> str:
    takes = _KINDS[kind]
    needed = ["kind", *takes.needs, f"just one of {', '.join(_HOW_OFTEN)}"]
    return f"{kind} needs {', '.join(needed)}, and may have {', '.join([*takes.may_have, 'seed'])}"


def _check_calls(kind: str, given: dict[str, Any]) -> None:
    if kind == "crash" and given["at"] in ("start", "end") and {"service", "operation"} & set(given):
        raise Malformed("a crash at start or end has no service and no operation: those are of calls")
    if "operation" not in given:
        return
    if "service" not in given:
        raise Malformed("operation needs its service")
    operations = _model(given["service"]).operation_names
    if given["operation"] not in operations:
        raise Malformed(f"operation is one of {given['service']}: {', '.join(operations)}")


def _status(given: dict[str, Any]) -> int:
    """The one given, the one of the operation's model, or the common one of the code: never a guess."""
    if "status" in given:
        return int(given["status"])
    for shape in _model(given["service"]).operation_model(given["operation"]).error_shapes:
        if shape.error_code == given["errorCode"] and "httpStatusCode" in shape.metadata.get("error", {}):
            return int(shape.metadata["error"]["httpStatusCode"])
    if given["errorCode"] not in _STATUSES:
        raise Malformed(f"errorCode {given['errorCode']} needs a status; known are {', '.join(_STATUSES)}")
    return _STATUSES[given["errorCode"]]


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)
