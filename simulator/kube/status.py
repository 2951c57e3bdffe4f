"""What the API answers instead of an object: ``Status``, worded as kube-apiserver words it.

Source: kubernetes/apimachinery pkg/api/errors/errors.go; checked against a real kube-apiserver (tests/kubernetes).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

type Json = dict[str, Any]


class Refusal(Exception):
    """A request that is not done. details: ``StatusDetails`` of the API."""

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}

    def body(self) -> Json:
        """The Status object."""
        status: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details:
            status["details"] = self.details
        return {**status, "code": self.code}


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing wrong in an object. reason: FieldValueRequired, FieldValueInvalid, ...; field: ``spec.replicas``."""

    reason: str
    message: str
    field: str

    @property
    def text(self) -> str:
        """As it stands in the Status' message."""
        return f"{self.field}: {self.message}"


def required(field: str, why: str = "") -> Cause:
    """A value that is missing."""
    return Cause("FieldValueRequired", f"Required value{': ' + why if why else ''}", field)


def wrong(field: str, value: str, why: str) -> Cause:
    """A value that is not allowed. value: as Go's %v or %q prints it."""
    return Cause("FieldValueInvalid", f"Invalid value: {value}: {why}", field)


def unauthorized() -> Refusal:
    """Nobody is told why."""
    return Refusal(401, "Unauthorized", "Unauthorized")


def forbidden(resource: str, group: str, name: str, why: str) -> Refusal:
    """resource: the plural, with its group where the message is about an object."""
    quoted = f' "{name}"' if name else ""
    what = qualified(resource, group) + quoted
    return Refusal(403, "Forbidden", f"{what} is forbidden: {why}", _details(resource, group, name))


def not_found(resource: str, group: str, name: str) -> Refusal:
    """An object that is not there."""
    message = f'{qualified(resource, group)} "{name}" not found'
    return Refusal(404, "NotFound", message, _details(resource, group, name))


def no_such_resource() -> Refusal:
    """A path that no kind has."""
    return Refusal(404, "NotFound", "the server could not find the requested resource", {"causes": []})


def already_exists(resource: str, group: str, name: str) -> Refusal:
    """A create of what is there."""
    message = f'{qualified(resource, group)} "{name}" already exists'
    return Refusal(409, "AlreadyExists", message, _details(resource, group, name))


def conflict(resource: str, group: str, name: str, why: str) -> Refusal:
    """Somebody else was faster."""
    message = f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {why}'
    return Refusal(409, "Conflict", message, _details(resource, group, name))


def apply_conflict(found: Sequence[tuple[str, str]]) -> Refusal:
    """Server-side apply of fields that others manage. found: (manager as printed, field path) in order."""
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": path}
        for manager, path in found
    ]
    by_manager: dict[str, list[str]] = {}
    for manager, path in found:
        by_manager.setdefault(manager, []).append(path)
    # apimachinery pkg/util/managedfields/internal/conflict.go.
    told = [
        f"conflict with {manager}: {paths[0]}"
        if len(paths) == 1
        else "\n".join([f"conflicts with {manager}:", *(f"- {path}" for path in paths)])
        for manager, paths in by_manager.items()
    ]
    plural = "conflict" if len(found) == 1 else "conflicts"
    message = f"Apply failed with {len(found)} {plural}: " + "\n".join(told)
    return Refusal(409, "Conflict", message, {"causes": causes})


def invalid(kind: str, group: str, name: str, causes: Sequence[Cause]) -> Refusal:
    """An object that breaks its kind's rules."""
    told = causes[0].text if len(causes) == 1 else f"[{', '.join(cause.text for cause in causes)}]"
    listed = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
    details = {**_details(kind, group, name), "causes": listed}
    return Refusal(422, "Invalid", f'{qualified(kind, group)} "{name}" is invalid: {told}', details)


def bad_request(message: str) -> Refusal:
    """What cannot be understood."""
    return Refusal(400, "BadRequest", message)


def method_not_allowed() -> Refusal:
    """A verb that the resource does not have."""
    return Refusal(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
    )


def unsupported_media_type(accepted: Sequence[str]) -> Refusal:
    """A body of another type."""
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(
        accepted
    )
    return Refusal(415, "UnsupportedMediaType", message)


def internal_error(what: str) -> Refusal:
    """A server's own trouble, a webhook that cannot be called among them."""
    return Refusal(500, "InternalError", f"Internal error occurred: {what}", {"causes": [{"message": what}]})


def not_modelled(what: str) -> Refusal:
    """The simulator does not know what a cluster would do here, and says so instead of guessing."""
    return Refusal(501, "NotModelledBySimulator", f"The simulator does not model {what}.")


def qualified(resource: str, group: str) -> str:
    """``deployments.apps``; the core group has no name."""
    return f"{resource}.{group}" if group else resource


def _details(kind: str, group: str, name: str) -> Json:
    details = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in details.items() if value}
