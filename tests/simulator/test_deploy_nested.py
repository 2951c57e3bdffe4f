"""Stacks in stacks, through the API of the simulator's CloudFormation."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.deploy_account import ARTIFACTS, Account, queue, stack_of

URL = f"https://s3.us-west-2.amazonaws.com/{ARTIFACTS}/"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
# What no account has: the resource fails.
BROKEN = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "none", "PolicyDocument": {}}}


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    yield account
    account.cloud.functions.close()


def child(seconds: int = 30, transform: bool = True, **more: Any) -> dict[str, Any]:
    """A template with a queue whose visibility is a parameter."""
    return {
        **({"Transform": "AWS::Serverless-2016-10-31"} if transform else {}),
        "Parameters": {"Delay": {"Type": "Number", "Default": 0}, "Zones": {"Type": "String", "Default": ""}},
        "Resources": {"Inner": queue(DelaySeconds={"Ref": "Delay"}, VisibilityTimeout=seconds), **more},
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": "Inner.QueueName"}}, "Seconds": {"Value": seconds}},
    }


def parent(key: str = "child.yaml", **more: Any) -> dict[str, Any]:
    """A template with the child, and a queue that waits as long as the child says."""
    return {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Child": {
                "Type": "AWS::Serverless::Application",
                "Properties": {"Location": URL + key, "Parameters": {"Delay": 7}},
            },
            "Outer": queue(VisibilityTimeout={"Fn::GetAtt": "Child.Outputs.Seconds"}),
            **more,
        },
        "Outputs": {"Inner": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Name"]}}},
    }


def deployed(account: Account, template: dict[str, Any], name: str = "one", **given: Any) -> Any:
    return account.deploy(template, name, **{"Capabilities": CAPABILITIES, **given})


def put(account: Account, template: dict[str, Any], key: str = "child.yaml") -> None:
    account.put(key, json.dumps(template).encode())


def attribute(account: Account, url: str, name: str) -> str:
    read = account.cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return str(read["Attributes"][name])


def reasons(account: Account, logical_id: str, status: str, stack: str = "app") -> list[str]:
    return [why for name, state, why in account.events(stack) if (name, state) == (logical_id, status)]


def test_an_application_becomes_a_stack_of_its_own(account: Account) -> None:
    put(account, child())
    stack = deployed(account, parent(), Tags=[{"Key": "team", "Value": "edge"}])

    inner = account.stack(account.physical("Child"))
    assert (stack["StackStatus"], inner["StackStatus"]) == ("CREATE_COMPLETE", "CREATE_COMPLETE")
    assert inner["StackName"].startswith("app-Child-")
    assert (inner["ParentId"], inner["RootId"]) == (stack["StackId"], stack["StackId"])
    assert "ParentId" not in stack
    assert {"Key": "team", "Value": "edge"} in inner["Tags"]
    assert {"ParameterKey": "Delay", "ParameterValue": "7"} in inner["Parameters"]
    url = account.physical("Inner", inner["StackId"])
    assert attribute(account, url, "DelaySeconds") == "7"
    assert stack["Outputs"] == [{"OutputKey": "Inner", "OutputValue": url.rpartition("/")[2]}]
    assert attribute(account, account.physical("Outer"), "VisibilityTimeout") == "30"


def test_a_stack_two_levels_deep_knows_its_root(account: Account) -> None:
    put(account, child(), "grandchild.yaml")
    put(account, parent("grandchild.yaml"))
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": URL + "child.yaml"}}
    root = deployed(account, stack_of(Middle=nested))

    middle = account.stack(account.physical("Middle"))
    leaf = account.stack(account.physical("Child", middle["StackId"]))
    assert (leaf["ParentId"], leaf["RootId"]) == (middle["StackId"], root["StackId"])
    account.cloudformation.delete_stack(StackName="app")
    assert {account.stack(each["StackId"])["StackStatus"] for each in (root, middle, leaf)} == {
        "DELETE_COMPLETE"
    }
    assert "QueueUrls" not in account.cloud.client("sqs").list_queues()


def test_a_child_with_a_transform_needs_auto_expand(account: Account) -> None:
    put(account, child())
    stack = deployed(account, parent(), Capabilities=["CAPABILITY_IAM"])

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reasons(account, "Child", "CREATE_FAILED") == ["Requires capabilities : [CAPABILITY_AUTO_EXPAND]"]


def test_a_child_without_a_transform_does_not(account: Account) -> None:
    put(account, child(transform=False))
    assert deployed(account, parent(), Capabilities=[])["StackStatus"] == "CREATE_COMPLETE"


def test_what_fails_in_the_child_fails_the_parent_and_nothing_is_left(account: Account) -> None:
    put(account, child(Broken=BROKEN))
    stack = deployed(account, parent())

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    inner = account.physical("Child")
    assert reasons(account, "Child", "CREATE_FAILED") == [
        f"Embedded stack {inner} was not successfully created: "
        "The following resource(s) failed to create: [Broken]. "
    ]
    assert account.stack(inner)["StackStatus"] == "DELETE_COMPLETE"
    assert "QueueUrls" not in account.cloud.client("sqs").list_queues()


def test_a_list_for_a_parameter_of_the_child_is_refused(account: Account) -> None:
    put(account, child())
    template = parent()
    template["Resources"]["Child"]["Properties"]["Parameters"] = {"Zones": {"Fn::GetAZs": ""}}
    assert deployed(account, template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "simple type" in reasons(account, "Child", "CREATE_FAILED")[0]


def test_a_change_set_shows_a_nested_stack_even_when_nothing_changes(account: Account) -> None:
    put(account, child())
    deployed(account, parent())
    before = account.events(account.physical("Child"))

    again = account.propose(parent(), "two", Capabilities=CAPABILITIES)

    change = next(each["ResourceChange"] for each in again["Changes"])
    assert (change["LogicalResourceId"], change["Action"], change["Replacement"]) == (
        "Child",
        "Modify",
        "False",
    )
    assert [detail["ChangeSource"] for detail in change["Details"]] == ["Automatic"]
    # What reads the child's outputs may change with them.
    assert [each["ResourceChange"]["LogicalResourceId"] for each in again["Changes"]] == ["Child", "Outer"]
    account.cloudformation.execute_change_set(ChangeSetName=again["ChangeSetId"])
    assert account.stack()["StackStatus"] == "UPDATE_COMPLETE"
    assert account.events(account.physical("Child")) == before


def test_the_child_is_updated_behind_the_same_url_and_its_readers_with_it(account: Account) -> None:
    put(account, child())
    deployed(account, parent())
    inner = account.physical("Child")
    put(account, child(seconds=45))

    assert deployed(account, parent(), "two")["StackStatus"] == "UPDATE_COMPLETE"

    assert account.stack(inner)["StackStatus"] == "UPDATE_COMPLETE"
    assert attribute(account, account.physical("Inner", inner), "VisibilityTimeout") == "45"
    assert attribute(account, account.physical("Outer"), "VisibilityTimeout") == "45"


def test_a_child_that_cannot_be_updated_rolls_back_with_its_parent(account: Account) -> None:
    put(account, child())
    deployed(account, parent())
    inner = account.physical("Child")
    put(account, child(seconds=45, Broken={**BROKEN, "DependsOn": "Inner"}))

    assert deployed(account, parent(), "two")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"

    assert account.stack(inner)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert attribute(account, account.physical("Inner", inner), "VisibilityTimeout") == "30"
    assert reasons(account, "Child", "UPDATE_FAILED") == [
        f"Embedded stack {inner} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS "
        "with reason: The following resource(s) failed to update: [Broken]. "
    ]


def test_an_updated_child_goes_back_when_something_else_of_the_parent_fails(account: Account) -> None:
    """Nothing of the child was deleted before the root was through: its old queue is still the same one."""
    put(account, child())
    deployed(account, parent())
    inner = account.physical("Child")
    kept = account.physical("Inner", inner)
    changed = child(seconds=45)
    changed["Resources"] = {"Other": changed["Resources"]["Inner"]}
    changed["Outputs"]["Name"] = {"Value": {"Fn::GetAtt": "Other.QueueName"}}
    put(account, changed)
    template = parent(Late={**BROKEN, "DependsOn": "Outer"})

    stack = deployed(account, template, "two")

    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    statuses = [
        status for name, status, _ in account.events(inner) if name == account.stack(inner)["StackName"]
    ]
    assert statuses[-4:] == [
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert account.physical("Inner", inner) == kept
    urls = account.cloud.client("sqs").list_queues()["QueueUrls"]
    assert sorted(urls) == sorted([kept, account.physical("Outer")])
    assert attribute(account, account.physical("Outer"), "VisibilityTimeout") == "30"
    assert account.stack(inner)["Outputs"][0]["OutputValue"] == kept.rpartition("/")[2]
    # And the next update goes through.
    assert deployed(account, parent(), "three")["StackStatus"] == "UPDATE_COMPLETE"
    assert attribute(account, account.physical("Outer"), "VisibilityTimeout") == "45"


def test_a_child_that_is_taken_out_of_the_template_is_deleted(account: Account) -> None:
    put(account, child())
    deployed(account, parent())
    inner = account.physical("Child")

    deployed(account, stack_of(Outer=queue(VisibilityTimeout=30)), "two")

    assert account.stack(inner)["StackStatus"] == "DELETE_COMPLETE"
    assert account.cloud.client("sqs").list_queues()["QueueUrls"] == [account.physical("Outer")]


def test_a_child_that_cannot_be_deleted_keeps_its_parent(account: Account) -> None:
    put(account, child(Bucket={"Type": "AWS::S3::Bucket"}))
    deployed(account, parent())
    inner = account.physical("Child")
    bucket = account.physical("Bucket", inner)
    account.cloud.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")

    account.cloudformation.delete_stack(StackName="app")

    assert account.stack()["StackStatus"] == "DELETE_FAILED"
    assert "was not successfully deleted" in reasons(account, "Child", "DELETE_FAILED")[0]
    account.cloud.client("s3").delete_object(Bucket=bucket, Key="k")
    account.cloudformation.delete_stack(StackName="app")
    assert not account.exists("app")


def test_an_output_that_the_child_does_not_have(account: Account) -> None:
    put(account, child())
    template = parent()
    template["Outputs"]["Inner"]["Value"] = {"Fn::GetAtt": "Child.Outputs.Nothing"}
    assert deployed(account, template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Child does not support attribute type Outputs.Nothing" in str(account.events())


def test_the_application_repository_is_not_modelled(account: Account) -> None:
    template = parent()
    template["Resources"]["Child"]["Properties"]["Location"] = {"ApplicationId": "a", "SemanticVersion": "1"}
    change_set = account.propose(template)
    assert "does not model the Location of AWS::Serverless::Application" in change_set["StatusReason"]
