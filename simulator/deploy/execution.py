"""Makes a stack, and takes it away again. ``update`` changes one."""

from typing import TYPE_CHECKING

from simulator.call import AwsError, NotModelled
from simulator.deploy.refusal import REFUSALS, reason_of
from simulator.deploy.resources import KINDS
from simulator.deploy.resources.kind import Context
from simulator.deploy.revision import Revision
from simulator.deploy.stacks import Resource, Stack
from simulator.deploy.template import Declared

if TYPE_CHECKING:
    from simulator.cloud import Cloud


class FailedResourceError(Exception):
    """A resource could not be made or changed; its event carries the reason."""

    def __init__(self, logical_id: str) -> None:
        super().__init__(logical_id)
        self.logical_id = logical_id


class Execution:
    """One operation on one stack. Ends with the stack in a settled status, whatever happened."""

    def __init__(self, cloud: "Cloud", stack: Stack) -> None:
        self._cloud = cloud
        self._stack = stack

    def _context(self, logical_id: str, revision: Revision, seed: str = "") -> Context:
        """seed: makes a replacement's generated name another one."""
        stack, given = self._stack, revision.capabilities
        return Context(
            self._cloud, stack.name, stack.id, logical_id, revision.tags, given, seed, stack.account
        )

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
        except FailedResourceError as failed:
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
            raise FailedResourceError(declared.logical_id) from refusal
        stack.set_resource_status(resource, "CREATE_COMPLETE")
        return resource

    def _outputs(self, revision: Revision) -> list[dict[str, str]]:
        try:
            return revision.outputs(self._stack.attribute)
        except AwsError as refusal:
            # AWS has no resource to blame either: the stack's own event carries the reason.
            raise FailedResourceError(f"Outputs: {refusal.message}") from refusal

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


def _failed_to_delete(logical_ids: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(logical_ids)}]. "
