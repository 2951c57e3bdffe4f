"""AWS clients, made once per process on one Session (six clients on one Session import in half the time)."""

import functools
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from boto3.session import Session

# The state machine retries by name; inside a function a few quick retries for passing faults are enough.
_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


@functools.cache
def session() -> "Session":
    """The process's one Session."""
    return boto3.Session()


@functools.cache
def client(service: str) -> Any:
    """The process's one client of a service, e.g. ``client("ec2")``."""
    return session().client(service, config=_CONFIG)  # type: ignore[call-overload]
