"""An Outpost of one account shared with another by RAM, and whose subnets and events are whose."""

import json
from typing import Any

import pytest

from simulator.bulk import Edge, make
from simulator.call import Caller
from tests.simulator.edge_account import Refusal
from tests.simulator.two_accounts import HOME, OTHER, TwoAccounts

OPEN = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}


@pytest.fixture(scope="module")
def accounts() -> TwoAccounts:
    return TwoAccounts()


@pytest.fixture(scope="module")
def outpost(accounts: TwoAccounts) -> str:
    """One of the other account's, which the application's account consumes."""
    arn = make(accounts.cloud, Edge(1, 0, account=OTHER))["outposts"][0]
    with Refusal("NotFoundException"):
        accounts.cloud.client("outposts").get_outpost(OutpostId=arn)
    share(accounts, accounts.there, arn, HOME)
    return arn


def share(accounts: TwoAccounts, owner: Caller, arn: str, principal: str) -> None:
    accounts.cloud.client("ram", owner).create_resource_share(
        name="edge", resourceArns=[arn], principals=[principal]
    )


def node_subnet(accounts: TwoAccounts, of: Caller, outpost: str) -> str:
    zone = accounts.cloud.client("outposts", of).get_outpost(OutpostId=outpost)["Outpost"]["AvailabilityZone"]
    made = accounts.cloud.client("ec2", of).create_subnet(
        VpcId=accounts.vpc(of), CidrBlock="10.0.7.0/24", AvailabilityZone=zone, OutpostArn=outpost
    )
    accounts.wait(60)
    return str(made["Subnet"]["SubnetId"])


def seen(accounts: TwoAccounts, by: Caller) -> dict[str, str]:
    found = accounts.cloud.client("ec2", by).describe_subnets()["Subnets"]
    return {subnet["SubnetId"]: subnet["OwnerId"] for subnet in found}


def test_a_consumer_sees_the_outpost_with_its_owner(accounts: TwoAccounts, outpost: str) -> None:
    here = accounts.cloud.client("outposts")
    assert here.get_outpost(OutpostId=outpost)["Outpost"]["OwnerId"] == OTHER
    owners = {o["OutpostArn"]: o["OwnerId"] for o in here.list_outposts()["Outposts"]}
    assert owners[outpost] == OTHER
    there = accounts.cloud.client("outposts", accounts.there).list_outposts()["Outposts"]
    assert [o["OutpostArn"] for o in there] == [outpost]  # nothing of ours is shared with the owner
    assert accounts.cloud.client("outposts", region="eu-west-1").list_outposts()["Outposts"] == []


def test_a_consumers_subnet_is_the_consumers_alone(accounts: TwoAccounts, outpost: str) -> None:
    subnet = node_subnet(accounts, accounts.here, outpost)
    assert seen(accounts, accounts.here)[subnet] == HOME
    assert subnet not in seen(accounts, accounts.there)
    with Refusal("InvalidSubnetID.NotFound"):
        accounts.cloud.client("ec2", accounts.there).modify_subnet_attribute(
            SubnetId=subnet, EnableLniAtDeviceIndex=1
        )
    accounts.cloud.client("ec2").modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=1)


def test_a_shared_subnet_is_seen_without_its_tags_and_not_modified(
    accounts: TwoAccounts, outpost: str
) -> None:
    subnet = node_subnet(accounts, accounts.there, outpost)
    owner = accounts.cloud.client("ec2", accounts.there)
    owner.create_tags(Resources=[subnet], Tags=[{"Key": "a", "Value": "b"}])
    assert subnet not in seen(accounts, accounts.here)
    share(accounts, accounts.there, f"arn:aws:ec2:us-west-2:{OTHER}:subnet/{subnet}", HOME)
    here = accounts.cloud.client("ec2")
    found: dict[str, Any] = here.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
    assert (found["OwnerId"], found["Tags"], found["OutpostArn"]) == (OTHER, [], outpost)
    for change in (here.modify_subnet_attribute, here.delete_subnet):
        params = {"EnableLniAtDeviceIndex": 1} if change == here.modify_subnet_attribute else {}
        with Refusal("UnauthorizedOperation", OTHER):
            change(SubnetId=subnet, **params)


def test_only_the_owner_shares(accounts: TwoAccounts, outpost: str) -> None:
    with Refusal("OperationNotPermittedException", outpost):
        share(accounts, accounts.here, outpost, OTHER)


def test_each_account_has_its_own_events(accounts: TwoAccounts, outpost: str) -> None:
    """A rule and a queue in each account; a subnet made by one of them."""
    s3 = accounts.cloud.client("s3")
    s3.create_bucket(Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    queues = {}
    for who in (accounts.here, accounts.there):
        trail = accounts.cloud.client("cloudtrail", who)
        trail.create_trail(Name="all", S3BucketName="trail")
        trail.start_logging(Name="all")
        sqs = accounts.cloud.client("sqs", who)
        policy = json.dumps({"Statement": [{"Effect": "Allow", **OPEN}]})
        url = sqs.create_queue(QueueName="lni", Attributes={"Policy": policy})["QueueUrl"]
        events = accounts.cloud.client("events", who)
        pattern = json.dumps({"detail": {"eventName": ["CreateSubnet"]}})
        events.put_rule(Name="lni", EventPattern=pattern)
        arn = f"arn:aws:sqs:us-west-2:{who.account}:lni"
        events.put_targets(Rule="lni", Targets=[{"Id": "queue", "Arn": arn}])
        queues[who.account] = (sqs, url)
    made = node_subnet(accounts, accounts.there, outpost)
    accounts.wait(3600)
    bodies = {
        account: [json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=url).get("Messages", [])]
        for account, (sqs, url) in queues.items()
    }
    assert bodies[HOME] == []
    (event,) = bodies[OTHER]
    assert (event["account"], event["detail"]["userIdentity"]["accountId"]) == (OTHER, OTHER)
    assert event["detail"]["responseElements"]["subnet"]["subnetId"] == made


def test_a_resolver_endpoint_in_a_subnet_that_gets_lni(accounts: TwoAccounts, outpost: str) -> None:
    subnet = node_subnet(accounts, accounts.here, outpost)
    ec2, resolver = accounts.cloud.client("ec2"), accounts.cloud.client("route53resolver")
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="dns", Description="dns", VpcId=vpc)["GroupId"]
    made = resolver.create_resolver_endpoint(
        CreatorRequestId="1",
        Direction="INBOUND",
        SecurityGroupIds=[group],
        IpAddresses=[{"SubnetId": subnet}, {"SubnetId": subnet}],
        Name="dns",
    )["ResolverEndpoint"]
    managed = [{"Name": "subnet-id", "Values": [subnet]}, {"Name": "requester-managed", "Values": ["true"]}]
    interfaces = ec2.describe_network_interfaces(Filters=managed)["NetworkInterfaces"]
    assert len(interfaces) == 2
    for interface in interfaces:
        assert interface["Description"].startswith(f"Route 53 Resolver: {made['Id']}:rni-")
        assert (interface["Status"], interface["InterfaceType"]) == ("in-use", "interface")
        assert "InstanceId" not in interface["Attachment"]
        with Refusal("InvalidParameterValue", "in use"):
            ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])

    def status() -> str:
        found = resolver.get_resolver_endpoint(ResolverEndpointId=made["Id"])["ResolverEndpoint"]
        return str(found["Status"])

    assert status() == "OPERATIONAL"
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=1)
    assert status() == "ACTION_NEEDED"
