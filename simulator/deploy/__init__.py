"""CloudFormation: an engine of our own for the types of our template, so that the real SAM CLI deploys it.

moto's CloudFormation is not used at all: it passes over types and properties that it does not know.
"""

import functools
from typing import TYPE_CHECKING

import botocore.session

from simulator.call import Operation
from simulator.deploy.changesets import ChangeSets
from simulator.deploy.nested import NestedStacks
from simulator.deploy.operations import StackOperations, unmodelled
from simulator.deploy.stacks import Stacks
from simulator.per_account import per_account

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Every operation of cloudformation, in every account; those not named here are refused."""
    cloud.nested_stacks = {}
    return per_account(functools.partial(_of_account, cloud))


def _of_account(cloud: "Cloud", account: str) -> dict[str, Operation]:
    stacks = Stacks(account)
    cloud.nested_stacks[account] = NestedStacks(cloud, stacks)
    change_sets = ChangeSets(cloud, stacks)
    on = StackOperations(cloud, stacks, change_sets)
    modelled: dict[str, Operation] = {
        "CreateChangeSet": change_sets.create,
        "CreateStack": on.create_stack,
        "DeleteChangeSet": change_sets.delete,
        "DeleteStack": on.delete_stack,
        "DescribeChangeSet": change_sets.describe,
        "DescribeStackEvents": on.describe_stack_events,
        "DescribeStackResource": on.describe_stack_resource,
        "DescribeStackResources": on.describe_stack_resources,
        "DescribeStacks": on.describe_stacks,
        "ExecuteChangeSet": change_sets.execute,
        "GetTemplate": on.get_template,
        "GetTemplateSummary": on.get_template_summary,
        "ListChangeSets": change_sets.list,
        "ListStackResources": on.list_stack_resources,
        "ListStacks": on.list_stacks,
        "UpdateStack": on.update_stack,
        "ValidateTemplate": on.validate_template,
    }
    model = botocore.session.get_session().get_service_model("cloudformation")
    return {f"cloudformation.{name}": modelled.get(name, unmodelled) for name in model.operation_names}
