"""The pure part of the simulator's CloudFormation: text, intrinsics, parameters, order, checks."""

from typing import Any

import pytest

from simulator.call import AwsError, NotModelled
from simulator.deploy.checks import check, lacking_capability
from simulator.deploy.intrinsics import NO_VALUE, Scope, references, resolve, truth
from simulator.deploy.names import generated_name
from simulator.deploy.parameters import check_declarations, given_values, typed_values
from simulator.deploy.parse import parse
from simulator.deploy.rules import check_rules
from simulator.deploy.schema import coerced, misfits
from simulator.deploy.template import check_references, check_sections, creation_order, declared_resources
from simulator.deploy.template_source import s3_location

SCOPE = Scope(
    parameters={"AWS::Region": "us-west-2", "AWS::NoValue": NO_VALUE, "Env": "prod", "Zones": ["a", "b"]},
    mappings={"Waits": {"Cluster": {"First": 380}}},
    conditions={
        "Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
        "Dev": {"Fn::Not": [{"Condition": "Prod"}]},
    },
    availability_zones=lambda: ("us-west-2a", "us-west-2b"),
    attribute=lambda logical_id, name: f"{logical_id}:{name}",
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Env"}, "prod"),
        ({"Ref": "Queue"}, "Queue:None"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "Queue:Arn"),
        ({"Fn::GetAtt": "Queue.Arn"}, "Queue:Arn"),
        ({"Fn::Sub": "${Env}-${Queue}-${Queue.Arn}-${!Literal}"}, "prod-Queue:None-Queue:Arn-${Literal}"),
        ({"Fn::Sub": ["${Own}/${AWS::Region}", {"Own": {"Ref": "Env"}}]}, "prod/us-west-2"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Env"}, 1]]}, "a-prod-1"),
        ({"Fn::Join": [",", {"Ref": "Zones"}]}, "a,b"),
        ({"Fn::Select": ["1", {"Fn::GetAZs": ""}]}, "us-west-2b"),
        ({"Fn::Split": ["|", "a|b"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Waits", "Cluster", "First"]}, 380),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Base64": "hello"}, "aGVsbG8="),
        ({"Fn::If": ["Prod", "yes", "no"]}, "yes"),
        (
            {"A": {"Fn::If": ["Dev", 1, {"Ref": "AWS::NoValue"}]}, "B": [{"Ref": "AWS::NoValue"}, 2]},
            {"B": [2]},
        ),
    ],
)
def test_intrinsics(value: Any, expected: Any) -> None:
    assert resolve(value, SCOPE) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::Transform": {}}, "unsupported intrinsic function Fn::Transform"),
        ({"Fn::ImportValue": "x"}, "unsupported intrinsic function Fn::ImportValue"),
        ({"Fn::Select": [2, ["a"]]}, "cannot select nonexistent value at index 2"),
        ({"Fn::FindInMap": ["Waits", "Cluster", "Second"]}, "Waits::Cluster::Second"),
        ({"Fn::If": ["Nowhere", 1, 2]}, "unresolved condition dependency Nowhere"),
        ({"Fn::Join": ["-", [["nested"]]]}, "must be a String"),
        ({"Fn::Cidr": ["10.0.0.0/24", 4, 8]}, "cannot make 4 blocks"),
        ({"Fn::Sub": "${A}", "Other": 1}, "must be the only key"),
    ],
)
def test_wrong_intrinsics_are_refused(value: Any, message: str) -> None:
    with pytest.raises(AwsError, match=message):
        resolve(value, SCOPE)


def test_conditions() -> None:
    assert truth({"Fn::And": [{"Condition": "Prod"}, {"Fn::Not": [{"Condition": "Dev"}]}]}, SCOPE)
    assert not truth({"Fn::Or": [{"Condition": "Dev"}, {"Fn::Equals": ["a", "b"]}]}, SCOPE)
    assert truth({"Fn::Equals": [True, "true"]}, SCOPE)
    with pytest.raises(AwsError, match="Fn::Xor"):
        truth({"Fn::Xor": [1, 2]}, SCOPE)


def test_references_are_found_everywhere() -> None:
    value = {
        "a": [{"Ref": "One"}],
        "b": {"Fn::Sub": ["${Two.Arn} ${Own} ${!No}", {"Own": {"Fn::GetAtt": "Three.Arn"}}]},
    }
    assert set(references(value)) == {"One", "Two", "Three"}


def test_yaml_short_forms_and_dates() -> None:
    document = parse(
        "AWSTemplateFormatVersion: 2010-09-09\nA: !GetAtt B.C.D\nE: !If [F, !Ref G, !Sub '${H}']\n"
    )
    assert document == {
        "AWSTemplateFormatVersion": "2010-09-09",
        "A": {"Fn::GetAtt": ["B", "C.D"]},
        "E": {"Fn::If": ["F", {"Ref": "G"}, {"Fn::Sub": "${H}"}]},
    }


@pytest.mark.parametrize(
    "text", ["A: 1\nA: 2\n", "A: {B: 1, B: 2}", "A: !Sub {B: 1, B: 2}", "- 1", "a: [", '{"a": ']
)
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(AwsError, match="Template format error"):
        parse(text)


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def test_creation_order_follows_references_and_depends_on() -> None:
    resources = declared_resources(
        template(
            A={"Type": "T", "Properties": {"x": {"Fn::Sub": "${B.Arn}"}}},
            B={"Type": "T", "DependsOn": "C"},
            C={"Type": "T"},
            D={"Type": "T", "DependsOn": ["A", "C"]},
        )
    )
    assert creation_order(resources) == ["C", "B", "A", "D"]


def test_circular_dependency_is_refused() -> None:
    resources = declared_resources(
        template(A={"Type": "T", "Properties": {"x": {"Ref": "B"}}}, B={"Type": "T", "DependsOn": "A"})
    )
    with pytest.raises(AwsError, match=r"Circular dependency between resources: \[A, B\]"):
        creation_order(resources)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"Resources": {}}, "At least one Resources member"),
        ({"Resource": {}}, r"Invalid template property or properties \[Resource\]"),
        ({"Resources": {"A": {"Type": "T"}}, "Hooks": {}}, "does not model the template section Hooks"),
    ],
)
def test_sections(document: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        check_sections(document)


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ({"Type": "T", "Property": {}}, "Invalid template resource property 'Property'"),
        ({"Properties": {}}, "must contain a Type member"),
        ({"Type": "T", "DeletionPolicy": "Keep"}, "Unrecognized DeletionPolicy Keep"),
        ({"Type": "T", "UpdatePolicy": {}}, "does not model UpdatePolicy"),
    ],
)
def test_resource_attributes(resource: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        declared_resources(template(A=resource))


def test_unresolved_references_are_refused() -> None:
    with pytest.raises(AwsError, match=r"Unresolved resource dependencies \[Gone\] in the Resources block"):
        check_references(template(A={"Type": "T", "Properties": {"x": {"Ref": "Gone"}}}))
    document = {**template(A={"Type": "T"}), "Outputs": {"O": {"Value": {"Ref": "Gone"}}}}
    with pytest.raises(AwsError, match=r"Unresolved resource dependencies \[Gone\] in the Outputs block"):
        check_references(document)


QUEUE = "AWS::SQS::Queue"


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ({"Type": "AWS::SQS::Kew"}, r"Unrecognized resource types: \[AWS::SQS::Kew\]"),
        ({"Type": "AWS::Kinesis::Stream"}, r"does not model the resource types \[AWS::Kinesis::Stream\]"),
        (
            {"Type": QUEUE, "Properties": {"Visibility": 1}},
            rf"resource A \({QUEUE}\).*extraneous key \[Visibility\]",
        ),
        ({"Type": QUEUE, "Properties": {"Arn": "x"}}, r"extraneous key \[Arn\].*read-only"),
        (
            {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Role": "r", "Code": {}, "VpcConfig": {"Subnets": []}},
            },
            r"#/VpcConfig: extraneous key \[Subnets\]",
        ),
        ({"Type": "AWS::Lambda::Function", "Properties": {"Role": "r"}}, r"required key \[Code\] not found"),
        (
            {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "Ipv4IpamPoolId": "x"}},
            "does not model Ipv4IpamPoolId of AWS::EC2::VPC",
        ),
        (
            {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::GetAtt": "A.Name"}}},
            "resource A does not support attribute type Name in Fn::GetAtt",
        ),
    ],
)
def test_check_refuses_what_is_unknown(resource: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        check(template(A=resource))


def test_check_looks_into_both_branches_of_if() -> None:
    branch = {"Fn::If": ["C", {"Mode": "Active"}, {"Mod": "Active"}]}
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Role": "r", "Code": {}, "TracingConfig": branch},
    }
    with pytest.raises(AwsError, match=r"#/TracingConfig: extraneous key \[Mod\]"):
        check({**template(A=function), "Conditions": {"C": {"Fn::Equals": ["a", "b"]}}})


def test_capabilities() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    named = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "RoleName": "n"}}
    assert lacking_capability(template(A={"Type": QUEUE}), []) is None
    assert lacking_capability(template(A=role), []) == "CAPABILITY_IAM"
    assert lacking_capability(template(A=role), ["CAPABILITY_NAMED_IAM"]) is None
    assert lacking_capability(template(A=named), ["CAPABILITY_IAM"]) == "CAPABILITY_NAMED_IAM"


DECLARED = {
    "Days": {"Type": "Number", "Default": 90, "MinValue": 1, "MaxValue": 365},
    "Cidr": {
        "Type": "String",
        "Default": "10.0.0.0/16",
        "AllowedPattern": r"[\d./]+",
        "ConstraintDescription": "a block",
    },
    "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Trail": {"Type": "String", "AllowedValues": [True, False]},
}


def _typed(**given: str) -> dict[str, Any]:
    items = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
    return typed_values(DECLARED, given_values(DECLARED, items, {}), lambda *_: True)


def test_parameters_have_defaults_and_types() -> None:
    assert _typed(Trail="true") == {"Days": "90", "Cidr": "10.0.0.0/16", "Names": ["a", "b"], "Trail": "true"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"Parameters: \[Trail\] must have values"),
        ({"Trail": "maybe"}, r"'Trail' must be one of AllowedValues: \[true, false\]"),
        ({"Trail": "true", "Days": "0"}, "'Days' must be a number not less than 1"),
        ({"Trail": "true", "Days": "x"}, "'Days' must be a number"),
        ({"Trail": "true", "Cidr": "ten"}, "'Cidr' failed to satisfy constraint: a block"),
        ({"Trail": "true", "Other": "1"}, r"Parameters: \[Other\] do not exist in the template"),
    ],
)
def test_wrong_parameters_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        _typed(**given)


ALL_OR_NONE: dict[str, Any] = {
    "Assertions": [
        {
            "Assert": {
                "Fn::Or": [
                    {"Fn::And": [{"Fn::Equals": [{"Ref": "A"}, ""]}, {"Fn::Equals": [{"Ref": "B"}, ""]}]},
                    {
                        "Fn::Not": [
                            {
                                "Fn::Or": [
                                    {"Fn::Equals": [{"Ref": "A"}, ""]},
                                    {"Fn::Equals": [{"Ref": "B"}, ""]},
                                ]
                            }
                        ]
                    },
                ]
            },
            "AssertDescription": "both or none",
        }
    ]
}


@pytest.mark.parametrize(
    ("a", "b", "holds"), [("", "", True), ("1", "2", True), ("1", "", False), ("", "2", False)]
)
def test_rules_judge_the_parameters_together(a: str, b: str, holds: bool) -> None:
    given = {"A": a, "B": b}
    if holds:
        check_rules({"Whole": ALL_OR_NONE}, given)
        return
    with pytest.raises(AwsError, match="Rule Whole: both or none"):
        check_rules({"Whole": ALL_OR_NONE}, given)
    # A rule without its condition is not judged.
    check_rules({"Whole": {**ALL_OR_NONE, "RuleCondition": {"Fn::Equals": [{"Ref": "A"}, "3"]}}}, given)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "malformed rule R"),
        ({"Assertions": [{"AssertDescription": "x"}]}, "malformed rule R"),
        (
            {"Assertions": [{"Assert": {"Fn::Contains": [["1"], {"Ref": "A"}]}}]},
            "does not model Fn::Contains",
        ),
        ({"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "C"}, ""]}}]}, "Rule R refers to C"),
    ],
)
def test_wrong_rules_are_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError, match=message):
        check_rules({"R": rule}, {"A": "1"})


def test_previous_values_and_aws_types() -> None:
    previous = [{"ParameterKey": "Trail", "UsePreviousValue": True}]
    assert given_values(DECLARED, previous, {"Trail": "false"})["Trail"] == "false"
    with pytest.raises(AwsError, match="Trail"):
        given_values(DECLARED, previous, {})
    vpc = {"Vpc": {"Type": "AWS::EC2::VPC::Id"}}
    with pytest.raises(AwsError, match="parameter value vpc-1 for parameter name Vpc does not exist"):
        typed_values(vpc, {"Vpc": "vpc-1"}, lambda *_: False)
    with pytest.raises(NotModelled):
        check_declarations({"P": {"Type": "AWS::SSM::Parameter::Value<String>"}})


def test_values_take_the_schemas_types() -> None:
    given = {"RetentionInDays": "30", "LogGroupName": "n"}
    assert coerced("AWS::Logs::LogGroup", given) == {"RetentionInDays": 30, "LogGroupName": "n"}
    assert misfits("AWS::Logs::LogGroup", {"RetentionInDays": 30}) == []
    assert "RetentionInDays" in misfits("AWS::Logs::LogGroup", {"RetentionInDays": 31})[0]


def test_generated_names_fit_and_differ() -> None:
    long = generated_name("s" * 128, "arn", "L" * 100, 64)
    assert len(long) <= 64
    assert generated_name("app", "arn", "Queue", 80).startswith("app-Queue-")
    assert generated_name("app", "arn", "Queue", 80) != generated_name("app", "other", "Queue", 80)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://s3.us-west-2.amazonaws.com/b/p/k.template", ("b", "p/k.template", None)),
        ("https://s3.amazonaws.com/b/k?versionId=v1", ("b", "k", "v1")),
        ("https://b.s3.us-west-2.amazonaws.com/p/k", ("b", "p/k", None)),
        ("http://127.0.0.1:4566/b/k", ("b", "k", None)),
    ],
)
def test_template_urls(url: str, location: tuple[str, str, str | None]) -> None:
    assert s3_location(url) == location


@pytest.mark.parametrize("url", ["https://example.com/b/k", "s3://b/k", "https://s3.amazonaws.com/b"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(AwsError, match="TemplateURL must be a supported URL"):
        s3_location(url)


@pytest.mark.parametrize(
    ("policy", "in_rollback", "in_deletion"),
    [("Delete", False, False), ("Retain", True, True), ("RetainExceptOnCreate", False, True)],
)
def test_deletion_policies(policy: str, in_rollback: bool, in_deletion: bool) -> None:
    declared = declared_resources(template(A={"Type": "T", "DeletionPolicy": policy}))["A"]
    assert declared.is_retained(rollback=True) is in_rollback
    assert declared.is_retained(rollback=False) is in_deletion
