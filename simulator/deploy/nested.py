"""Stacks that are resources of other stacks (user guide, "Nested stacks").

A child is made by the same engine. While it is made it does not roll itself back: its root's roll-back deletes
it (so public event listings show it; otherwise assumed). When an update succeeds, the child waits with its
clean-up for its root, so that the root can still have it rolled back.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from simulator.call import AwsError, Call
from simulator.deploy.changes import changes, is_empty
from simulator.deploy.execution import Execution
from simulator.deploy.prepare import accepted
from simulator.deploy.resources.kind import Context, Made, Properties, cloudformation
from simulator.deploy.revision import Revision
from simulator.deploy.stacks import Stack, Stacks
from simulator.deploy.update import Update

if TYPE_CHECKING:
    from simulator.cloud import Cloud


class _Outputs(Mapping[str, str]):
    """What GetAtt gives of a nested stack: ``Outputs.<name>``, as they are now."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def __getitem__(self, name: str) -> str:
        return self._values()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def _values(self) -> dict[str, str]:
        return {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in self._stack.outputs}


class NestedStacks:
    """What the resource type AWS::CloudFormation::Stack does."""

    def __init__(self, cloud: "Cloud", stacks: Stacks) -> None:
        self._cloud = cloud
        self._stacks = stacks
        self._accepted: dict[str, Revision] = {}
        self._open: dict[str, Update] = {}

    def accept(self, context: Context, properties: Properties) -> Made:
        """A stack that is yet to be made. AwsError: what CreateStack would refuse."""
        stack = self._stacks.new(self._cloud.clock, context.name(128))
        stack.parent = self._stacks.get(context.stack_id)
        self._accepted[stack.id] = self._revision(context, properties, stack, None)
        self._stacks.add(stack)
        return Made(stack.id, _Outputs(stack))

    def create(self, stack_id: str) -> None:
        """Make it. AwsError: a resource of it failed."""
        stack = self._stacks.get(stack_id)
        Execution(self._cloud, stack).create(self._accepted.pop(stack_id), disable_rollback=True)
        if stack.status != "CREATE_COMPLETE":
            raise AwsError(
                "ResourceFailure", f"Embedded stack {stack.id} was not successfully created: {stack.reason}"
            )

    def update(self, context: Context, stack_id: str, properties: Properties) -> None:
        """Change it, if there is anything to change, and keep the way back until ``commit``."""
        stack = self._stacks.get(stack_id)
        stack.check_updatable()
        revision = self._revision(context, properties, stack, stack)
        if is_empty(stack, revision, changes(stack, revision)):
            return
        update = Update(self._cloud, stack, revision)
        if update.settle(disable_rollback=False):
            self._open[stack_id] = update
            return
        raise AwsError(
            "ResourceFailure",
            f"Embedded stack {stack.id} was not successfully updated. Currently in "
            f"UPDATE_ROLLBACK_IN_PROGRESS with reason: {update.failure}",
        )

    def commit(self, stack_id: str) -> None:
        """Let its update be final."""
        update = self._open.pop(stack_id, None)
        if update is not None:
            update.finish()

    def revert(self, stack_id: str) -> None:
        """Take its update back, if there was one that went well: one that failed has taken itself back."""
        update = self._open.pop(stack_id, None)
        if update is not None:
            update.roll_back(None)
        stack = self._stacks.get(stack_id)
        if stack.status == "UPDATE_ROLLBACK_FAILED":
            raise AwsError("ResourceFailure", f"Embedded stack {stack.id} was not successfully rolled back.")

    def delete(self, stack_id: str) -> None:
        """Delete it with all that it has."""
        stack = self._stacks.get(stack_id)
        if stack.status == "DELETE_COMPLETE":
            return
        Execution(self._cloud, stack).delete(frozenset())
        if stack.status != "DELETE_COMPLETE":
            raise AwsError(
                "ResourceFailure", f"Embedded stack {stack.id} was not successfully deleted: {stack.reason}"
            )

    def _revision(
        self, context: Context, properties: Properties, stack: Stack, present: Stack | None
    ) -> Revision:
        own = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        params = {
            "StackName": stack.name,
            "TemplateURL": properties["TemplateURL"],
            "Parameters": _parameters(properties.get("Parameters", {})),
            # The parent's: without CAPABILITY_AUTO_EXPAND the resource's event says "Requires capabilities"
            # (lumigo-io/SAR-Logging#31 shows one).
            "Capabilities": list(context.capabilities),
            "Tags": [{"Key": key, "Value": value} for key, value in {**context.stack_tags, **own}.items()],
        }
        call = Call("cloudformation", "CreateStack", params, cloudformation(stack.account))
        return accepted(self._cloud, call, stack, present)


def _parameters(given: Mapping[str, object]) -> list[dict[str, str]]:
    """As CreateStack takes them. A list must be joined by the template (resource reference, Parameters)."""
    unfit = sorted(name for name, value in given.items() if not isinstance(value, str | int | float))
    if unfit:
        raise AwsError(
            "ValidationError",
            f"Value of property Parameters must be an object with String (or simple type) properties: {unfit[0]}",
        )
    return [{"ParameterKey": name, "ParameterValue": _text(value)} for name, value in given.items()]


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
