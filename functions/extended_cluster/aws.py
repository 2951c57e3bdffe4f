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


def assumed(role_arn: str, external_id: str) -> "Session":
    """A Session with a member role's credentials, good for an hour; never kept, because they end."""
    sts = client("sts")
    given = sts.assume_role(
        RoleArn=role_arn, RoleSessionName="eks-outposts-servers-lni-sweep", ExternalId=external_id
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def regional(session: "Session", service: str, region: str) -> Any:
    """A client of a Session in a Region."""
    return session.client(service, region_name=region, config=_CONFIG)  # type: ignore[call-overload]
