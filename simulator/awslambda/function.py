"""A function as the service keeps it, and as its API shows it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from simulator.awslambda.code import Code
from simulator.call import REGION, AwsError, Caller
from simulator.iam.credentials import account_of, session_arn


def arn_of(name: str, account: str) -> str:
    """A function's unqualified ARN."""
    return f"arn:aws:lambda:{REGION}:{account}:function:{name}"


@dataclass
class Function:
    """settings: in the API's shape, complete (settings.py); policy: statement id -> statement."""

    name: str
    settings: dict[str, Any]
    code: Code
    architectures: list[str]
    modified: datetime
    tags: dict[str, str] = field(default_factory=dict)
    policy: dict[str, dict[str, Any]] = field(default_factory=dict)
    revision: str = field(default_factory=lambda: str(uuid4()))

    @property
    def account(self) -> str:
        """That of its role, because a role of another account is refused."""
        return account_of(self.settings["Role"])

    @property
    def arn(self) -> str:
        """Unqualified."""
        return arn_of(self.name, self.account)

    def changed(self, now: datetime) -> None:
        """Code or configuration are new: running environments are of the past (Lambda replaces them)."""
        self.modified = now
        self.revision = str(uuid4())

    def check_revision(self, expected: str | None) -> None:
        """Refuse a change meant for another revision (API_UpdateFunctionConfiguration, RevisionId)."""
        if expected is not None and expected != self.revision:
            raise AwsError(
                "PreconditionFailedException",
                "The RevisionId provided does not match the latest RevisionId. Call the GetFunction or the GetAlias "
                "API to retrieve the latest RevisionId for your resource.",
                412,
            )

    def configuration(self) -> dict[str, Any]:
        """FunctionConfiguration. A function is usable at once: the seconds Lambda spends in Pending are left out."""
        return {
            "FunctionName": self.name,
            "FunctionArn": self.arn,
            "Version": "$LATEST",
            "PackageType": "Zip",
            **self.settings,
            "SnapStart": {**self.settings["SnapStart"], "OptimizationStatus": "Off"},
            "Architectures": self.architectures,
            "CodeSha256": self.code.sha256,
            "CodeSize": self.code.size,
            "LastModified": self.modified.strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{self.modified.microsecond // 1000:03}+0000",
            "RevisionId": self.revision,
            "State": "Active",
            "LastUpdateStatus": "Successful",
        }

    def caller(self) -> Caller:
        """Lambda acting in the function's role: its logs, its queues.

        The session's name is the function's, as in the credentials that the function gets.
        """
        role_arn: str = self.settings["Role"]
        return Caller(session_arn(role_arn, self.name), role_arn, "lambda.amazonaws.com", self.account)
