"""The operations on change sets."""

from typing import TYPE_CHECKING

from simulator.call import REGION, Answer, AwsError, Call, NotModelled, Proceed, only
from simulator.deploy.changes import changes, is_empty
from simulator.deploy.changeset import ChangeSet
from simulator.deploy.checks import lacking_capability
from simulator.deploy.execution import Execution
from simulator.deploy.names import uuid_of
from simulator.deploy.prepare import Asked, asked, prepared
from simulator.deploy.revision import Revision
from simulator.deploy.stacks import Stack, Stacks
from simulator.deploy.transform import transforms_of
from simulator.deploy.update import Update

if TYPE_CHECKING:
    from simulator.cloud import Cloud

NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)


class ChangeSets:
    """The change sets of one account's stacks, with the operations on them."""

    def __init__(self, cloud: "Cloud", stacks: Stacks) -> None:
        self._cloud = cloud
        self._stacks = stacks
        self._change_sets: list[ChangeSet] = []

    def create(self, call: Call, _: Proceed) -> Answer:
        """CreateChangeSet. What is wrong with a template that has a transform comes out as status FAILED."""
        only(
            call,
            *("Capabilities", "ChangeSetName", "ChangeSetType", "ClientToken", "Description", "Parameters"),
            *("StackName", "Tags", "TemplateBody", "TemplateURL", "UsePreviousTemplate"),
        )
        kind = call.params.get("ChangeSetType", "UPDATE")
        if kind not in ("CREATE", "UPDATE"):
            raise NotModelled(f"ChangeSetType {kind}")
        present = self._target(call, kind)
        if present and any(each.name == call.params["ChangeSetName"] for each in self.of_stack(present)):
            raise AwsError(
                "AlreadyExistsException", f"ChangeSet {call.params['ChangeSetName']} already exists"
            )
        request = asked(self._cloud, call, present)
        stack = present or self._stacks.new(self._cloud.clock, call.params["StackName"])
        revision, problem = self._prepared(request, stack)
        if present is None:
            stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
            self._stacks.add(stack)
        change_set = self._added(call, kind, stack, request)
        self._judge(change_set, revision, problem)
        return {"Id": change_set.id, "StackId": stack.id}

    def _target(self, call: Call, kind: str) -> Stack | None:
        name = call.params["StackName"]
        stack = self._stacks.living(name)
        if kind == "UPDATE":
            if stack is None or stack.status == "REVIEW_IN_PROGRESS":
                raise AwsError("ValidationError", f"Stack [{name}] does not exist")
            stack.check_updatable()
        elif stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            raise AwsError(
                "ValidationError",
                f"Stack [{name}] already exists and cannot be created again with the changeSet "
                f"[{call.params['ChangeSetName']}].",
            )
        return stack

    def _prepared(self, request: Asked, stack: Stack) -> tuple[Revision | None, str | None]:
        """The revision, or what is wrong with it. Without a transform wrong is refused in the call itself."""
        has_transform = bool(transforms_of(request.document))
        try:
            revision = prepared(self._cloud, request, stack)
        except AwsError as refusal:
            if not has_transform:
                raise
            return None, refusal.message
        lacking = lacking_capability(revision.processed, revision.capabilities)
        if lacking and not has_transform:
            raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{lacking}]")
        return revision, f"Requires capabilities : [{lacking}]" if lacking else None

    def _added(self, call: Call, kind: str, stack: Stack, request: Asked) -> ChangeSet:
        name = call.params["ChangeSetName"]
        unique = uuid_of(f"{stack.id}/{name}/{len(self._change_sets)}")
        change_set = ChangeSet(
            name=name,
            id=f"arn:aws:cloudformation:{REGION}:{stack.account}:changeSet/{name}/{unique}",
            stack=stack,
            kind=kind,
            created=self._cloud.clock.now(),
            description=call.params.get("Description"),
            asked=request,
        )
        self._change_sets.append(change_set)
        return change_set

    def _judge(self, change_set: ChangeSet, revision: Revision | None, problem: str | None) -> None:
        if revision is None or problem is not None:
            change_set.fail(problem or "")
            return
        try:
            change_set.changes = changes(change_set.stack, revision)
            empty = is_empty(change_set.stack, revision, change_set.changes)
        except AwsError as refusal:
            change_set.fail(refusal.message)
            return
        if empty:
            change_set.fail(NO_CHANGES)
        else:
            change_set.revision = revision

    def find(self, call: Call) -> ChangeSet:
        """The change set that a call names, by ARN, or by name and stack."""
        name, stack_name = call.params["ChangeSetName"], call.params.get("StackName")
        for change_set in reversed(self._change_sets):
            if name == change_set.id:
                return change_set
            if name == change_set.name and stack_name in (change_set.stack.name, change_set.stack.id):
                return change_set
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", status=404)

    def of_stack(self, stack: Stack) -> list[ChangeSet]:
        """A stack's change sets, oldest first."""
        return [change_set for change_set in self._change_sets if change_set.stack is stack]

    def describe(self, call: Call, _: Proceed) -> Answer:
        """DescribeChangeSet, in one page."""
        only(call, "ChangeSetName", "StackName")
        return self.find(call).described()

    def list(self, call: Call, _: Proceed) -> Answer:
        """ListChangeSets, in one page."""
        only(call, "StackName")
        stack = self._stacks.get(call.params["StackName"])
        return {"Summaries": [change_set.summary() for change_set in self.of_stack(stack)]}

    def execute(self, call: Call, _: Proceed) -> Answer:
        """ExecuteChangeSet, to the end, before it answers."""
        only(call, "ChangeSetName", "ClientRequestToken", "DisableRollback", "StackName")
        change_set = self.find(call)
        stack, revision = change_set.stack, change_set.revision
        if change_set.execution_status != "AVAILABLE" or revision is None:
            raise AwsError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{change_set.id}] cannot be executed in its current status of [{change_set.status}]",
            )
        # Executing one change set deletes the stack's others (ExecuteChangeSet, API reference).
        self._change_sets = [
            each for each in self._change_sets if each.stack is not stack or each is change_set
        ]
        change_set.execution_status = "EXECUTE_COMPLETE"
        stack.change_set_id = change_set.id
        disable_rollback = bool(call.params.get("DisableRollback", False))
        if change_set.kind == "CREATE":
            Execution(self._cloud, stack).create(revision, disable_rollback=disable_rollback)
        else:
            Update(self._cloud, stack, revision).run(disable_rollback=disable_rollback)
        return {}

    def delete(self, call: Call, _: Proceed) -> Answer:
        """DeleteChangeSet."""
        only(call, "ChangeSetName", "StackName")
        change_set = self.find(call)
        if change_set.execution_status == "EXECUTE_COMPLETE":
            raise AwsError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{change_set.id}] cannot be deleted: it has been executed",
            )
        self._change_sets.remove(change_set)
        return {}
