"""The project's policy for the templates, as assertions: one set of rules for all.

What AWS itself refuses is left to cfn-lint.
"""

import json
import re
from collections import Counter
from typing import Any
from unittest.mock import ANY

import pytest
from moto.events.models import EventPattern

from tests.unit.cloudformation_yaml import (
    DEFINITION_TEXTS,
    MEMBER,
    PLACEHOLDER,
    TEMPLATE_TEXT,
    TEMPLATES,
    resources,
    template,
)
from tests.unit.handler_source import handler_modules, reached


def everywhere(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of that type in the application and in the guard."""
    return resources(kind, *TEMPLATES)


FUNCTIONS = everywhere("AWS::Serverless::Function")
GLOBALS = [template(file)["Globals"]["Function"] for file in TEMPLATES]
MACHINES = everywhere("AWS::Serverless::StateMachine")

# What AWS asks of a caller besides the call itself. Every other granted action must be called in the code.
IMPLIED = {
    # EKS asks for TagResource when a create carries tags (aws/aws-cdk #7163); passing a role is an action of
    # its own; the first use of a service in an account makes that service's role.
    # The key of secretsKmsKeyArn: EKS guide, "Encrypt Kubernetes secrets with KMS".
    "CreateClusterFunction": {
        "eks:TagResource",
        "iam:PassRole",
        "iam:CreateServiceLinkedRole",
        "kms:DescribeKey",
        "kms:CreateGrant",
    },
    "EnsureAccessFunction": {"eks:TagResource"},
    "GrantKubernetesAccessFunction": {"eks:TagResource"},
    "EnsureAddonsFunction": {"eks:TagResource"},
    "EnsureCoreDnsFunction": {"eks:TagResource"},
    # EC2 guide, "Grant permission to tag resources during creation".
    "EnsureSubnetFunction": {"ec2:CreateTags"},
    "EnsureLaunchTemplateFunction": {"ec2:CreateTags"},
    # Auto Scaling guide, "Control Amazon EC2 launch template usage in Auto Scaling groups".
    "EnsureNodeGroupFunction": {
        "ec2:RunInstances",
        "ec2:CreateTags",
        "iam:PassRole",
        "iam:CreateServiceLinkedRole",
    },
    # Lambda guide, "Using Lambda with Amazon SQS": the poller acts with the function's role.
    "LniGuardFunction": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
}
# What a function has beside the settings of all, each with its reason.
SETTINGS = {"LniSweepFunction": {"Timeout"}}  # looks at whole accounts: Lambda's most
READS = re.compile(r"^\w+:(Describe|List|Get)")


def module(function: dict[str, Any]) -> str:
    name: str = function["Handler"].removesuffix(".handler")
    return name


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    return [statement for policy in function.get("Policies", []) for statement in policy["Statement"]]


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(params=sorted(FUNCTIONS))
def logical_id(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_every_handler_is_deployed_once_and_every_function_has_its_handler() -> None:
    assert Counter(map(module, FUNCTIONS.values())) == Counter(handler_modules())


def test_function_is_named_for_its_handler(logical_id: str) -> None:
    assert logical_id.removesuffix("Function").lower() == module(FUNCTIONS[logical_id]).replace("_", "")


def test_function_has_its_own_role_and_the_settings_of_all(logical_id: str) -> None:
    function = FUNCTIONS[logical_id]
    # Without Role SAM makes one; Policies from SAM's own templates or by name would grant more than is called.
    assert "Role" not in function
    assert all(
        isinstance(policy, dict) and set(policy) == {"Version", "Statement"}
        for policy in function.get("Policies", [])
    )
    own = {"CodeUri", "Runtime", "Architectures", "Timeout", "Tracing"} & set(function)
    assert own == SETTINGS.get(logical_id, set())


def inside_the_vpc() -> set[str]:
    """The functions that import the Kubernetes client."""
    return {
        name
        for name, function in FUNCTIONS.items()
        if "PRINCIPAL_ARN" in reached(module(function)).environment
    }


def test_a_function_that_talks_to_kubernetes_is_in_the_vpc_has_the_client_and_may_do_nothing_else() -> None:
    assert inside_the_vpc()
    placed = {name for name, function in FUNCTIONS.items() if {"VpcConfig", "Layers"} & function.keys()}
    assert placed == inside_the_vpc()
    for name in placed:
        function = FUNCTIONS[name]
        assert function["Layers"] == [{"Ref": "KubernetesClientLayer"}]
        assert function["VpcConfig"]["SecurityGroupIds"] == [{"Ref": "KubernetesFunctionsSecurityGroup"}]
        assert function["Environment"]["Variables"]["PRINCIPAL_ARN"] == {"Fn::GetAtt": f"{name}Role.Arn"}
        # The cluster's own subnets, as CreateCluster has them.
        cluster = FUNCTIONS["CreateClusterFunction"]["Environment"]["Variables"]["CLUSTER_SUBNET_IDS"]
        assert function["VpcConfig"]["SubnetIds"] == {"Fn::Split": [",", cluster]}
        assert statements(function) == []
    layer, denied = (
        template()["Resources"]["KubernetesClientLayer"],
        template()["Resources"]["KubernetesFunctionsPolicy"],
    )
    assert layer["Properties"]["CompatibleArchitectures"] == GLOBALS[0]["Architectures"]
    assert layer["Metadata"]["BuildMethod"] == GLOBALS[0]["Runtime"]
    assert [role["Ref"] for role in denied["Properties"]["Roles"]] == [
        f"{name}Role" for name in FUNCTIONS if name in placed
    ]


def test_a_function_that_talks_to_kubernetes_is_let_in_exactly_once() -> None:
    lists = FUNCTIONS["GrantKubernetesAccessFunction"]["Environment"]["Variables"].values()
    let_in = [role["Fn::GetAtt"] for each in lists for role in each["Fn::Join"][1]]
    assert sorted(let_in) == sorted(f"{name}Role.Arn" for name in inside_the_vpc())


def test_the_control_plane_lets_in_those_functions_and_nothing_else() -> None:
    groups = resources("AWS::EC2::SecurityGroup")
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    (out,) = groups["KubernetesFunctionsSecurityGroup"]["SecurityGroupEgress"]
    assert out == {
        **https,
        "Description": ANY,
        "DestinationSecurityGroupId": {"Ref": "ControlPlaneSecurityGroup"},
    }
    assert "SecurityGroupIngress" not in groups["KubernetesFunctionsSecurityGroup"]
    (rule,) = resources("AWS::EC2::SecurityGroupIngress").values()
    assert rule == {
        **https,
        "Description": ANY,
        "GroupId": {"Ref": "ControlPlaneSecurityGroup"},
        "SourceSecurityGroupId": {"Ref": "KubernetesFunctionsSecurityGroup"},
    }
    for name in ("CheckClusterFunction", "CreateClusterFunction"):
        given = FUNCTIONS[name]["Environment"]["Variables"]["CONTROL_PLANE_SECURITY_GROUP_ID"]
        assert given == {"Ref": "ControlPlaneSecurityGroup"}


def test_all_functions_are_traced_and_built_from_one_folder() -> None:
    for settings in GLOBALS:
        assert settings["Tracing"] == "Active"
        assert settings["CodeUri"] == "functions/"
        assert "Policies" not in settings
        assert "Role" not in settings


def test_the_two_templates_share_their_settings() -> None:
    """A copy, because a nested application inherits none; the guard's has its policy besides."""
    application, guard = GLOBALS
    variables = application["Environment"]["Variables"].items()
    assert variables <= guard["Environment"]["Variables"].items()
    assert {**application, "Environment": 0} == {**guard, "Environment": 0}


def test_no_logical_id_is_in_both_templates() -> None:
    application, guard = (template(file)["Resources"].keys() for file in TEMPLATES)
    assert not application & guard


def test_the_application_passes_the_guard_what_it_knows() -> None:
    (nested,) = resources("AWS::Serverless::Application").values()
    guard = template("guard.yaml")
    assert nested["Location"] == "guard.yaml"
    assert nested["Parameters"]["AlarmTopicArn"] == {"Ref": "NotificationTopic"}
    for name, value in nested["Parameters"].items():
        if name == "AlarmTopicArn":
            continue
        mine, its = template()["Parameters"][value["Ref"]], guard["Parameters"][name]
        assert {key: mine.get(key) for key in ("Type", "Default", "AllowedValues", "AllowedPattern")} == {
            key: its.get(key) for key in ("Type", "Default", "AllowedValues", "AllowedPattern")
        }
    for name, output in template()["Outputs"].items():
        if output["Value"] == {"Fn::GetAtt": f"LniGuard.Outputs.{name}"}:
            assert name in guard["Outputs"]
            assert output["Condition"] == "HasGuard"


def test_every_function_and_machine_has_a_log_group_of_its_own_with_retention() -> None:
    groups = everywhere("AWS::Logs::LogGroup")
    used = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in FUNCTIONS.values()]
    for machine in MACHINES.values():
        (destination,) = machine["Logging"]["Destinations"]
        used.append(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"].removesuffix(".Arn"))
    used += [flow_log["LogGroupName"]["Ref"] for flow_log in resources("AWS::EC2::FlowLog").values()]
    used.append("NodeLogGroup")  # the nodes' CloudWatch agent
    assert Counter(used) == Counter(groups.keys())
    assert all("RetentionInDays" in group for group in groups.values())


def test_function_may_do_exactly_what_its_code_calls(logical_id: str) -> None:
    function = FUNCTIONS[logical_id]
    granted = {action for statement in statements(function) for action in many(statement["Action"])}
    assert granted == reached(module(function)).actions | IMPLIED.get(logical_id, set())


def test_function_gets_exactly_the_environment_its_code_reads(logical_id: str) -> None:
    function = FUNCTIONS[logical_id]
    given = set(function.get("Environment", {}).get("Variables", {}))
    if logical_id in resources("AWS::Serverless::Function", "guard.yaml"):
        given |= {name for name in GLOBALS[1]["Environment"]["Variables"] if name.startswith("LNI_")}
    assert given == reached(module(function)).environment


def test_writes_beyond_the_stacks_own_resources_are_conditional(logical_id: str) -> None:
    for statement in statements(FUNCTIONS[logical_id]):
        writes = {action for action in many(statement["Action"]) if not READS.match(action)}
        if writes and not all(map(of_the_stack, many(statement["Resource"]))):
            assert statement.get("Condition"), statement


def of_the_stack(resource: Any) -> bool:
    """Whether the ARN is made from a resource or parameter of this template, e.g. ``${Vpc}``."""
    match resource:
        case {"Fn::GetAtt": _}:
            return True
        case {"Fn::If": [_, *either]}:
            return all(map(of_the_stack, either))
        case {"Fn::Sub": text}:
            return re.search(r"\$\{(?!AWS::)\w", text) is not None
    return False


def member_statements() -> list[dict[str, Any]]:
    (role,) = resources("AWS::IAM::Role", MEMBER).values()
    return [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def test_a_member_role_may_do_what_the_sweep_may_at_home_and_no_more() -> None:
    """The same statements, but for those that are of use at home only: another role, the trail, our events."""

    def essence(statement: dict[str, Any]) -> str:
        conditions = dict(statement.get("Condition", {}))
        conditions.pop("StringEquals", None)  # the Regions, which each template has as a parameter
        return json.dumps([statement["Action"], statement["Resource"], conditions], sort_keys=True)

    home = [
        statement
        for statement in statements(FUNCTIONS["LniSweepFunction"])
        if not {"sts", "cloudtrail", "events"} & {many(statement["Action"])[0].split(":")[0]}
    ]
    assert sorted(map(essence, member_statements())) == sorted(map(essence, home))
    for statement in member_statements():
        if statement["Action"] == "ec2:ModifySubnetAttribute":
            assert statement["Condition"]["StringEquals"] == {"aws:RequestedRegion": {"Ref": "Regions"}}


def test_only_the_sweep_assumes_a_member_role_and_only_with_the_external_id() -> None:
    (role,) = resources("AWS::IAM::Role", MEMBER).values()
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Ref": "SweepRoleArn"}}
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}


def test_nobody_enables_lni_on_a_subnet_that_opted_out_whatever_the_code_says() -> None:
    opted_out = {"aws:ResourceTag/eks-outposts-servers:lni": "disabled"}
    for name in ("LniGuardFunction", "LniSweepFunction"):
        (write,) = [
            s for s in statements(FUNCTIONS[name]) if "ec2:ModifySubnetAttribute" in many(s["Action"])
        ]
        assert write["Condition"]["StringNotEquals"] == opted_out


def test_every_alarm_says_what_to_do_and_goes_to_the_topic() -> None:
    alarms = everywhere("AWS::CloudWatch::Alarm")
    assert len(alarms) == 11
    given = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for name, alarm in alarms.items():
        assert len(alarm["AlarmDescription"]) > 120
        own = name in resources("AWS::CloudWatch::Alarm")
        assert alarm["AlarmActions"] == ([{"Ref": "NotificationTopic"}] if own else given)


def test_the_dashboard_is_json() -> None:
    (dashboard,) = everywhere("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    assert {widget["properties"].get("title") for widget in widgets} >= {"Written", "For a person", "Sweep"}


def test_the_sweep_hears_the_schedules_time() -> None:
    (schedule,) = everywhere("AWS::Scheduler::Schedule").values()
    assert json.loads(schedule["Target"]["Input"]) == {"now": "<aws.scheduler.scheduled-time>"}


def test_no_statement_allows_an_action_by_wildcard() -> None:
    allowed = re.findall(r"Effect: Allow.*\n(?:.*\n){0,2}?\s+Action: (.*)", TEMPLATE_TEXT)
    assert allowed
    assert not [action for action in allowed if "*" in action.split("#")[0]]


def test_every_wildcard_resource_says_why() -> None:
    wild = [line for line in TEMPLATE_TEXT.splitlines() if re.search(r"""(Resource: |- )["']\*["']""", line)]
    assert wild
    assert [line for line in wild if not re.search(r"# \S+ \S+", line)] == []


def test_every_machine_has_its_definition() -> None:
    for name, machine in MACHINES.items():
        file = name.removesuffix("StateMachine").lower()
        assert machine["DefinitionUri"] == f"statemachine/{file}.asl.yaml"
    assert MACHINES.keys() == DEFINITION_TEXTS.keys()


@pytest.mark.parametrize("name", MACHINES)
def test_every_placeholder_of_the_definition_is_defined_and_used(name: str) -> None:
    assert set(PLACEHOLDER.findall(DEFINITION_TEXTS[name])) == set(MACHINES[name]["DefinitionSubstitutions"])


def test_only_the_machine_that_rolls_back_may_run_another_and_just_that_one() -> None:
    granted = {
        (name, action): statement["Resource"]
        for name, machine in MACHINES.items()
        for statement in statements(machine)
        for action in many(statement["Action"])
        if action.startswith(("states:", "events:"))
    }
    here = "${AWS::Region}:${AWS::AccountId}"
    executions = {
        "Fn::Sub": f"arn:${{AWS::Partition}}:states:{here}:execution:${{TeardownStateMachine.Name}}:*"
    }
    rule = {
        "Fn::Sub": f"arn:${{AWS::Partition}}:events:{here}:"
        "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    }
    assert granted == {
        ("ProvisionStateMachine", "states:StartExecution"): {"Ref": "TeardownStateMachine"},
        ("ProvisionStateMachine", "states:DescribeExecution"): executions,
        ("ProvisionStateMachine", "states:StopExecution"): executions,
        ("ProvisionStateMachine", "events:PutTargets"): rule,
        ("ProvisionStateMachine", "events:PutRule"): rule,
        ("ProvisionStateMachine", "events:DescribeRule"): rule,
    }


@pytest.mark.parametrize("name", MACHINES)
def test_the_machine_may_invoke_exactly_its_functions(name: str) -> None:
    machine = MACHINES[name]
    substituted = [v["Fn::GetAtt"] for v in machine["DefinitionSubstitutions"].values() if "Fn::GetAtt" in v]
    (invoke,) = [s for s in statements(machine) if s["Action"] == "lambda:InvokeFunction"]
    assert [resource["Fn::GetAtt"] for resource in invoke["Resource"]] == substituted
    assert machine["Tracing"] == {"Enabled": True}
    assert machine["Logging"]["IncludeExecutionData"] is False


def test_buckets_queues_and_topics_refuse_plain_text() -> None:
    kinds = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
    policies = [policy for kind in kinds for policy in everywhere(kind).values()]
    guarded = [
        (policy.get("Bucket") or (policy.get("Queues") or policy["Topics"])[0])["Ref"]
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    kept = ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic")
    assert sorted(guarded) == sorted(name for kind in kept for name in everywhere(kind))


def test_data_at_rest_is_encrypted_and_private() -> None:
    for bucket in everywhere("AWS::S3::Bucket").values():
        assert bucket["BucketEncryption"]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["LifecycleConfiguration"]["Rules"]
    for table in everywhere("AWS::DynamoDB::Table").values():
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert all(queue["SqsManagedSseEnabled"] for queue in everywhere("AWS::SQS::Queue").values())


def test_every_event_target_and_queue_has_a_failure_destination() -> None:
    dead = {"Fn::GetAtt": "LniDeadLetterQueue.Arn"}
    lost = {"Fn::GetAtt": "NoticeDeadLetterQueue.Arn"}
    places = {"LniRule": dead, "NotifyFailureRule": lost}
    for name, rule in everywhere("AWS::Events::Rule").items():
        assert [target["DeadLetterConfig"]["Arn"] for target in rule["Targets"]] == [places[name]]
    # What Lambda took and the function could not do is not EventBridge's any more.
    assert FUNCTIONS["NotifyFailureFunction"]["DeadLetterQueue"] == {"Type": "SQS", "TargetArn": lost}
    queue = everywhere("AWS::SQS::Queue")["LniQueue"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": dead, "maxReceiveCount": 7}
    assert queue["VisibilityTimeout"] >= 6 * GLOBALS[1]["Timeout"]
    (source,) = everywhere("AWS::Lambda::EventSourceMapping").values()
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_dead_letter_queue_has_an_alarm_that_the_topic_tells() -> None:
    watched = [
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"].removesuffix(".QueueName")
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if alarm["AlarmActions"] == [{"Ref": "NotificationTopic"}]
    ]
    assert sorted(watched) == sorted(name for name in resources("AWS::SQS::Queue") if "DeadLetter" in name)


@pytest.mark.parametrize(
    ("status", "machine", "fires"),
    [
        ("FAILED", "ProvisionStateMachine", True),
        ("TIMED_OUT", "ProvisionStateMachine", True),
        ("ABORTED", "TeardownStateMachine", True),
        ("SUCCEEDED", "ProvisionStateMachine", False),
        ("RUNNING", "TeardownStateMachine", False),
        ("FAILED", "SomebodyElse", False),
    ],
)
def test_the_notice_is_of_red_ends_of_our_machines_only(status: str, machine: str, fires: bool) -> None:
    pattern = json.dumps(resources("AWS::Events::Rule")["NotifyFailureRule"]["EventPattern"])
    plain = re.sub(r'\{"Ref": ("\w+")\}', r"\1", pattern)
    event: Any = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"status": status, "stateMachineArn": machine},
    }
    assert EventPattern.load(plain).matches_event(event) is fires


@pytest.mark.parametrize(
    ("name", "detail", "fires"),
    [
        ("CreateSubnet", {"requestParameters": {"outpostArn": "arn:..."}}, True),
        ("CreateSubnet", {"responseElements": {"subnet": {"outpostArn": "arn:..."}}}, True),
        (
            "CreateSubnet",
            {"requestParameters": {"vpcId": "vpc-1"}, "responseElements": {"subnet": {}}},
            False,
        ),
        (
            "CreateSubnet",
            {"requestParameters": {"outpostArn": "arn:..."}, "errorCode": "Client.DryRun"},
            False,
        ),
        ("ModifySubnetAttribute", {"requestParameters": {"enableLniAtDeviceIndex": 1}}, True),
        ("ModifySubnetAttribute", {"requestParameters": {"disableLniAtDeviceIndex": {"value": True}}}, True),
        ("ModifySubnetAttribute", {"requestParameters": {"mapPublicIpOnLaunch": {"value": True}}}, False),
        ("ModifySubnetAttribute", {"requestParameters": {"outpostArn": "arn:..."}}, False),
        ("DeleteSubnet", {"requestParameters": {"outpostArn": "arn:..."}}, False),
    ],
)
def test_the_rule_hears_of_outpost_subnets_and_lni_only(
    name: str, detail: dict[str, Any], fires: bool
) -> None:
    pattern = everywhere("AWS::Events::Rule")["LniRule"]["EventPattern"]
    event: Any = {
        "source": "aws.ec2",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": "ec2.amazonaws.com", "eventName": name, **detail},
    }
    assert EventPattern.load(json.dumps(pattern)).matches_event(event) is fires


def test_nothing_is_bound_to_an_account_region_or_partition() -> None:
    assert not re.findall(r"arn:aws[:-]|\b\d{12}\b|\b[a-z]{2}-[a-z]+-\d[a-z]?\b", TEMPLATE_TEXT)
