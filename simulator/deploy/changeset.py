"""A change set and how the API shows it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.deploy.changes import Change
from simulator.deploy.prepare import Asked
from simulator.deploy.revision import Revision
from simulator.deploy.stacks import Stack


@dataclass
class ChangeSet:
    """A change set. revision is None when it failed."""

    name: str
    id: str
    stack: Stack
    kind: str
    created: datetime
    description: str | None
    asked: Asked
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str | None = None
    revision: Revision | None = None
    changes: list[Change] = field(default_factory=list)

    def fail(self, reason: str) -> None:
        """Make it one that can only be looked at."""
        self.status, self.execution_status, self.reason = "FAILED", "UNAVAILABLE", reason

    def summary(self) -> dict[str, Any]:
        """As ListChangeSets and, with more, DescribeChangeSet give it."""
        shown = {
            "StackId": self.stack.id,
            "StackName": self.stack.name,
            "ChangeSetId": self.id,
            "ChangeSetName": self.name,
            "Description": self.description,
            "ExecutionStatus": self.execution_status,
            "Status": self.status,
            "StatusReason": self.reason,
            "CreationTime": self.created,
            "IncludeNestedStacks": False,
        }
        return {name: value for name, value in shown.items() if value is not None}

    def described(self) -> dict[str, Any]:
        """As DescribeChangeSet gives it."""
        return {
            **self.summary(),
            "Parameters": described_parameters(self.asked.parameters, self.asked.hidden),
            "NotificationARNs": [],
            "Capabilities": list(self.asked.capabilities),
            "Tags": [{"Key": key, "Value": value} for key, value in self.asked.tags.items()],
            "Changes": [_described(change) for change in self.changes],
        }


def described_parameters(parameters: dict[str, str], hidden: frozenset[str]) -> list[dict[str, str]]:
    """Parameters as the API gives them; hidden ones as asterisks."""
    return [
        {"ParameterKey": name, "ParameterValue": "****" if name in hidden else value}
        for name, value in parameters.items()
    ]


def _described(change: Change) -> dict[str, Any]:
    details = [
        {"Target": {"Attribute": "Properties", "Name": name}, "Evaluation": "Static"}
        for name in change.properties
    ]
    if change.automatic:
        details.append(
            {
                "Target": {"Attribute": "Properties", "RequiresRecreation": "Never"},
                "Evaluation": "Dynamic",
                "ChangeSource": "Automatic",
            }
        )
    resource: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "ResourceType": change.type,
        "Scope": [*(["Properties"] if details else []), *change.attributes],
        "Details": details,
    }
    if change.physical_id is not None:
        resource["PhysicalResourceId"] = change.physical_id
    if change.replacement is not None:
        resource["Replacement"] = change.replacement
    return {"Type": "Resource", "ResourceChange": resource}
