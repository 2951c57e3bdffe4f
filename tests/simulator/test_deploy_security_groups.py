"""Security groups of a template: their rules, beside one another and by themselves."""

from typing import Any

import pytest

from tests.simulator.deploy_account import Account, stack_of

HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


@pytest.fixture
def account() -> Account:
    return Account()


def vpc() -> dict[str, Any]:
    return {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}


def group(**properties: Any) -> dict[str, Any]:
    given = {"GroupDescription": "ours", "VpcId": {"Ref": "Vpc"}, **properties}
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": given}


def rules(account: Account, logical_id: str) -> tuple[list[Any], list[Any]]:
    """(inbound, outbound) as port and peers."""
    ec2 = account.cloud.client("ec2")
    found = ec2.describe_security_groups(GroupIds=[account.physical(logical_id)])["SecurityGroups"][0]

    def told(rule: Any) -> tuple[Any, ...]:
        peers = [r["CidrIp"] for r in rule["IpRanges"]] + [p["GroupId"] for p in rule["UserIdGroupPairs"]]
        return rule.get("FromPort"), *peers

    return [told(r) for r in found["IpPermissions"]], [told(r) for r in found["IpPermissionsEgress"]]


def test_rules_of_and_beside_groups(account: Account) -> None:
    template = stack_of(
        Vpc=vpc(),
        Client=group(SecurityGroupEgress=[{**HTTPS, "CidrIp": "10.0.0.0/16"}]),
        Server=group(SecurityGroupIngress=[{**HTTPS, "SourceSecurityGroupId": {"Ref": "Client"}}]),
        Third=group(Tags=[{"Key": "a", "Value": "b"}]),
        In={
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {**HTTPS, "GroupId": {"Fn::GetAtt": "Third.GroupId"}, "CidrIp": "10.1.0.0/16"},
        },
        Out={
            "Type": "AWS::EC2::SecurityGroupEgress",
            "Properties": {
                **HTTPS,
                "GroupId": {"Ref": "Third"},
                "DestinationSecurityGroupId": {"Ref": "Server"},
            },
        },
    )
    account.deploy(template)
    client, server = account.physical("Client"), account.physical("Server")

    assert rules(account, "Client") == ([], [(443, "10.0.0.0/16")])
    assert rules(account, "Server") == ([(443, client)], [(None, "0.0.0.0/0")])
    assert rules(account, "Third") == ([(443, "10.1.0.0/16")], [(443, server)])
    account.cloudformation.delete_stack(StackName="app")
    assert (
        account.cloud.client("ec2").describe_security_groups(
            Filters=[{"Name": "group-id", "Values": [client, server]}]
        )["SecurityGroups"]
        == []
    )


def test_an_update_changes_the_rules_in_place(account: Account) -> None:
    def template(port: int) -> dict[str, Any]:
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.0.0.0/16"}
        return stack_of(Vpc=vpc(), One=group(SecurityGroupIngress=[rule]))

    account.deploy(template(443))
    made = account.physical("One")
    account.deploy(template(8443), name="two")
    assert account.physical("One") == made
    assert rules(account, "One")[0] == [(8443, "10.0.0.0/16")]


def test_what_is_not_modelled_is_refused(account: Account) -> None:
    rule = {**HTTPS, "SourcePrefixListId": "pl-1"}
    stack = account.deploy(stack_of(Vpc=vpc(), One=group(SecurityGroupIngress=[rule])))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("SourcePrefixListId" in reason for _, _, reason in account.events())
