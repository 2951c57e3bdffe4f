"""The simulator's CloudFormation, through its API: change sets, stacks, roll-back, updates."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulator.deploy_account import Account, queue, stack_of

APPLICATION = """
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Description: A small application
Parameters:
  Days: {Type: Number, Default: 7}
  Seconds: {Type: Number, Default: 5}
Conditions:
  Never: !Equals [a, b]
Resources:
  Guard:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://artifacts/code-1.zip
      Handler: app.handler
      Runtime: python3.13
      Timeout: !Ref Seconds
      Environment: {Variables: {QUEUE: !Ref Queue}}
      LoggingConfig: {LogGroup: !Ref GuardLogs, LogFormat: JSON}
      Policies: [{Version: 2012-10-17, Statement: [{Effect: Allow, Action: "sqs:*", Resource: !GetAtt Queue.Arn}]}]
  GuardLogs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/guard/${AWS::StackName}", RetentionInDays: !Ref Days}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 60}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: s3://artifacts/machine-1.yaml
      DefinitionSubstitutions: {GuardArn: !GetAtt Guard.Arn, Seconds: !Ref Seconds}
      Role: !GetAtt MachineRole.Arn
      Logging: {Level: ALL, Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt GuardLogs.Arn}}]}
  MachineRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}]
  Absent:
    Type: AWS::SQS::Queue
    Condition: Never
Outputs:
  QueueUrl: {Value: !Ref Queue, Description: Where events go}
  Nothing: {Value: !Ref Absent, Condition: Never}
"""


@pytest.fixture
def account() -> Iterator[Account]:
    account = Account()
    yield account
    account.cloud.functions.close()


def test_an_application_is_created(account: Account) -> None:
    stack = account.deploy(APPLICATION, Tags=[{"Key": "team", "Value": "edge"}])

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"] == [
        {"OutputKey": "QueueUrl", "OutputValue": account.physical("Queue"), "Description": "Where events go"}
    ]
    function = account.cloud.client("lambda").get_function(FunctionName=account.physical("Guard"))
    assert function["Configuration"]["Timeout"] == 5
    assert function["Configuration"]["Environment"]["Variables"] == {"QUEUE": account.physical("Queue")}
    assert function["Configuration"]["LoggingConfig"]["LogGroup"] == "/guard/app"
    assert function["Tags"]["aws:cloudformation:logical-id"] == "Guard"
    assert function["Tags"]["team"] == "edge"
    machine = account.cloud.client("stepfunctions").describe_state_machine(
        stateMachineArn=account.physical("Machine")
    )
    definition = json.loads(machine["definition"])
    assert definition["States"]["Pause1"]["Seconds"] == 5
    assert definition["States"]["Guard"]["Resource"] == function["Configuration"]["FunctionArn"]
    assert machine["loggingConfiguration"]["level"] == "ALL"
    groups = account.cloud.client("logs").describe_log_groups(logGroupNamePrefix="/guard/app")
    assert groups["logGroups"][0]["retentionInDays"] == 7


def test_the_change_set_tells_what_will_be_added(account: Account) -> None:
    change_set = account.propose(APPLICATION)

    added = {each["ResourceChange"]["LogicalResourceId"] for each in change_set["Changes"]}
    assert added == {"Guard", "GuardRole", "GuardLogs", "Queue", "Machine", "MachineRole"}
    assert {each["ResourceChange"]["Action"] for each in change_set["Changes"]} == {"Add"}
    assert account.stack()["StackStatus"] == "REVIEW_IN_PROGRESS"


def test_deploying_again_unchanged_says_so(account: Account) -> None:
    account.deploy(APPLICATION)

    again = account.propose(APPLICATION, "two")

    assert (again["Status"], again["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "The submitted information didn't contain changes." in again["StatusReason"]
    with pytest.raises(ClientError, match="cannot be executed in its current status"):
        account.cloudformation.execute_change_set(ChangeSetName=again["ChangeSetId"])


def test_changed_code_and_configuration_update_in_place(account: Account) -> None:
    account.deploy(APPLICATION)
    name, client = account.physical("Guard"), account.cloud.client("lambda")
    before = client.get_function_configuration(FunctionName=name)
    changed = APPLICATION.replace("code-1", "code-2").replace("machine-1", "machine-2")

    proposed = account.propose(
        changed, "two", Parameters=[{"ParameterKey": "Seconds", "ParameterValue": "9"}]
    )
    account.cloudformation.execute_change_set(ChangeSetName=proposed["ChangeSetId"])

    actions = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["Replacement"]
        for each in proposed["Changes"]
    }
    assert actions == {"Guard": "False", "Machine": "False"}
    assert account.stack()["StackStatus"] == "UPDATE_COMPLETE"
    assert account.physical("Guard") == name
    after = client.get_function_configuration(FunctionName=name)
    assert after["CodeSha256"] != before["CodeSha256"]
    assert (before["Timeout"], after["Timeout"]) == (5, 9)
    machine = account.cloud.client("stepfunctions").describe_state_machine(
        stateMachineArn=account.physical("Machine")
    )
    assert json.loads(machine["definition"])["States"]["Pause2"]["Seconds"] == 9


def test_a_failing_resource_rolls_everything_back_with_its_reason(account: Account) -> None:
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Fn::Sub": "no-such-${Queue.QueueName}"},
            "PolicyDocument": {"Statement": []},
        },
    }

    stack = account.deploy(stack_of(Queue=queue(), Policy=policy))

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = account.events()
    failed = [(name, reason) for name, status, reason in events if status == "CREATE_FAILED"]
    assert len(failed) == 1
    assert failed[0][0] == "Policy"
    assert "The specified bucket does not exist (PutBucketPolicy: NoSuchBucket" in failed[0][1]
    assert (
        "app",
        "ROLLBACK_IN_PROGRESS",
        "The following resource(s) failed to create: [Policy]. Rollback requested by user.",
    ) in events
    assert ("Queue", "DELETE_COMPLETE", "") in events
    assert "QueueUrls" not in account.cloud.client("sqs").list_queues()
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        account.propose(stack_of(Queue=queue()), "two")


def test_what_was_half_made_is_rolled_back_too(account: Account) -> None:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/NoSuchPolicy"],
        },
    }
    assert account.deploy(stack_of(Role=role))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert account.cloud.client("iam").list_roles()["Roles"] == []


def test_without_roll_back_what_was_made_stays(account: Account) -> None:
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": "none", "PolicyDocument": {}},
        "DependsOn": "Queue",
    }
    change_set = account.propose(stack_of(Queue=queue(), Policy=policy))
    account.cloudformation.execute_change_set(ChangeSetName=change_set["ChangeSetId"], DisableRollback=True)

    assert account.stack()["StackStatus"] == "CREATE_FAILED"
    assert len(account.cloud.client("sqs").list_queues()["QueueUrls"]) == 1


def test_a_failed_update_puts_everything_back(account: Account) -> None:
    account.deploy(stack_of(Queue=queue(VisibilityTimeout=60)))
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": "none", "PolicyDocument": {}},
        "DependsOn": "Queue",
    }

    stack = account.deploy(stack_of(Queue=queue(VisibilityTimeout=90), New=queue(), Policy=policy), "two")

    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    sqs = account.cloud.client("sqs")
    read = sqs.get_queue_attributes(QueueUrl=account.physical("Queue"), AttributeNames=["VisibilityTimeout"])
    assert read["Attributes"]["VisibilityTimeout"] == "60"
    assert sqs.list_queues()["QueueUrls"] == [account.physical("Queue")]
    listed = account.cloudformation.list_stack_resources(StackName="app")["StackResourceSummaries"]
    assert [each["LogicalResourceId"] for each in listed] == ["Queue"]


def test_a_change_that_is_not_modelled_is_refused_loudly(account: Account) -> None:
    account.deploy(stack_of(Queue=queue()))

    stack = account.deploy(stack_of(Queue=queue(Tags=[{"Key": "a", "Value": "b"}])), "two")

    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reason = "The simulator does not model a change of Tags of AWS::SQS::Queue."
    assert ("Queue", "UPDATE_FAILED", reason) in account.events()


def test_a_create_only_property_replaces_the_resource_and_updates_its_dependents(account: Account) -> None:
    def template(name: str) -> dict[str, Any]:
        return stack_of(
            Queue=queue(QueueName=name),
            Other=queue(
                RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": "Queue.Arn"}, "maxReceiveCount": 3}
            ),
        )

    account.deploy(template("first"))
    changes = account.propose(template("second"), "two")["Changes"]
    account.cloudformation.execute_change_set(StackName="app", ChangeSetName="two")

    replacements = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["Replacement"] for each in changes
    }
    assert replacements == {"Queue": "True", "Other": "False"}
    sqs = account.cloud.client("sqs")
    assert account.physical("Queue").endswith("/second")
    assert not [url for url in sqs.list_queues()["QueueUrls"] if url.endswith("/first")]
    read = sqs.get_queue_attributes(QueueUrl=account.physical("Other"), AttributeNames=["RedrivePolicy"])
    assert json.loads(read["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"].endswith(":second")


def test_removed_and_added_resources(account: Account) -> None:
    account.deploy(stack_of(A=queue(), B={**queue(), "DeletionPolicy": "Retain"}))
    kept = account.physical("B")

    account.deploy(stack_of(C=queue()), "two")

    listed = account.cloudformation.list_stack_resources(StackName="app")["StackResourceSummaries"]
    assert [each["LogicalResourceId"] for each in listed] == ["C"]
    urls = account.cloud.client("sqs").list_queues()["QueueUrls"]
    assert sorted(urls) == sorted([kept, account.physical("C")])


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ({"Type": "AWS::SQS::Kew"}, r"Unrecognized resource types: \[AWS::SQS::Kew\]"),
        (queue(Visibility=1), r"resource Bad \(AWS::SQS::Queue\).*extraneous key \[Visibility\]"),
    ],
)
def test_an_unknown_type_or_property_is_refused_before_anything_is_made(
    account: Account, resource: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        account.propose(stack_of(Good=queue(), Bad=resource))
    assert not account.cloudformation.list_stacks()["StackSummaries"]
    # With a transform AWS looks only after the call has answered.
    transformed = {"Transform": "AWS::Serverless-2016-10-31", **stack_of(Good=queue(), Bad=resource)}
    change_set = account.propose(transformed)
    assert change_set["Status"] == "FAILED"
    assert "Bad" in change_set["StatusReason"] or "Kew" in change_set["StatusReason"]
    assert "QueueUrls" not in account.cloud.client("sqs").list_queues()


def test_a_substitution_that_is_missing_fails_the_machine(account: Account) -> None:
    stack = account.deploy(APPLICATION.replace("{GuardArn: !GetAtt Guard.Arn, ", "{"))

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [
        reason for name, status, reason in account.events() if (name, status) == ("Machine", "CREATE_FAILED")
    ]
    assert reasons == ["DefinitionSubstitutions lacks GuardArn."]


def test_iam_resources_need_the_capability(account: Account) -> None:
    made = account.cloudformation.create_change_set(
        StackName="app", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=APPLICATION
    )
    change_set = account.cloudformation.describe_change_set(ChangeSetName=made["Id"])
    assert change_set["StatusReason"] == "Requires capabilities : [CAPABILITY_IAM]"


def test_a_deleted_stack_is_gone_by_name_and_known_by_id(account: Account) -> None:
    stack = account.deploy(APPLICATION)

    account.cloudformation.delete_stack(StackName="app")

    assert not account.exists("app")
    assert account.stack(stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert account.cloud.client("lambda").list_functions()["Functions"] == []
    assert account.cloud.client("iam").list_roles()["Roles"] == []
    assert account.cloud.client("stepfunctions").list_state_machines()["stateMachines"] == []


def test_a_bucket_with_objects_is_not_deleted(account: Account) -> None:
    account.deploy(stack_of(Bucket={"Type": "AWS::S3::Bucket"}))
    account.cloud.client("s3").put_object(Bucket=account.physical("Bucket"), Key="k", Body=b"x")

    account.cloudformation.delete_stack(StackName="app")

    assert account.stack()["StackStatus"] == "DELETE_FAILED"
    assert account.stack()["StackStatusReason"] == "The following resource(s) failed to delete: [Bucket]. "
    account.cloudformation.delete_stack(StackName="app", RetainResources=["Bucket"])
    assert not account.exists("app")


def test_sam_clis_managed_bucket_stack(account: Account) -> None:
    """samcli.lib.bootstrap.bootstrap: waiters, tags and outputs as it reads them."""
    from samcli.lib.bootstrap.bootstrap import (  # type: ignore[import-untyped]
        SAM_CLI_STACK_NAME,
        _get_stack_template,
    )
    from samcli.lib.utils.managed_cloudformation_stack import (  # type: ignore[import-untyped]
        _create_or_get_stack,
    )

    buckets = [
        _create_or_get_stack(account.cloudformation, SAM_CLI_STACK_NAME, _get_stack_template()).get(
            "SourceBucket"
        )
        for _ in range(2)
    ]

    assert buckets[0] == buckets[1]
    s3 = account.cloud.client("s3")
    assert s3.get_bucket_versioning(Bucket=buckets[0])["Status"] == "Enabled"
    assert (
        s3.get_public_access_block(Bucket=buckets[0])["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
        is True
    )
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=buckets[0])["Policy"]


def test_events_have_growing_times(account: Account) -> None:
    account.deploy(APPLICATION)
    account.deploy(APPLICATION.replace("VisibilityTimeout: 60", "VisibilityTimeout: 70"), "two")

    found = account.cloudformation.describe_stack_events(StackName="app")["StackEvents"]
    times = [each["Timestamp"] for each in found]
    assert all(later > earlier for later, earlier in itertools.pairwise(times))


def test_other_operations_are_refused(account: Account) -> None:
    with pytest.raises(ClientError, match=r"does not model cloudformation\.ListTypes"):
        account.cloudformation.list_types()
    with pytest.raises(ClientError, match="does not model RoleARN"):
        account.propose(stack_of(Queue=queue()), RoleARN="arn:aws:iam::123456789012:role/deployer")
