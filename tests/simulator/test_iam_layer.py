"""Roles may do only what their policies allow, refused as each service words it."""

import json
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from simulator import iam
from simulator.call import ADMINISTRATOR, Answer, AwsError, Call, Caller, NotModelled, Proceed, aws_service
from simulator.cloud import Cloud
from simulator.iam.authorization import table
from simulator.iam.credentials import Sessions
from simulator.iam.resource_policy import allowed_by_resource_policy

REGION, ACCOUNT = "us-west-2", "123456789012"
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
TAG = "eks-outposts-servers:cluster"
SERVICE_ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
)
OURS = {"Null": {f"aws:RequestTag/{TAG}": "false"}}
OURS_ALREADY = {"Null": {f"aws:ResourceTag/{TAG}": "false"}}


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    """One for all tests, which make their own roles and resources in it: a cloud takes seconds to make."""
    made = Cloud(seed=7)
    made.wrap(iam.layer(made))
    made.install(iam.operations(made))
    return made


_numbers = count(1)


def role(cloud: Cloud, *statements: dict[str, Any], service: str = "lambda.amazonaws.com") -> Caller:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    client = cloud.client("iam")
    name = f"step-{next(_numbers)}"
    made = client.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))[
        "Role"
    ]
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        client.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
    issued = cloud.sessions.issue(made["Arn"], "run-1")
    return cloud.sessions.caller_of(issued.access_key_id)


def name_of(caller: Caller) -> str:
    return str(caller.role_arn).rpartition("/")[2]


def allow(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def refusal(cloud: Cloud, caller: Caller, service: str, operation: str, **params: Any) -> AwsError:
    with pytest.raises(AwsError) as caught:
        cloud.call(service, operation, caller, **params)
    return caught.value


def vpc(cloud: Cloud) -> str:
    return str(cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def tags(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": TAG, "Value": "edge-1"}]}]


def answering(cloud: Cloud, name: str, answer: Answer) -> None:
    def operation(call: Call, proceed: Proceed) -> Answer:
        return answer

    cloud.install({name: operation})


def test_every_row_of_the_table_names_an_operation_of_the_api() -> None:
    for name in table():
        service, _, operation = name.partition(".")
        assert operation in get_service_model(service).operation_names


def test_administrator_and_services_are_not_asked(cloud: Cloud) -> None:
    cloud.call("ec2", "DescribeVpcs", ADMINISTRATOR)
    cloud.call("ec2", "DescribeVpcs", aws_service("autoscaling.amazonaws.com"))


def test_ec2_refuses_in_its_own_words(cloud: Cloud) -> None:
    caller, vpc_id = role(cloud), vpc(cloud)
    refused = refusal(cloud, caller, "ec2", "CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.1.0/24")
    assert (refused.code, refused.status) == ("UnauthorizedOperation", 403)
    assert refused.message == (
        "You are not authorized to perform this operation. "
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name_of(caller)}/run-1 is not authorized to perform: "
        f"ec2:CreateSubnet on resource: {EC2}:subnet/* because "
        "no identity-based policy allows the ec2:CreateSubnet action"
    )
    assert "on resource" not in refusal(cloud, caller, "ec2", "DescribeVpcs").message
    eks = refusal(cloud, caller, "eks", "DescribeClusterVersions").message
    assert f"eks:DescribeClusterVersions on resource: arn:aws:eks:{REGION}:{ACCOUNT}:* because" in eks


def test_boto3_sees_the_refusal(cloud: Cloud) -> None:
    caller = role(cloud)
    with pytest.raises(ClientError) as caught:
        cloud.client("ssm", caller).get_parameters(Names=["/aws/service/eks/x"])
    error = caught.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert (
        "ssm:GetParameters on resource: arn:aws:ssm:us-west-2::parameter/aws/service/eks/x"
        in error["Message"]
    )
    with pytest.raises(ClientError) as caught:
        cloud.client("autoscaling", caller).describe_auto_scaling_groups()
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_explicit_deny_is_named(cloud: Cloud) -> None:
    caller = role(cloud, allow("*"), {"Effect": "Deny", "Action": "eks:*", "Resource": "*"})
    refused = refusal(cloud, caller, "eks", "DescribeCluster", name="edge-1")
    assert (refused.code, refused.status) == ("AccessDeniedException", 403)
    assert refused.message.endswith(
        f"eks:DescribeCluster on resource: arn:aws:eks:{REGION}:{ACCOUNT}:cluster/edge-1 "
        "with an explicit deny in an identity-based policy"
    )


def test_an_operation_that_is_not_in_the_table_is_not_guessed(cloud: Cloud) -> None:
    caller = role(cloud, allow("*"))
    assert isinstance(refusal(cloud, caller, "ec2", "DeleteVpc", VpcId="vpc-1"), NotModelled)


SUBNET = [
    allow("ec2:CreateSubnet", f"{EC2}:vpc/*"),
    allow("ec2:CreateSubnet", f"{EC2}:subnet/*", **OURS),
    allow("ec2:CreateTags", f"{EC2}:subnet/*", StringEquals={"ec2:CreateAction": "CreateSubnet"}),
]


def test_create_subnet_needs_subnet_and_vpc_and_tags(cloud: Cloud) -> None:
    vpc_id = vpc(cloud)
    params = {"VpcId": vpc_id, "CidrBlock": "10.0.1.0/24"}
    caller = role(cloud, *SUBNET)
    assert cloud.call("ec2", "CreateSubnet", caller, **params, TagSpecifications=tags("subnet"))
    assert "subnet/*" in refusal(cloud, caller, "ec2", "CreateSubnet", **params).message


@pytest.mark.parametrize("missing", range(len(SUBNET)))
def test_each_permission_of_create_subnet_is_necessary(cloud: Cloud, missing: int) -> None:
    vpc_id = vpc(cloud)
    caller = role(cloud, *(s for n, s in enumerate(SUBNET) if n != missing))
    params = {"VpcId": vpc_id, "CidrBlock": "10.0.1.0/24", "TagSpecifications": tags("subnet")}
    assert refusal(cloud, caller, "ec2", "CreateSubnet", **params).code == "UnauthorizedOperation"


def test_tags_of_the_live_resource_decide(cloud: Cloud) -> None:
    client, vpc_id = cloud.client("ec2"), vpc(cloud)
    caller = role(cloud, allow("ec2:ModifySubnetAttribute", f"{EC2}:subnet/*", **OURS_ALREADY))
    ours, other = (
        client.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"] for n in (1, 2)
    )
    client.create_tags(Resources=[ours], Tags=[{"Key": TAG, "Value": "edge-1"}])
    change = {"MapPublicIpOnLaunch": {"Value": False}}
    cloud.call("ec2", "ModifySubnetAttribute", caller, SubnetId=ours, **change)
    assert refusal(cloud, caller, "ec2", "ModifySubnetAttribute", SubnetId=other, **change).status == 403


def test_managed_policies_count(cloud: Cloud) -> None:
    caller = role(cloud)
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    refusal(cloud, caller, "logs", "CreateLogGroup", logGroupName="/aws/lambda/step")
    cloud.client("iam").attach_role_policy(RoleName=name_of(caller), PolicyArn=arn)
    cloud.call("logs", "CreateLogGroup", caller, logGroupName="/aws/lambda/step")


def test_create_cluster_knows_no_resource(cloud: Cloud) -> None:
    answering(cloud, "eks.CreateCluster", {"cluster": {"name": "edge-1"}})
    caller = role(cloud, allow("eks:CreateCluster", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/*"))
    params = {"name": "edge-1", "roleArn": f"arn:aws:iam::{ACCOUNT}:role/cluster", "resourcesVpcConfig": {}}
    refused = refusal(cloud, caller, "eks", "CreateCluster", **params)
    assert "no identity-based policy allows the eks:CreateCluster action" in refused.message


def test_create_cluster_needs_pass_role_tagging_and_the_service_linked_role(cloud: Cloud) -> None:
    answering(cloud, "eks.CreateCluster", {"cluster": {"name": "edge-1"}})
    node, cluster = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("node", "cluster"))
    name = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/*"
    caller = role(
        cloud,
        allow("eks:CreateCluster", "*", **OURS),
        allow("eks:TagResource", name),
        allow("iam:PassRole", cluster, StringEquals={"iam:PassedToService": "eks.amazonaws.com"}),
    )
    params = {"name": "edge-1", "roleArn": cluster, "resourcesVpcConfig": {}, "tags": {TAG: "edge-1"}}
    refused = refusal(cloud, caller, "eks", "CreateCluster", **params)
    assert "iam:CreateServiceLinkedRole" in refused.message
    cloud.client("iam").create_service_linked_role(AWSServiceName="eks.amazonaws.com")
    assert cloud.call("eks", "CreateCluster", caller, **params)
    assert (
        f"iam:PassRole on resource: {node}"
        in refusal(cloud, caller, "eks", "CreateCluster", **params | {"roleArn": node}).message
    )
    assert (
        refusal(cloud, caller, "eks", "CreateCluster", **params | {"tags": {}}).code
        == "AccessDeniedException"
    )


def test_the_cluster_s_tags_and_the_policy_decide_on_access(cloud: Cloud) -> None:
    answering(cloud, "eks.DescribeCluster", {"cluster": {"name": "edge-1", "tags": {TAG: "edge-1"}}})
    answering(cloud, "eks.CreateAccessEntry", {})
    answering(cloud, "eks.AssociateAccessPolicy", {})
    answering(cloud, "eks.DescribeAccessEntry", {"accessEntry": {"tags": {}}})
    admin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    caller = role(
        cloud,
        allow("eks:CreateAccessEntry", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/*", **OURS_ALREADY),
        allow(
            "eks:AssociateAccessPolicy",
            f"arn:aws:eks:{REGION}:{ACCOUNT}:access-entry/edge-1/role/{ACCOUNT}/admins/*",
            ArnLike={"eks:policyArn": admin},
        ),
    )
    entry = {"clusterName": "edge-1", "principalArn": f"arn:aws:iam::{ACCOUNT}:role/path/admins"}
    cloud.call("eks", "CreateAccessEntry", caller, **entry)
    scope = {"accessScope": {"type": "cluster"}}
    cloud.call("eks", "AssociateAccessPolicy", caller, **entry, policyArn=admin, **scope)
    other = admin.replace("ClusterAdmin", "Edit")
    assert (
        refusal(cloud, caller, "eks", "AssociateAccessPolicy", **entry, policyArn=other, **scope).status
        == 403
    )


def test_ending_an_instance_needs_the_mark_of_the_group_that_it_is_in(cloud: Cloud) -> None:
    answering(cloud, "autoscaling.TerminateInstanceInAutoScalingGroup", {})
    groups = [
        {"AutoScalingGroupName": name, "Instances": [{"InstanceId": instance}], "Tags": tags}
        for name, instance, tags in (
            ("edge-1-op-1", "i-1", [{"Key": TAG, "Value": "edge-1"}]),
            ("theirs-op-1", "i-2", []),
        )
    ]

    def described(call: Call, _: Proceed) -> Answer:
        wanted = call.params.get("AutoScalingGroupNames")
        return {"AutoScalingGroups": [g for g in groups if not wanted or g["AutoScalingGroupName"] in wanted]}

    cloud.install({"autoscaling.DescribeAutoScalingGroups": described})
    group = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/*-op-*"
    caller = role(cloud, allow("autoscaling:TerminateInstanceInAutoScalingGroup", group, **OURS_ALREADY))
    operation = "TerminateInstanceInAutoScalingGroup"
    ending: dict[str, Any] = {"ShouldDecrementDesiredCapacity": False}
    cloud.call("autoscaling", operation, caller, InstanceId="i-1", **ending)
    for other in ("i-2", "i-3"):  # another's, and one of no group
        assert refusal(cloud, caller, "autoscaling", operation, InstanceId=other, **ending).status == 403


def test_tagging_a_group_needs_the_group_s_own_mark(cloud: Cloud) -> None:
    answering(cloud, "autoscaling.CreateOrUpdateTags", {})
    marked = {"AutoScalingGroups": [{"Tags": [{"Key": TAG, "Value": "edge-1"}]}]}
    answering(cloud, "autoscaling.DescribeAutoScalingGroups", marked)
    group = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/*-op-*"
    caller = role(cloud, allow("autoscaling:CreateOrUpdateTags", group, **OURS_ALREADY))
    tag = {"ResourceId": "edge-1-op-1", "ResourceType": "auto-scaling-group", "Key": "a", "Value": "b"}
    cloud.call("autoscaling", "CreateOrUpdateTags", caller, Tags=[tag])
    assert (
        refusal(cloud, caller, "autoscaling", "CreateOrUpdateTags", Tags=[tag | {"ResourceId": "x"}]).status
        == 403
    )
    answering(cloud, "autoscaling.DescribeAutoScalingGroups", {"AutoScalingGroups": [{"Tags": []}]})
    assert refusal(cloud, caller, "autoscaling", "CreateOrUpdateTags", Tags=[tag]).status == 403


def _launch_permissions(template: str, node_role: str) -> list[dict[str, Any]]:
    parts = [
        f"{EC2}:{kind}/*" for kind in ("instance", "network-interface", "volume", "subnet", "security-group")
    ]
    created = [f"{EC2}:instance/*", f"{EC2}:network-interface/*"]
    return [
        allow("autoscaling:CreateAutoScalingGroup", "*", **OURS),
        allow(
            "ec2:RunInstances",
            [*parts, f"arn:aws:ec2:{REGION}::image/*"],
            ArnLike={"ec2:LaunchTemplate": template},
        ),
        allow("ec2:RunInstances", template, **OURS_ALREADY),
        allow("ec2:CreateTags", created, StringEquals={"ec2:CreateAction": "RunInstances"}),
        allow("iam:PassRole", node_role, StringEquals={"iam:PassedToService": "ec2.amazonaws.com"}),
        allow(
            "iam:CreateServiceLinkedRole",
            "*",
            StringEquals={"iam:AWSServiceName": "autoscaling.amazonaws.com"},
        ),
    ]


def _group(cloud: Cloud) -> tuple[dict[str, Any], str, str]:
    """Parameters of a group whose launch template uses a role; the template's ARN; that role's ARN."""
    client, ec2, name = cloud.client("iam"), cloud.client("ec2"), f"node-{next(_numbers)}"
    node = client.create_role(RoleName=name, AssumeRolePolicyDocument='{"Statement": []}')["Role"]["Arn"]
    profile = client.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    client.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    data = {
        "ImageId": "ami-1",
        "InstanceType": "c6id.8xlarge",
        "IamInstanceProfile": {"Arn": profile},
        "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-1"]}],
        "TagSpecifications": [*tags("instance"), *tags("network-interface")],
    }
    made = ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData=data, TagSpecifications=tags("launch-template")
    )
    template_id = made["LaunchTemplate"]["LaunchTemplateId"]
    params = {
        "AutoScalingGroupName": "edge-1",
        "MinSize": 1,
        "MaxSize": 1,
        "VPCZoneIdentifier": "subnet-1",
        "LaunchTemplate": {"LaunchTemplateId": template_id, "Version": "1"},
        "Tags": [{"Key": TAG, "Value": "edge-1", "PropagateAtLaunch": True}],
    }
    return params, f"{EC2}:launch-template/{template_id}", node


def test_an_auto_scaling_group_needs_all_that_its_launch_template_needs(cloud: Cloud) -> None:
    answering(cloud, "autoscaling.CreateAutoScalingGroup", {})
    params, template, node = _group(cloud)
    caller = role(cloud, *_launch_permissions(template, node))
    assert cloud.call("autoscaling", "CreateAutoScalingGroup", caller, **params) == {}


@pytest.mark.parametrize("missing", range(6))
def test_each_permission_of_the_group_is_necessary(cloud: Cloud, missing: int) -> None:
    answering(cloud, "autoscaling.CreateAutoScalingGroup", {})
    params, template, node = _group(cloud)
    permissions = _launch_permissions(template, node)
    caller = role(cloud, *permissions[:missing], *permissions[missing + 1 :])
    refused = refusal(cloud, caller, "autoscaling", "CreateAutoScalingGroup", **params)
    assert (refused.code, refused.status) == ("AccessDenied", 403)
    by_launch = missing in (1, 2, 3, 4)
    assert refused.message.startswith("You are not authorized to use launch template: lt-") is by_launch


def test_sqs_and_lambda_names_become_arns(cloud: Cloud) -> None:
    answering(cloud, "sqs.ReceiveMessage", {})
    answering(cloud, "lambda.Invoke", {})
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:step"
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:lni"
    caller = role(cloud, allow("sqs:ReceiveMessage", queue), allow("lambda:InvokeFunction", function))
    cloud.call("sqs", "ReceiveMessage", caller, QueueUrl=f"http://127.0.0.1/{ACCOUNT}/lni")
    for name in ("step", function):
        cloud.call("lambda", "Invoke", caller, FunctionName=name)
    assert refusal(cloud, caller, "lambda", "Invoke", FunctionName="step", Qualifier="7").status == 403
    assert (
        refusal(cloud, caller, "sqs", "ReceiveMessage", QueueUrl="http://127.0.0.1/x/other").code
        == "AccessDenied"
    )


def test_sessions_are_deterministic_and_look_like_aws(cloud: Cloud) -> None:
    role_arn = f"arn:aws:iam::{ACCOUNT}:role/service-role/step"
    sessions = Sessions(cloud.seed, cloud.clock.now)
    first, second = sessions.issue(role_arn, "a"), sessions.issue(role_arn, "b")
    again = Sessions(cloud.seed, cloud.clock.now).issue(role_arn, "a")
    assert first.access_key_id == again.access_key_id != second.access_key_id
    assert len(first.access_key_id) == 20
    assert first.access_key_id.startswith("ASIA")
    assert first.access_key_id.isupper()
    caller = sessions.caller_of(second.access_key_id)
    assert (caller.arn, caller.role_arn) == (f"arn:aws:sts::{ACCOUNT}:assumed-role/step/b", role_arn)
    assert sessions.caller_of("test") is ADMINISTRATOR
    with pytest.raises(AwsError, match="InvalidClientTokenId"):
        sessions.caller_of("ASIA0000000000000000")


def test_assume_role_follows_the_trust_policy(cloud: Cloud) -> None:
    caller = role(cloud, service="states.amazonaws.com")
    params = {"RoleArn": caller.role_arn, "RoleSessionName": "x"}
    answer = cloud.call("sts", "AssumeRole", aws_service("states.amazonaws.com"), **params)
    assert cloud.sessions.caller_of(answer["Credentials"]["AccessKeyId"]).role_arn == caller.role_arn
    assert (
        refusal(cloud, aws_service("lambda.amazonaws.com"), "sts", "AssumeRole", **params).code
        == "AccessDenied"
    )
    assert refusal(cloud, ADMINISTRATOR, "sts", "AssumeRole", **params).code == "AccessDenied"


def test_everyone_may_ask_who_they_are(cloud: Cloud) -> None:
    caller = role(cloud)
    assert cloud.client("sts", caller).get_caller_identity()["Arn"] == caller.arn
    assert cloud.client("sts").get_caller_identity()["Arn"] == ADMINISTRATOR.arn


QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:lni"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/lni"


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, True),
        ({"Principal": "*"}, True),
        ({"Principal": {"Service": ["sns.amazonaws.com"]}}, False),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, False),
        ({"Action": "sqs:ReceiveMessage"}, False),
        ({"Resource": f"{QUEUE}2"}, False),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": f"{RULE}2"}}}, False),
        ({"Effect": "Deny"}, False),
    ],
)
def test_a_resource_policy_lets_a_service_in(change: dict[str, Any], allowed: bool) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": RULE}},
    }
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": QUEUE,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Statement": [statement | change, tls]})
    asked = ("events.amazonaws.com", "sqs:SendMessage", QUEUE)
    assert allowed_by_resource_policy(policy, *asked, source_arn=RULE, source_account=ACCOUNT) is allowed


def test_no_resource_policy_lets_nobody_in() -> None:
    asked = ("events.amazonaws.com", "sqs:SendMessage", QUEUE)
    assert not allowed_by_resource_policy(None, *asked, source_arn=RULE, source_account=ACCOUNT)


def test_tagging_what_exists_hangs_on_its_tags_and_on_the_keys_asked_for(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    subnet = ec2.create_subnet(VpcId=vpc(cloud), CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    ours, other = (
        ec2.create_network_interface(SubnetId=subnet, **given)["NetworkInterface"]["NetworkInterfaceId"]
        for given in ({"TagSpecifications": tags("network-interface")}, {})
    )
    only_the_mark = {"ForAllValues:StringEquals": {"aws:TagKeys": ["mark"]}}
    caller = role(
        cloud,
        allow(
            ["ec2:CreateTags", "ec2:DeleteTags"],
            f"{EC2}:network-interface/*",
            **OURS_ALREADY,
            **only_the_mark,
        ),
    )
    mark, wrong = [{"Key": "mark", "Value": "now"}], [{"Key": TAG, "Value": "edge-2"}]
    for operation in ("CreateTags", "DeleteTags"):
        cloud.call("ec2", operation, caller, Resources=[ours], Tags=mark)
        for resources, asked in (([other], mark), ([ours], wrong), ([ours, other], mark), ([subnet], mark)):
            refused = refusal(cloud, caller, "ec2", operation, Resources=resources, Tags=asked)
            assert refused.code == "UnauthorizedOperation"
    with pytest.raises(NotModelled):
        cloud.call("ec2", "CreateTags", caller, Resources=["vol-0123456789abcdef0"], Tags=mark)


def test_putting_events_hangs_on_their_source(cloud: Cloud) -> None:
    answering(cloud, "events.PutEvents", {"FailedEntryCount": 0})
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    caller = role(cloud, allow("events:PutEvents", bus, StringEquals={"events:source": "own"}))

    def entries(*sources: str) -> list[dict[str, str]]:
        return [{"Source": source, "DetailType": "x", "Detail": "{}"} for source in sources]

    cloud.call("events", "PutEvents", caller, Entries=entries("own", "own"))
    assert (
        refusal(cloud, caller, "events", "PutEvents", Entries=entries("other")).code
        == "AccessDeniedException"
    )
    with pytest.raises(NotModelled):
        cloud.call("events", "PutEvents", caller, Entries=entries("own", "other"))


def test_a_trail_is_named_by_its_name_or_its_arn(cloud: Cloud) -> None:
    answering(cloud, "cloudtrail.GetTrailStatus", {"IsLogging": True})
    arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/mine"
    caller = role(cloud, allow("cloudtrail:GetTrailStatus", arn))
    for name in ("mine", arn):
        assert cloud.call("cloudtrail", "GetTrailStatus", caller, Name=name)["IsLogging"]
    assert (
        refusal(cloud, caller, "cloudtrail", "GetTrailStatus", Name="other").code == "AccessDeniedException"
    )


def test_a_role_that_may_assume_only_with_an_external_id(cloud: Cloud) -> None:
    caller = role(cloud, allow("sts:AssumeRole", StringEquals={"sts:ExternalId": "agreed"}))
    trust = {"Effect": "Allow", "Principal": {"AWS": caller.role_arn}, "Action": "sts:AssumeRole"}
    member = cloud.client("iam").create_role(
        RoleName="member", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )["Role"]["Arn"]
    params = {"RoleArn": member, "RoleSessionName": "x"}
    assert cloud.call("sts", "AssumeRole", caller, **params, ExternalId="agreed")["Credentials"]
    for given in ({}, {"ExternalId": "other"}):
        assert refusal(cloud, caller, "sts", "AssumeRole", **params, **given).code == "AccessDenied"


@pytest.mark.parametrize(
    ("document", "told"), [("{}", "Missing required field Statement"), ("{", "contains invalid Json")]
)
def test_a_trust_policy_that_is_none_is_refused(cloud: Cloud, document: str, told: str) -> None:
    with pytest.raises(ClientError, match=told) as refused:
        cloud.client("iam").create_role(RoleName="none", AssumeRolePolicyDocument=document)
    assert refused.value.response["Error"]["Code"] == "MalformedPolicyDocument"
