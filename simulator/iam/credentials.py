"""Temporary credentials: who signed a request, told by its access key."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.call import ADMINISTRATOR, AwsError, Caller

# STS API Reference, AssumeRole, DurationSeconds: "By default, the value is set to 3600 seconds".
DEFAULT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Credentials:
    """What STS hands out. expiration: aware, UTC; the simulator does not enforce it (assumed: the services
    that hold credentials renew them in time, as Lambda does)."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime


class Sessions:
    """The role sessions of one cloud. The n-th session of a seed always has the same keys."""

    def __init__(self, seed: int, now: Callable[[], datetime]) -> None:
        self._seed = seed
        self._now = now
        self._callers: dict[str, Caller] = {}

    def issue(self, role_arn: str, session_name: str, seconds: int = DEFAULT_SECONDS) -> Credentials:
        """New credentials of a role; whether the role may be assumed was decided before (sts.py)."""
        count = sum(caller.role_arn is not None for caller in self._callers.values())
        # IAM User Guide, "IAM identifiers": ASIA begins a temporary access key id; 20 upper-case letters and
        # digits in all.
        key = "ASIA" + base64.b32encode(self._digest(f"key {count}"))[:16].decode()
        secret = base64.b64encode(self._digest(f"secret {count}"))[:40].decode()
        token = base64.b64encode(self._digest(f"token {count}") * 4).decode()
        session = session_arn(role_arn, session_name)
        self._callers[key] = Caller(arn=session, role_arn=role_arn, account=account_of(role_arn))
        return Credentials(key, secret, token, self._now() + timedelta(seconds=seconds))

    def administrator(self, account: str) -> tuple[str, str]:
        """Access key id and secret access key of an account's administrator, whom nothing there is refused."""
        # IAM User Guide, "IAM identifiers": AKIA begins a long-term access key id.
        key = "AKIA" + base64.b32encode(self._digest(f"administrator {account}"))[:16].decode()
        self._callers[key] = Caller(arn=f"arn:aws:iam::{account}:user/administrator", account=account)
        return key, base64.b64encode(self._digest(f"administrator's secret {account}"))[:40].decode()

    def caller_of(self, access_key_id: str) -> Caller:
        """Who holds the key. An unknown key that is no temporary one is that of the administrator of the
        application's account, whatever it is.

        Raises AwsError InvalidClientTokenId for temporary credentials that this cloud never issued.
        """
        if access_key_id in self._callers:
            return self._callers[access_key_id]
        if access_key_id.startswith("ASIA"):
            # STS "Common Errors": InvalidClientTokenId, HTTP 403.
            message = "The security token included in the request is invalid."
            raise AwsError("InvalidClientTokenId", message, 403)
        return ADMINISTRATOR

    def _digest(self, what: str) -> bytes:
        return hashlib.sha256(f"{self._seed}/{what}".encode()).digest()


def account_of(arn: str) -> str:
    """The account in an ARN."""
    return arn.split(":")[4]


def session_arn(role_arn: str, session_name: str) -> str:
    """``arn:aws:sts::123456789012:assumed-role/Name/session``: the role's path is not part of it."""
    account, name = account_of(role_arn), role_arn.rpartition("/")[2]
    return f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}"
