"""CloudFormation in two accounts: guard-member.yaml makes its role where it is deployed."""

import json
from pathlib import Path

import pytest

from simulator import deploy
from simulator.bulk import Edge, make
from tests.simulator.edge_account import Refusal
from tests.simulator.two_accounts import HOME, OTHER, TwoAccounts

MEMBER = Path("guard-member.yaml").read_text()
STACK = "lni-member"
LNI, CLUSTER = "eks-outposts-servers:lni", "eks-outposts-servers:cluster"


@pytest.fixture(scope="module")
def accounts() -> TwoAccounts:
    made = TwoAccounts()
    made.cloud.install(deploy.operations(made.cloud))
    return made


@pytest.fixture(scope="module")
def sweep(accounts: TwoAccounts) -> str:
    """The role of a sweep at home, which may assume any."""
    trust = {"Principal": {"Service": "lambda.amazonaws.com"}}
    return accounts.role(accounts.here, "sweep", trust, {"Action": "sts:AssumeRole", "Resource": "*"})


@pytest.fixture(scope="module")
def member(accounts: TwoAccounts, sweep: str) -> str:
    """The role that the template makes in the other account."""
    cloudformation = accounts.cloud.client("cloudformation", accounts.there)
    given = {"SweepRoleArn": sweep, "ExternalId": "agreed", "Regions": "us-west-2"}
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=MEMBER,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["StackId"].startswith(f"arn:aws:cloudformation:us-west-2:{OTHER}:stack/{STACK}/")
    return str(stack["Outputs"][0]["OutputValue"])


def test_a_stack_belongs_to_its_account(accounts: TwoAccounts, member: str) -> None:
    assert member.startswith(f"arn:aws:iam::{OTHER}:role/{STACK}-LniMemberRole-")
    here, there = (accounts.cloud.client("cloudformation", who) for who in (accounts.here, accounts.there))
    assert here.list_stacks()["StackSummaries"] == []
    with Refusal("ValidationError", f"Stack with id {STACK} does not exist"):
        here.describe_stacks(StackName=STACK)
    queue = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    made = here.create_stack(StackName=STACK, TemplateBody=json.dumps(queue))["StackId"]
    assert f":{HOME}:" in made
    here.delete_stack(StackName=STACK)
    assert there.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_its_change_sets_and_pseudo_parameters_too(accounts: TwoAccounts) -> None:
    there = accounts.cloud.client("cloudformation", accounts.there)
    body = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"Account": {"Value": {"Ref": "AWS::AccountId"}}, "Url": {"Value": {"Ref": "Queue"}}},
    }
    named = {"StackName": "queue", "ChangeSetName": "one"}
    proposed = there.create_change_set(**named, ChangeSetType="CREATE", TemplateBody=json.dumps(body))
    assert f":{OTHER}:changeSet/" in proposed["Id"]
    there.execute_change_set(**named)
    (stack,) = there.describe_stacks(StackName="queue")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["Account"] == OTHER
    assert f"/{OTHER}/queue-Queue-" in outputs["Url"]


def test_a_role_that_trusts_nobody_there_is_not_made(accounts: TwoAccounts) -> None:
    """So the guard is deployed first: docs/operate.md, "Other Regions and accounts"."""
    there = accounts.cloud.client("cloudformation", accounts.there)
    given = {
        "SweepRoleArn": f"arn:aws:iam::{HOME}:role/nobody",
        "ExternalId": "agreed",
        "Regions": "us-west-2",
    }
    there.create_stack(
        StackName="early",
        TemplateBody=MEMBER,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )
    events = there.describe_stack_events(StackName="early")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("Invalid principal in policy" in reason and "role/nobody" in reason for reason in reasons)


def test_only_the_sweep_with_the_external_id_gets_in(accounts: TwoAccounts, sweep: str, member: str) -> None:
    caller = accounts.session(sweep)
    for wrong in ({}, {"ExternalId": "other"}):
        with Refusal("AccessDenied", member):
            accounts.assume(caller, member, **wrong)
    with Refusal("AccessDenied", member):
        accounts.assume(accounts.here, member, ExternalId="agreed")
    assert accounts.assume(caller, member, ExternalId="agreed").account == OTHER


def test_the_role_may_do_what_its_policy_says_and_no_more(
    accounts: TwoAccounts, sweep: str, member: str
) -> None:
    assumed = accounts.assume(accounts.session(sweep), member, ExternalId="agreed")
    ec2 = accounts.cloud.client("ec2", assumed)
    subnet, opted_out = (_server_subnet(accounts, tags) for tags in ({}, {LNI: "disabled"}))
    own, others = (_interface(accounts, subnet, tags) for tags in ({CLUSTER: "edge"}, {}))
    accounts.cloud.client("outposts", assumed).list_outposts()
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=1)
    with Refusal("UnauthorizedOperation", "LniMemberRole", "ModifySubnetAttribute"):
        ec2.modify_subnet_attribute(SubnetId=opted_out, EnableLniAtDeviceIndex=1)
    with Refusal("UnauthorizedOperation", "LniMemberRole", "DeleteSubnet"):
        ec2.delete_subnet(SubnetId=subnet)
    with Refusal("UnauthorizedOperation", "LniMemberRole", "DescribeVpcs"):
        ec2.describe_vpcs()
    mark = {"Key": "eks-outposts-servers:orphaned-since", "Value": "2026-11-01T00:00:00Z"}
    for interface, tag in ((others, mark), (own, {"Key": "another", "Value": "tag"})):
        with Refusal("UnauthorizedOperation", "CreateTags"):
            ec2.create_tags(Resources=[interface], Tags=[tag])
    with Refusal("UnauthorizedOperation", "DeleteNetworkInterface"):  # not marked yet
        ec2.delete_network_interface(NetworkInterfaceId=own)
    ec2.create_tags(Resources=[own], Tags=[mark])
    ec2.delete_network_interface(NetworkInterfaceId=own)


def test_the_role_writes_in_no_other_region(accounts: TwoAccounts, sweep: str, member: str) -> None:
    subnet = make(accounts.cloud, Edge(1, 1, account=OTHER, region="eu-west-1"))["subnets"][0]
    assumed = accounts.assume(accounts.session(sweep), member, ExternalId="agreed")
    with Refusal("UnauthorizedOperation", "ModifySubnetAttribute"):
        accounts.cloud.client("ec2", assumed, "eu-west-1").modify_subnet_attribute(
            SubnetId=subnet, EnableLniAtDeviceIndex=1
        )


def _server_subnet(accounts: TwoAccounts, tags: dict[str, str]) -> str:
    subnet = make(accounts.cloud, Edge(1, 1, account=OTHER))["subnets"][0]
    _tag(accounts, subnet, tags)
    return subnet


def _interface(accounts: TwoAccounts, subnet: str, tags: dict[str, str]) -> str:
    ec2 = accounts.cloud.client("ec2", accounts.there)
    made = str(ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"])
    _tag(accounts, made, tags)
    return made


def _tag(accounts: TwoAccounts, what: str, tags: dict[str, str]) -> None:
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    if given:
        accounts.cloud.client("ec2", accounts.there).create_tags(Resources=[what], Tags=given)


def test_what_lives_at_home_alone_fails_a_stack_elsewhere(accounts: TwoAccounts) -> None:
    there = accounts.cloud.client("cloudformation", accounts.there)
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        },
    }
    there.create_stack(StackName="table", TemplateBody=json.dumps({"Resources": {"Table": table}}))
    events = there.describe_stack_events(StackName="table")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any(f"does not model dynamodb in account {OTHER}" in reason for reason in reasons), reasons


def test_stacks_are_made_in_one_region(accounts: TwoAccounts) -> None:
    for who in (accounts.here, accounts.there):
        with Refusal("NotModelledBySimulator", "eu-west-1"):
            accounts.cloud.client("cloudformation", who, "eu-west-1").list_stacks()
