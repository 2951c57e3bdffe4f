"""Stacks, resources and parameters as the API shows them."""

from typing import Any

from simulator.deploy.changeset import described_parameters
from simulator.deploy.stacks import Resource, Stack


def described_resource(resource: Resource) -> dict[str, Any]:
    """What every operation that shows resources gives of one."""
    shown: dict[str, Any] = {
        "LogicalResourceId": resource.declared.logical_id,
        "ResourceType": resource.declared.type,
        "ResourceStatus": resource.status,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }
    if resource.made is not None:
        shown["PhysicalResourceId"] = resource.made.physical_id
    if resource.reason is not None:
        shown["ResourceStatusReason"] = resource.reason
    return shown


def stack_summary(stack: Stack) -> dict[str, Any]:
    """As ListStacks gives it."""
    shown = {
        "StackId": stack.id,
        "StackName": stack.name,
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "ParentId": stack.parent.id if stack.parent else None,
        "RootId": stack.root.id if stack.parent else None,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    return {name: value for name, value in shown.items() if value is not None}


def described_stack(stack: Stack) -> dict[str, Any]:
    """As DescribeStacks gives it."""
    revision = stack.revision
    shown: dict[str, Any] = {
        **stack_summary(stack),
        "DisableRollback": stack.disable_rollback,
        "EnableTerminationProtection": False,
        "NotificationARNs": [],
        "RollbackConfiguration": {},
        "Tags": [],
    }
    if stack.change_set_id is not None:
        shown["ChangeSetId"] = stack.change_set_id
    if revision is None:
        return shown
    shown["Tags"] = [{"Key": key, "Value": value} for key, value in revision.tags.items()]
    shown["Capabilities"] = list(revision.capabilities)
    if revision.parameters:
        shown["Parameters"] = described_parameters(revision.parameters, revision.hidden)
    if stack.outputs:
        shown["Outputs"] = stack.outputs
    if "Description" in revision.processed:
        shown["Description"] = revision.processed["Description"]
    return shown


def template_parameter(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """As ValidateTemplate gives it."""
    shown: dict[str, Any] = {"ParameterKey": name, "NoEcho": str(body.get("NoEcho")).lower() == "true"}
    if "Default" in body:
        shown["DefaultValue"] = str(body["Default"])
    if "Description" in body:
        shown["Description"] = body["Description"]
    return shown


def summarised_parameter(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """As GetTemplateSummary gives it."""
    constraints = (
        {"AllowedValues": [str(value) for value in body["AllowedValues"]]} if "AllowedValues" in body else {}
    )
    return {
        **template_parameter(name, body),
        "ParameterType": body["Type"],
        "ParameterConstraints": constraints,
    }
