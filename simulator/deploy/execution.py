"""Makes a stack what a revision wants, or what it was before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.call import AwsError, NotModelled
from simulator.deploy.changes import changed_properties, unmodelled
from simulator.deploy.names import uuid_of
from simulator.deploy.refusal import REFUSALS, reason_of
from simulator.deploy.resources import KINDS
from simulator.deploy.resources.kind import Context, Made
from simulator.deploy.revision import Revision
from simulator.deploy.schema import create_only
from simulator.deploy.stacks import Resource, Stack
from simulator.deploy.template import Declared

if TYPE_CHECKING:
    from simulator.cloud import Cloud


class _FailedError(Exception):
    """A resource could not be made or changed; its event carries the reason."""

    def __init__(self, logical_id: str) -> None:
        super().__init__(logical_id)
        self.logical_id = logical_id


@dataclass
class _Done:
    """What an update has done so far: undo, latest first, and what is left to delete when all went well."""

    undo: list[Callable[[], None]] = field(default_factory=list)
    replaced: list[tuple[Resource, Context]] = field(default_factory=list)


class Execution:
    """One operation on one stack. Ends with the stack in a settled status, whatever happened."""

    def __init__(self, cloud: "Cloud", stack: Stack) -> None:
        self._cloud = cloud
        self._stack = stack

    def _context(self, logical_id: str, revision: Revision, seed: str = "") -> Context:
        """seed: makes a replacement's generated name another one."""
        return Context(self._cloud, self._stack.name, self._stack.id, logical_id, revision.tags, seed)

    # --- create ---

    def create(self, revision: Revision, *, disable_rollback: bool) -> None:
        """Make everything; on failure delete it again, or (disable_rollback) leave it."""
        stack = self._stack
        stack.revision, stack.disable_rollback = revision, disable_rollback
        stack.set_status("CREATE_IN_PROGRESS", "User Initiated")
        try:
            for declared in revision.active.values():
                self._create(declared, revision)
            stack.outputs = self._outputs(revision)
        except _FailedError as failed:
            reason = f"The following resource(s) failed to create: [{failed.logical_id}]. "
            if disable_rollback:
                stack.set_status("CREATE_FAILED", reason)
                return
            stack.set_status("ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
            undeleted = self._delete_all(list(stack.resources), retain=frozenset(), rollback=True)
            if undeleted:
                stack.set_status("ROLLBACK_FAILED", _failed_to_delete(undeleted))
            else:
                stack.set_status("ROLLBACK_COMPLETE")
            return
        stack.set_status("CREATE_COMPLETE")

    def _create(self, declared: Declared, revision: Revision, seed: str = "") -> Resource:
        stack = self._stack
        resource = Resource(declared, {}, None, "", None, self._cloud.clock.now())
        stack.resources[declared.logical_id] = resource
        stack.set_resource_status(resource, "CREATE_IN_PROGRESS")
        try:
            resource.properties = revision.properties(declared, stack.attribute)
            context = self._context(declared.logical_id, revision, seed)
            kind = KINDS[declared.type]
            resource.made = kind.create(context, resource.properties)
            stack.set_resource_status(resource, "CREATE_IN_PROGRESS", "Resource creation Initiated")
            if kind.complete is not None:
                kind.complete(context, resource.made, resource.properties)
        except REFUSALS as refusal:
            stack.set_resource_status(resource, "CREATE_FAILED", reason_of(refusal))
            raise _FailedError(declared.logical_id) from refusal
        stack.set_resource_status(resource, "CREATE_COMPLETE")
        return resource

    def _outputs(self, revision: Revision) -> list[dict[str, str]]:
        try:
            return revision.outputs(self._stack.attribute)
        except AwsError as refusal:
            # AWS has no resource to blame either: the stack's own event carries the reason.
            raise _FailedError(f"Outputs: {refusal.message}") from refusal

    # --- delete ---

    def delete(self, retain: frozenset[str]) -> None:
        """Delete everything, latest first. retain: logical ids to leave alone."""
        stack = self._stack
        stack.set_status("DELETE_IN_PROGRESS", "User Initiated")
        undeleted = self._delete_all(list(stack.resources), retain, rollback=False)
        if undeleted:
            stack.set_status("DELETE_FAILED", _failed_to_delete(undeleted))
            return
        stack.deleted = self._cloud.clock.now()
        stack.set_status("DELETE_COMPLETE")

    def _delete_all(self, logical_ids: list[str], retain: frozenset[str], *, rollback: bool) -> list[str]:
        """The logical ids that could not be deleted. Dependents go before what they depend on."""
        undeleted = []
        for logical_id in reversed(logical_ids):
            resource = self._stack.resources[logical_id]
            if resource.status == "DELETE_COMPLETE":
                continue
            if logical_id in retain or resource.declared.is_retained(rollback=rollback):
                self._stack.set_resource_status(resource, "DELETE_SKIPPED")
            elif not self._delete(resource):
                undeleted.append(logical_id)
        return undeleted

    def _delete(self, resource: Resource, context: Context | None = None) -> bool:
        stack, declared = self._stack, resource.declared
        stack.set_resource_status(resource, "DELETE_IN_PROGRESS")
        if resource.made is not None:
            revision = stack.revision
            if context is None and revision is not None:
                context = self._context(declared.logical_id, revision)
            if context is None:
                raise NotModelled(f"deletion from the stack {stack.name}, which never had a template")
            try:
                KINDS[declared.type].delete(context, resource.made, resource.properties)
            except REFUSALS as refusal:
                stack.set_resource_status(resource, "DELETE_FAILED", reason_of(refusal))
                return False
        stack.set_resource_status(resource, "DELETE_COMPLETE")
        return True

    # --- update ---

    def update(self, revision: Revision, *, disable_rollback: bool) -> None:
        """Change what differs; on failure put everything back, or (disable_rollback) leave it."""
        stack = self._stack
        before, done = dict(stack.resources), _Done()
        stack.disable_rollback = disable_rollback
        stack.updated = self._cloud.clock.now()
        stack.set_status("UPDATE_IN_PROGRESS", "User Initiated")
        try:
            for declared in revision.active.values():
                self._settle(declared, revision, done)
            outputs = self._outputs(revision)
        except _FailedError as failed:
            reason = f"The following resource(s) failed to update: [{failed.logical_id}]. "
            if disable_rollback:
                stack.set_status("UPDATE_FAILED", reason)
                return
            self._roll_back(before, done, reason)
            return
        stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._clean_up(revision, done)
        stack.revision, stack.outputs = revision, outputs
        # Kept in creation order, so that deletion can go backwards.
        stack.resources = {name: stack.resources[name] for name in revision.active}
        stack.set_status("UPDATE_COMPLETE")

    def _settle(self, declared: Declared, revision: Revision, done: _Done) -> None:
        """Make or change one resource, and note how to undo it."""
        stack, logical_id = self._stack, declared.logical_id
        present = stack.resources.get(logical_id)
        if present is None or present.made is None:
            done.undo.append(lambda: self._undo_creation(logical_id, revision))
            self._create(declared, revision)
            return
        wanted, changed = self._compared(present, declared, revision)
        if not changed:
            present.declared = declared
        elif set(changed) & create_only(declared.type):
            self._replace(present, declared, revision, done)
        else:
            self._change(present, declared, wanted, revision, done)

    def _compared(
        self, present: Resource, declared: Declared, revision: Revision
    ) -> tuple[dict[str, Any], list[str]]:
        """The wanted properties and the names that change; a change that is not modelled fails the resource."""
        try:
            wanted = revision.properties(declared, self._stack.attribute)
            changed = changed_properties(present.properties, wanted)
            left = unmodelled(declared, changed)
            if left:
                raise NotModelled(f"a change of {', '.join(left)} of {declared.type}")
        except AwsError as refusal:
            self._stack.set_resource_status(present, "UPDATE_FAILED", reason_of(refusal))
            raise _FailedError(declared.logical_id) from refusal
        return wanted, changed

    def _replace(self, present: Resource, declared: Declared, revision: Revision, done: _Done) -> None:
        stack, logical_id = self._stack, declared.logical_id
        old_revision = stack.revision or revision
        stack.set_resource_status(
            present,
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating one.",
        )

        def undo() -> None:
            self._undo_creation(logical_id, revision)
            stack.resources[logical_id] = present

        done.undo.append(undo)
        seed = uuid_of(f"{stack.id}{len(stack.events)}")
        self._create(declared, revision, seed)
        done.replaced.append((present, self._context(logical_id, old_revision)))

    def _undo_creation(self, logical_id: str, revision: Revision) -> None:
        resource = self._stack.resources.pop(logical_id, None)
        if resource is None:
            return
        if resource.made is not None and resource.declared.is_retained(rollback=True):
            self._stack.set_resource_status(resource, "DELETE_SKIPPED")
        elif not self._delete(resource, self._context(logical_id, revision)):
            raise _FailedError(logical_id)

    def _change(
        self,
        present: Resource,
        declared: Declared,
        wanted: dict[str, Any],
        revision: Revision,
        done: _Done,
    ) -> None:
        stack, old = self._stack, present.properties
        old_declared, old_revision, old_made = present.declared, stack.revision or revision, present.made

        def undo() -> None:
            self._set(present, wanted, old, old_revision, old_made)
            present.declared = old_declared

        done.undo.append(undo)
        self._set(present, old, wanted, revision, old_made)
        present.declared = declared

    def _set(
        self,
        present: Resource,
        old: dict[str, Any],
        new: dict[str, Any],
        revision: Revision,
        made: Made | None,
    ) -> None:
        stack, declared = self._stack, present.declared
        update = KINDS[declared.type].update
        if update is None or made is None:
            raise NotModelled(f"updates of {declared.type}")
        stack.set_resource_status(present, "UPDATE_IN_PROGRESS")
        try:
            present.made = update(self._context(declared.logical_id, revision), made, old, new)
        except REFUSALS as refusal:
            stack.set_resource_status(present, "UPDATE_FAILED", reason_of(refusal))
            raise _FailedError(declared.logical_id) from refusal
        present.properties = new
        stack.set_resource_status(present, "UPDATE_COMPLETE")

    def _roll_back(self, before: dict[str, Resource], done: _Done, reason: str) -> None:
        stack = self._stack
        stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        for undo in reversed(done.undo):
            try:
                undo()
            except _FailedError as failed:
                stack.set_status(
                    "UPDATE_ROLLBACK_FAILED",
                    f"The following resource(s) failed to update: [{failed.logical_id}]. ",
                )
                return
        stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        stack.resources = before
        stack.set_status("UPDATE_ROLLBACK_COMPLETE")

    def _clean_up(self, revision: Revision, done: _Done) -> None:
        """Delete what was replaced or removed. What cannot be deleted is left behind, as on AWS."""
        stack = self._stack
        for resource, context in reversed(done.replaced):
            if resource.declared.update_replace_policy == "Delete":
                self._delete(resource, context)
            else:
                stack.set_resource_status(resource, "DELETE_SKIPPED")
        removed = [name for name in stack.resources if name not in revision.active]
        self._delete_all(removed, frozenset(), rollback=False)


def _failed_to_delete(logical_ids: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(logical_ids)}]. "
