"""The operations on stacks and templates."""

import json
from typing import TYPE_CHECKING

from simulator.call import Answer, AwsError, Call, NotModelled, Proceed, only
from simulator.deploy.changes import changes, is_empty
from simulator.deploy.changesets import ChangeSets
from simulator.deploy.checks import check
from simulator.deploy.descriptions import (
    described_resource,
    described_stack,
    stack_summary,
    summarised_parameter,
    template_parameter,
)
from simulator.deploy.execution import Execution
from simulator.deploy.parameters import check_declarations
from simulator.deploy.parse import parse
from simulator.deploy.prepare import accepted
from simulator.deploy.resources.kind import cloudformation
from simulator.deploy.stacks import Stack, Stacks
from simulator.deploy.template import check_sections
from simulator.deploy.template_source import template_text
from simulator.deploy.transform import transforms_of
from simulator.deploy.update import Update

if TYPE_CHECKING:
    from simulator.cloud import Cloud


class StackOperations:
    """One account's CloudFormation but for change sets."""

    def __init__(self, cloud: "Cloud", stacks: Stacks, change_sets: ChangeSets) -> None:
        self._cloud = cloud
        self._stacks = stacks
        self._change_sets = change_sets

    def create_stack(self, call: Call, _: Proceed) -> Answer:
        """CreateStack, to the end, before it answers."""
        only(
            call,
            *(
                "Capabilities",
                "ClientRequestToken",
                "DisableRollback",
                "OnFailure",
                "Parameters",
                "StackName",
            ),
            *("Tags", "TemplateBody", "TemplateURL"),
        )
        name = call.params["StackName"]
        if self._stacks.living(name):
            raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = self._stacks.new(self._cloud.clock, name)
        revision = accepted(self._cloud, call, stack, None)
        self._stacks.add(stack)
        on_failure = call.params.get("OnFailure", "ROLLBACK")
        kept = bool(call.params.get("DisableRollback")) or on_failure == "DO_NOTHING"
        execution = Execution(self._cloud, stack)
        execution.create(revision, disable_rollback=kept)
        if on_failure == "DELETE" and stack.status == "ROLLBACK_COMPLETE":
            execution.delete(frozenset())
        return {"StackId": stack.id}

    def update_stack(self, call: Call, _: Proceed) -> Answer:
        """UpdateStack, to the end, before it answers."""
        only(
            call,
            *("Capabilities", "ClientRequestToken", "DisableRollback", "Parameters", "StackName", "Tags"),
            *("TemplateBody", "TemplateURL", "UsePreviousTemplate"),
        )
        name = call.params["StackName"]
        stack = self._stacks.living(name)
        if stack is None:
            raise AwsError("ValidationError", f"Stack [{name}] does not exist")
        stack.check_updatable()
        revision = accepted(self._cloud, call, stack, stack)
        if is_empty(stack, revision, changes(stack, revision)):
            raise AwsError("ValidationError", "No updates are to be performed.")
        Update(self._cloud, stack, revision).run(disable_rollback=bool(call.params.get("DisableRollback")))
        return {"StackId": stack.id}

    def delete_stack(self, call: Call, _: Proceed) -> Answer:
        """DeleteStack, to the end, before it answers. A stack that is not there is deleted already."""
        only(call, "ClientRequestToken", "RetainResources", "StackName")
        stack = self._stacks.living(call.params["StackName"])
        if stack is None:
            return {}
        retain = frozenset(call.params.get("RetainResources", []))
        if retain and stack.status != "DELETE_FAILED":
            raise AwsError(
                "ValidationError",
                f"Invalid operation on stack [{stack.id}]. The following resource(s) "
                "cannot be retained: RetainResources is for stacks in the DELETE_FAILED state.",
            )
        Execution(self._cloud, stack).delete(retain)
        return {}

    def describe_stacks(self, call: Call, _: Proceed) -> Answer:
        """DescribeStacks, in one page."""
        only(call, "StackName")
        if "StackName" in call.params:
            return {"Stacks": [described_stack(self._stacks.get(call.params["StackName"]))]}
        return {
            "Stacks": [described_stack(stack) for stack in self._stacks if stack.status != "DELETE_COMPLETE"]
        }

    def list_stacks(self, call: Call, _: Proceed) -> Answer:
        """ListStacks, in one page."""
        only(call, "StackStatusFilter")
        wanted = call.params.get("StackStatusFilter")
        return {
            "StackSummaries": [
                stack_summary(stack) for stack in self._stacks if wanted is None or stack.status in wanted
            ]
        }

    def describe_stack_events(self, call: Call, _: Proceed) -> Answer:
        """DescribeStackEvents, latest first, in one page."""
        only(call, "StackName")
        stack = self._find(call)
        return {"StackEvents": list(reversed(stack.events))}

    def _find(self, call: Call) -> Stack:
        name = call.params["StackName"]
        try:
            return self._stacks.get(name)
        except AwsError as refusal:
            # DescribeStacks words it with "with id", the others with brackets.
            raise AwsError("ValidationError", f"Stack [{name}] does not exist") from refusal

    def describe_stack_resources(self, call: Call, _: Proceed) -> Answer:
        """DescribeStackResources of a stack, or of the stack that has a physical id."""
        only(call, "LogicalResourceId", "PhysicalResourceId", "StackName")
        if "PhysicalResourceId" in call.params:
            stack = self._owner(call.params["PhysicalResourceId"])
        else:
            stack = self._find(call)
        logical_id = call.params.get("LogicalResourceId")
        chosen = [each for name, each in stack.resources.items() if logical_id in (None, name)]
        of_stack = {"StackName": stack.name, "StackId": stack.id}
        return {
            "StackResources": [
                {**of_stack, **described_resource(each), "Timestamp": each.timestamp} for each in chosen
            ]
        }

    def _owner(self, physical_id: str) -> Stack:
        for stack in self._stacks:
            if any(each.made and each.made.physical_id == physical_id for each in stack.resources.values()):
                return stack
        raise AwsError("ValidationError", f"Stack for {physical_id} does not exist")

    def describe_stack_resource(self, call: Call, _: Proceed) -> Answer:
        """DescribeStackResource."""
        only(call, "LogicalResourceId", "StackName")
        stack, logical_id = self._find(call), call.params["LogicalResourceId"]
        if logical_id not in stack.resources:
            raise AwsError("ValidationError", f"Resource {logical_id} does not exist for stack {stack.name}")
        resource = stack.resources[logical_id]
        detail = {"StackName": stack.name, "StackId": stack.id, **described_resource(resource)}
        if resource.declared.metadata is not None:
            detail["Metadata"] = json.dumps(resource.declared.metadata)
        return {"StackResourceDetail": {**detail, "LastUpdatedTimestamp": resource.timestamp}}

    def list_stack_resources(self, call: Call, _: Proceed) -> Answer:
        """ListStackResources, in one page."""
        only(call, "StackName")
        resources = self._find(call).resources.values()
        return {
            "StackResourceSummaries": [
                {**described_resource(each), "LastUpdatedTimestamp": each.timestamp} for each in resources
            ]
        }

    def get_template(self, call: Call, _: Proceed) -> Answer:
        """GetTemplate of a stack or change set, as given or after the transform."""
        only(call, "ChangeSetName", "StackName", "TemplateStage")
        if "ChangeSetName" in call.params:
            change_set = self._change_sets.find(call)
            revision, text = change_set.revision, change_set.asked.text
        else:
            revision = self._find(call).revision
            text = revision.text if revision else ""
        if call.params.get("TemplateStage", "Original") == "Processed":
            text = json.dumps(revision.processed) if revision else ""
        return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}

    def get_template_summary(self, call: Call, _: Proceed) -> Answer:
        """GetTemplateSummary of a stack, or of a template."""
        only(call, "StackName", "TemplateBody", "TemplateURL")
        if "StackName" in call.params:
            revision = self._find(call).revision
            text = revision.text if revision else ""
        else:
            text = template_text(call, self._cloud.client("s3", caller=cloudformation(call.account)))
        document = parse(text)
        check_sections(document)
        answer: Answer = {
            "Parameters": [
                summarised_parameter(name, body) for name, body in document.get("Parameters", {}).items()
            ],
            "ResourceTypes": sorted({body["Type"] for body in document["Resources"].values()}),
            "DeclaredTransforms": transforms_of(document),
        }
        texts = {
            "Description": document.get("Description"),
            "Version": document.get("AWSTemplateFormatVersion"),
        }
        return answer | {name: text for name, text in texts.items() if text is not None}

    def validate_template(self, call: Call, _: Proceed) -> Answer:
        """ValidateTemplate: sections and parameters, and what a template without a transform is made of."""
        only(call, "TemplateBody", "TemplateURL")
        document = parse(template_text(call, self._cloud.client("s3", caller=cloudformation(call.account))))
        check_sections(document)
        check_declarations(document.get("Parameters", {}))
        if not transforms_of(document):
            check(document)
        described = {"Description": document["Description"]} if "Description" in document else {}
        return {
            "Parameters": [
                template_parameter(name, body) for name, body in document.get("Parameters", {}).items()
            ],
            "DeclaredTransforms": transforms_of(document),
            **described,
        }


def unmodelled(call: Call, _: Proceed) -> Answer:
    """Any other operation: moto's CloudFormation knows nothing of these stacks."""
    raise NotModelled(call.name)
