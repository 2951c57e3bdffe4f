"""One AWS API call inside the simulator, already decoded from the wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self
from uuid import uuid4

ACCOUNT = "123456789012"
REGION = "us-west-2"

type Answer = dict[str, Any]


class Place(Protocol):
    """One account in one Region: what a resource of AWS belongs to. A call is made in one."""

    @property
    def account(self) -> str:
        """The account's number."""

    @property
    def region(self) -> str:
        """The Region's name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a call.

    arn: as CloudTrail and AccessDenied messages name it; role_arn: the IAM role whose policies decide, or
    None for the administrator, whom nothing is refused; service: the AWS service that acts by itself or on
    the role's behalf (CloudTrail's ``invokedBy``), e.g. ``autoscaling.amazonaws.com``.
    """

    arn: str
    role_arn: str | None = None
    service: str | None = None
    account: str = ACCOUNT


ADMINISTRATOR = Caller(arn=f"arn:aws:iam::{ACCOUNT}:user/administrator")


def aws_service(principal: str, account: str = ACCOUNT) -> Caller:
    """The caller that an AWS service is when it acts by itself, e.g. ``aws_service("events.amazonaws.com")``.

    account: the one whose resources it acts on.
    """
    return Caller(arn=principal, service=principal, account=account)


@dataclass(frozen=True, slots=True)
class Call:
    """service: botocore's name (``stepfunctions``); operation: ``CreateSubnet``; params: as boto3 takes them."""

    service: str
    operation: str
    params: Mapping[str, Any]
    caller: Caller = ADMINISTRATOR
    region: str = REGION
    request_id: str = field(default_factory=lambda: str(uuid4()))
    user_agent: str = ""

    @property
    def name(self) -> str:
        """``ec2.CreateSubnet``."""
        return f"{self.service}.{self.operation}"

    @property
    def account(self) -> str:
        """The account that the call works in: its caller's."""
        return self.caller.account

    def asking(self, service: str, operation: str, **params: Any) -> Self:
        """A further call that answering this one takes: by the same caller, in the same Region."""
        return replace(self, service=service, operation=operation, params=params)

    def with_params(self, **changes: Any) -> Self:
        """The same call with some parameters changed; None removes one."""
        merged = {**self.params, **changes}
        return replace(self, params={key: value for key, value in merged.items() if value is not None})


class AwsError(Exception):
    """What a service answers instead of a result. The gateway puts it on the wire as that service does."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        """code: AWS's error code; members: further members of the service model's error shape."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class NotModelled(AwsError):
    """The simulator does not know what AWS would do here, and says so instead of guessing."""

    def __init__(self, what: str) -> None:
        super().__init__("NotModelledBySimulator", f"The simulator does not model {what}.", status=501)


type Proceed = Callable[[Call], Answer]
type Operation = Callable[[Call, Proceed], Answer]
type Layer = Callable[[Call, Proceed], Answer]


def only(call: Call, *known: str) -> None:
    """Refuse a call that uses a parameter which the layer does not model (an empty value counts as used)."""
    unknown = sorted(set(call.params) - set(known))
    if unknown:
        raise NotModelled(f"{', '.join(unknown)} of {call.name}")
