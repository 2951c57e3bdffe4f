"""Changes a stack into what a revision wants, and back when that fails."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.call import AwsError, NotModelled
from simulator.deploy.changes import changed_properties, unmodelled
from simulator.deploy.execution import Execution, FailedResourceError
from simulator.deploy.names import uuid_of
from simulator.deploy.refusal import REFUSALS, reason_of
from simulator.deploy.resources import KINDS
from simulator.deploy.resources.kind import Context, Made
from simulator.deploy.revision import Revision
from simulator.deploy.schema import create_only
from simulator.deploy.stacks import STACK_TYPE, Resource, Stack
from simulator.deploy.template import Declared

if TYPE_CHECKING:
    from simulator.cloud import Cloud


class Update(Execution):
    """One update of one stack, in two steps.

    ``settle`` makes and changes; ``finish`` deletes what is no longer wanted, and only then is there no way
    back. A nested stack is finished, or rolled back, when its root is (user guide, "Stack status codes",
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS; "Troubleshooting", nested stacks).
    """

    def __init__(self, cloud: "Cloud", stack: Stack, revision: Revision) -> None:
        super().__init__(cloud, stack)
        self._revision = revision
        self._before, self._outputs_before = dict(stack.resources), stack.outputs
        self.failure = ""
        self._undo: list[Callable[[], None]] = []
        self._replaced: list[tuple[Resource, Context]] = []

    def run(self, *, disable_rollback: bool) -> None:
        """Both steps. On failure put everything back, or (disable_rollback) leave it."""
        if self.settle(disable_rollback=disable_rollback):
            self.finish()

    def settle(self, *, disable_rollback: bool) -> bool:
        """Change what differs. False: it failed, and the stack is settled already."""
        stack, revision = self._stack, self._revision
        if disable_rollback and any(each.declared.type == STACK_TYPE for each in stack.resources.values()):
            raise NotModelled(f"DisableRollback of an update of {stack.name}, which has nested stacks")
        stack.disable_rollback = disable_rollback
        stack.updated = self._cloud.clock.now()
        stack.set_status("UPDATE_IN_PROGRESS", "User Initiated")
        try:
            for declared in revision.active.values():
                self._settle(declared)
            stack.outputs = self._outputs(revision)
        except FailedResourceError as failed:
            reason = self.failure = f"The following resource(s) failed to update: [{failed.logical_id}]. "
            if disable_rollback:
                stack.set_status("UPDATE_FAILED", reason)
            else:
                self.roll_back(reason)
            return False
        stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        return True

    def finish(self) -> None:
        """Delete what was replaced or removed. What cannot be deleted is left behind, as on AWS."""
        stack = self._stack
        for resource, context in reversed(self._replaced):
            if resource.declared.update_replace_policy == "Delete":
                self._delete(resource, context)
            else:
                stack.set_resource_status(resource, "DELETE_SKIPPED")
        removed = [name for name in stack.resources if name not in self._revision.active]
        self._delete_all(removed, frozenset(), rollback=False)
        # Kept in creation order, so that deletion can go backwards.
        stack.resources = {name: stack.resources[name] for name in self._revision.active}
        for name, resource in stack.resources.items():
            commit = KINDS[resource.declared.type].commit
            if commit is not None and resource.made is not None:
                commit(self._context(name, self._revision), resource.made)
        stack.revision = self._revision
        stack.set_status("UPDATE_COMPLETE")

    def roll_back(self, reason: str | None) -> None:
        """Put everything back, latest first."""
        stack = self._stack
        stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        for undo in reversed(self._undo):
            try:
                undo()
            except FailedResourceError as failed:
                stack.set_status(
                    "UPDATE_ROLLBACK_FAILED",
                    f"The following resource(s) failed to update: [{failed.logical_id}]. ",
                )
                return
        stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        stack.resources, stack.outputs = self._before, self._outputs_before
        stack.set_status("UPDATE_ROLLBACK_COMPLETE")

    def _settle(self, declared: Declared) -> None:
        """Make or change one resource, and note how to undo it."""
        logical_id = declared.logical_id
        present = self._stack.resources.get(logical_id)
        if present is None or present.made is None:
            self._undo.append(lambda: self._undo_creation(logical_id))
            self._create(declared, self._revision)
            return
        wanted, changed = self._compared(present, declared)
        if set(changed) & create_only(declared.type):
            self._replace(present, declared)
        elif changed or KINDS[declared.type].always_updated:
            self._change(present, declared, wanted)
        else:
            present.declared = declared

    def _compared(self, present: Resource, declared: Declared) -> tuple[dict[str, Any], list[str]]:
        """The wanted properties and the names that change; a change that is not modelled fails the resource."""
        try:
            wanted = self._revision.properties(declared, self._stack.attribute)
            changed = changed_properties(present.properties, wanted)
            left = unmodelled(declared, changed)
            if left:
                raise NotModelled(f"a change of {', '.join(left)} of {declared.type}")
        except AwsError as refusal:
            self._stack.set_resource_status(present, "UPDATE_FAILED", reason_of(refusal))
            raise FailedResourceError(declared.logical_id) from refusal
        return wanted, changed

    def _replace(self, present: Resource, declared: Declared) -> None:
        stack, logical_id = self._stack, declared.logical_id
        old_revision = stack.revision or self._revision
        stack.set_resource_status(
            present,
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating one.",
        )

        def undo() -> None:
            self._undo_creation(logical_id)
            stack.resources[logical_id] = present

        self._undo.append(undo)
        seed = uuid_of(f"{stack.id}{len(stack.events)}")
        self._create(declared, self._revision, seed)
        self._replaced.append((present, self._context(logical_id, old_revision)))

    def _undo_creation(self, logical_id: str) -> None:
        resource = self._stack.resources.pop(logical_id, None)
        if resource is None:
            return
        if resource.made is not None and resource.declared.is_retained(rollback=True):
            self._stack.set_resource_status(resource, "DELETE_SKIPPED")
        elif not self._delete(resource, self._context(logical_id, self._revision)):
            raise FailedResourceError(logical_id)

    def _change(self, present: Resource, declared: Declared, wanted: dict[str, Any]) -> None:
        old, old_declared, made = present.properties, present.declared, present.made
        old_revision, kind = self._stack.revision or self._revision, KINDS[declared.type]
        if kind.update is None or made is None:
            raise NotModelled(f"updates of {declared.type}")
        update, revert = kind.update, kind.revert

        def undo() -> None:
            context = self._context(declared.logical_id, old_revision)
            back = (lambda: revert(context, made)) if revert else (lambda: update(context, made, wanted, old))
            self._set(present, old, back)
            present.declared = old_declared

        self._undo.append(undo)
        context = self._context(declared.logical_id, self._revision)
        self._set(present, wanted, lambda: update(context, made, old, wanted))
        present.declared = declared

    def _set(self, present: Resource, properties: dict[str, Any], change: Callable[[], Made]) -> None:
        stack = self._stack
        stack.set_resource_status(present, "UPDATE_IN_PROGRESS")
        try:
            present.made = change()
        except REFUSALS as refusal:
            stack.set_resource_status(present, "UPDATE_FAILED", reason_of(refusal))
            raise FailedResourceError(present.declared.logical_id) from refusal
        present.properties = properties
        stack.set_resource_status(present, "UPDATE_COMPLETE")
