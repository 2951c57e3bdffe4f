"""Stacks, their resources and events: the state alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulator.call import REGION, AwsError
from simulator.clock.kernel import Clock
from simulator.deploy.names import uuid_of
from simulator.deploy.resources.kind import Made
from simulator.deploy.revision import Revision
from simulator.deploy.template import Declared

STACK_TYPE = "AWS::CloudFormation::Stack"
# Statuses from which a stack can be updated (user guide, "Stack status codes").
_UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


@dataclass
class Resource:
    """A resource that a stack has or had. made is None until its creation succeeded."""

    declared: Declared
    properties: dict[str, Any]
    made: Made | None
    status: str
    reason: str | None
    timestamp: datetime


@dataclass
class Stack:
    """A stack. revision is what it was last successfully made from (or is being made from)."""

    name: str
    account: str
    id: str
    clock: Clock
    created: datetime
    status: str
    revision: Revision | None = None
    reason: str | None = None
    updated: datetime | None = None
    deleted: datetime | None = None
    disable_rollback: bool = False
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    change_set_id: str | None = None
    parent: "Stack | None" = None

    @property
    def root(self) -> "Stack":
        """The stack at the top; itself when it is not nested."""
        return self.parent.root if self.parent else self

    def check_updatable(self) -> None:
        """Refuse an update in a status that allows none."""
        if self.status not in _UPDATABLE:
            raise AwsError(
                "ValidationError", f"Stack:{self.id} is in {self.status} state and can not be updated."
            )

    def _stamp(self) -> datetime:
        """Now, but after the last event: SAM CLI tells deployments apart by their events' times."""
        now = self.clock.now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if self.events:
            now = max(now, self.events[-1]["Timestamp"] + timedelta(milliseconds=1))
        return now

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Change the stack's status, with its event."""
        self.status, self.reason = status, reason
        self._record(self.name, STACK_TYPE, self.id, status, reason)

    def set_resource_status(self, resource: Resource, status: str, reason: str | None = None) -> None:
        """Change a resource's status, with its event."""
        physical_id = resource.made.physical_id if resource.made else ""
        declared = resource.declared
        resource.status, resource.reason = status, reason
        resource.timestamp = self._record(declared.logical_id, declared.type, physical_id, status, reason)

    def _record(
        self, logical_id: str, resource_type: str, physical_id: str, status: str, reason: str | None
    ) -> datetime:
        stamp = self._stamp()
        event = {
            "StackId": self.id,
            "EventId": f"{logical_id}-{status}-{uuid_of(f'{self.id}{len(self.events)}')}",
            "StackName": self.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": resource_type,
            "Timestamp": stamp,
            "ResourceStatus": status,
        }
        self.events.append({**event, "ResourceStatusReason": reason} if reason else event)
        return stamp

    def attribute(self, logical_id: str, name: str | None) -> Any:
        """What Ref (name None) or GetAtt gives for a resource that has been made."""
        resource = self.resources.get(logical_id)
        if resource is None or resource.made is None:
            raise AwsError(
                "ValidationError",
                f"Template format error: Unresolved resource dependencies [{logical_id}] in the template",
            )
        if name is None:
            return resource.made.physical_id
        if name not in resource.made.attributes:
            raise AwsError(
                "ValidationError",
                f"Template error: resource {logical_id} does not support attribute type {name} in Fn::GetAtt",
            )
        return resource.made.attributes[name]


class Stacks:
    """Every stack of one account in the Region, deleted ones included."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._stacks: list[Stack] = []

    def __iter__(self) -> Iterator[Stack]:
        return iter(self._stacks)

    def add(self, stack: Stack) -> None:
        """Take in a new stack."""
        self._stacks.append(stack)

    def living(self, name: str) -> Stack | None:
        """The stack of that name or id that has not been deleted."""
        found = [stack for stack in self._stacks if name in (stack.name, stack.id)]
        return next((stack for stack in found if stack.status != "DELETE_COMPLETE"), None)

    def get(self, name: str) -> Stack:
        """A stack by name, or by id even when it has been deleted."""
        for stack in self._stacks:
            if stack.id == name:
                return stack
        stack_by_name = self.living(name)
        if stack_by_name is None:
            raise AwsError("ValidationError", f"Stack with id {name} does not exist")
        return stack_by_name

    def new(self, clock: Clock, name: str) -> Stack:
        """A stack not yet taken in."""
        if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name):
            raise AwsError(
                "ValidationError",
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
            )
        unique = uuid_of(f"{name}/{len(self._stacks)}")
        arn = f"arn:aws:cloudformation:{REGION}:{self._account}:stack/{name}/{unique}"
        return Stack(name, self._account, arn, clock, created=clock.now(), status="")
