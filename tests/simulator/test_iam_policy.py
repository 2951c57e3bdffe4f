"""The policy evaluator, case by case."""

from typing import Any

import pytest

from simulator.call import NotModelled
from simulator.iam.policy import Context, Decision, evaluate
from simulator.iam.wildcard import arn_glob

SUBNET = "arn:aws:ec2:us-west-2:123456789012:subnet/subnet-1"
TAGGED = Context(
    {
        "aws:RequestTag/team": "edge",
        "aws:TagKeys": ("team", "cost"),
        "aws:SecureTransport": "true",
        "aws:SourceArn": "arn:aws:events:us-west-2:123456789012:rule/lni",
        "s3:max-keys": "10",
        "aws:SourceIp": "10.1.2.3",
    },
    absent=("aws:RequestTag/*", "aws:ResourceTag/*", "aws:CalledVia"),
)


def allow(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"} | more


def decide(
    *statements: dict[str, Any], action: str = "ec2:CreateSubnet", context: Context = TAGGED
) -> Decision:
    return evaluate(statements, action, SUBNET, context)


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (allow(), True),
        (allow(Action=["ec2:CreateSubnet"]), True),
        (allow(Action="EC2:createsubnet"), True),
        (allow(Action="ec2:Create?ubnet"), True),
        (allow(Action="ec2:Describe*"), False),
        (allow(Action="*"), True),
        (allow(Resource=[SUBNET]), True),
        (allow(Resource=SUBNET.upper()), False),
        (allow(Resource="arn:aws:ec2:*:*:subnet/*"), True),
        (allow(Resource="arn:aws:ec2:*:*:vpc/*"), False),
        ({"Effect": "Allow", "NotAction": "ec2:Delete*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "ec2:Create*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ec2:*:*:vpc/*"}, True),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ec2:*:*:subnet/*"}, False),
    ],
)
def test_action_and_resource(statement: dict[str, Any], allowed: bool) -> None:
    assert decide(statement) is (Decision.ALLOWED if allowed else Decision.IMPLICIT_DENY)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:RequestTag/team": "edge"}}, True),
        ({"StringEquals": {"AWS:requesttag/TEAM": ["core", "edge"]}}, True),
        ({"StringEquals": {"aws:RequestTag/team": "Edge"}}, False),
        ({"StringEqualsIgnoreCase": {"aws:RequestTag/team": "Edge"}}, True),
        ({"StringEquals": {"aws:RequestTag/other": "edge"}}, False),
        ({"StringEqualsIfExists": {"aws:RequestTag/other": "edge"}}, True),
        ({"StringEqualsIfExists": {"aws:RequestTag/team": "core"}}, False),
        ({"StringNotEquals": {"aws:RequestTag/team": ["core", "edge"]}}, False),
        ({"StringNotEquals": {"aws:RequestTag/other": "edge"}}, True),
        ({"StringLike": {"aws:RequestTag/team": "ed*"}}, True),
        ({"StringNotLike": {"aws:RequestTag/team": "ed*"}}, False),
        ({"Null": {"aws:RequestTag/team": "false"}}, True),
        ({"Null": {"aws:RequestTag/other": "false"}}, False),
        ({"Null": {"aws:RequestTag/other": True}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Bool": {"aws:SecureTransport": False}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:events:*:123456789012:rule/*"}}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:events:*:123456789012:rule/l?i"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:*:rule/lni"}}, False),
        ({"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, True),
        ({"NumericLessThanEquals": {"s3:max-keys": 10}}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, False),
        ({"NumericNotEquals": {"s3:max-keys": "10"}}, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost", "more"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, False),
        ({"ForAllValues:StringEquals": {"aws:CalledVia": ["x"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["cost"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": ["x"]}}, False),
        ({"ForAnyValue:StringLike": {"aws:TagKeys": ["x*"]}}, False),
        ({"StringEquals": {"aws:RequestTag/team": "edge"}, "Bool": {"aws:SecureTransport": "false"}}, False),
    ],
)
def test_condition(condition: dict[str, Any], holds: bool) -> None:
    assert (decide(allow(Condition=condition)) is Decision.ALLOWED) is holds


def test_explicit_deny_beats_allow() -> None:
    deny = {"Effect": "Deny", "Action": "ec2:CreateSubnet", "Resource": "*"}
    assert decide(allow(), deny) is Decision.EXPLICIT_DENY
    assert decide(allow(), deny, action="ec2:CreateVpc") is Decision.ALLOWED


def test_nothing_said_is_an_implicit_deny() -> None:
    assert decide() is Decision.IMPLICIT_DENY


UNDECIDABLE = [
    {"Condition": {"StringEquals": {"aws:MultiFactorAuthPresent": "true"}}},
    {"Condition": {"DateGreaterThan": {"aws:RequestTag/team": "2026-01-01"}}},
    {"Condition": {"StringEquals": {"aws:RequestTag/team": "${aws:username}"}}},
    {"Condition": {"StringEquals": {"aws:TagKeys": "team"}}},
    {"Condition": {"ForSomeValues:StringEquals": {"aws:TagKeys": "team"}}},
    {"Condition": {"NullIfAny": {"aws:TagKeys": "true"}}},
    {"Resource": "arn:aws:ec2:*:*:subnet/${aws:PrincipalTag/subnet}"},
]


@pytest.mark.parametrize("part", UNDECIDABLE)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_what_cannot_be_evaluated_is_refused_loudly(part: dict[str, Any], effect: str) -> None:
    with pytest.raises(NotModelled):
        decide(allow(), allow(Effect=effect, **part))


@pytest.mark.parametrize("part", UNDECIDABLE)
def test_it_matters_only_if_the_statement_matches_otherwise(part: dict[str, Any]) -> None:
    assert decide(allow(Action="ec2:Describe*", **part)) is Decision.IMPLICIT_DENY
    elsewhere = {"Resource": "arn:aws:ec2:*:*:vpc/*"} | part
    if "${" not in elsewhere["Resource"]:
        assert decide(allow(**elsewhere)) is Decision.IMPLICIT_DENY


def test_a_condition_that_fails_decides_before_one_that_is_unknown() -> None:
    condition = {"StringEquals": {"aws:MultiFactorAuthPresent": "true", "aws:RequestTag/team": "core"}}
    assert decide(allow(Condition=condition)) is Decision.IMPLICIT_DENY


@pytest.mark.parametrize(
    ("pattern", "arn", "matches"),
    [
        ("arn:aws:s3:::reports/*", "arn:aws:s3:::reports/a/b.json", True),
        ("arn:aws:lambda:us-west-2:1:function:a*", "arn:aws:lambda:us-west-2:1:function:ab:1", True),
        ("arn:aws:lambda:us-west-2:1:function:a*c", "arn:aws:lambda:us-west-2:1:function:ab:c", False),
        ("arn:aws:logs:*:*:log-group:/x:*", "arn:aws:logs:us-west-2:1:log-group:/x:log-stream:s", True),
        ("arn:aws:ec2:us-west-?:1:vpc/v", "arn:aws:ec2:us-west-2:1:vpc/v", True),
        ("arn:aws:s3:::a.b", "arn:aws:s3:::axb", False),
    ],
)
def test_wildcards_in_arns(pattern: str, arn: str, matches: bool) -> None:
    assert arn_glob(pattern, arn) is matches
