"""AWS::EC2::SecurityGroup, SecurityGroupIngress and SecurityGroupEgress: IPv4 blocks and groups as peers."""

from collections.abc import Mapping
from typing import Any

from simulator.call import NotModelled
from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names, without_tags

_EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_RULES = names("SecurityGroupEgress SecurityGroupIngress")
_INGRESS = names("CidrIp Description FromPort IpProtocol SourceSecurityGroupId ToPort")
_EGRESS = names("CidrIp Description DestinationSecurityGroupId FromPort IpProtocol ToPort")


def _create_group(context: Context, properties: Properties) -> Made:
    named = {"GroupName": context.name(255), **without_tags(properties, *_RULES)}
    named["Description"] = named.pop("GroupDescription")
    group = context.send(
        "ec2",
        "CreateSecurityGroup",
        TagSpecifications=context.tag_specifications(properties, "security-group"),
        **named,
    )["GroupId"]
    found = context.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return Made(group, {"GroupId": group, "Id": group, "VpcId": found["VpcId"]})


def _complete_group(context: Context, made: Made, properties: Properties) -> None:
    if properties.get("SecurityGroupEgress"):
        _revoke_default(context, made.physical_id)
    _update_group(context, made, {}, properties)


def _update_group(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    for side in sorted(_RULES):
        before, after = old.get(side, []), new.get(side, [])
        for rule in before:
            if rule not in after:
                _send(context, made.physical_id, "Revoke", side, rule)
        for rule in after:
            if rule not in before:
                _send(context, made.physical_id, "Authorize", side, rule)
    if old.get("SecurityGroupEgress") and not new.get("SecurityGroupEgress"):
        raise NotModelled("taking every outbound rule away from an AWS::EC2::SecurityGroup")
    if old and new.get("SecurityGroupEgress") and not old.get("SecurityGroupEgress"):
        _revoke_default(context, made.physical_id)
    return made


def _delete_group(context: Context, made: Made, _: Properties) -> None:
    context.client("ec2").delete_security_group(GroupId=made.physical_id)


def _revoke_default(context: Context, group: str) -> None:
    """A group begins with a rule that lets everything out; outbound rules of a template take its place (user guide,
    AWS::EC2::SecurityGroup and AWS::EC2::SecurityGroupEgress)."""
    ec2 = context.client("ec2")
    rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
    if any(rule["IpProtocol"] == "-1" and rule["IpRanges"] == _EVERYTHING["IpRanges"] for rule in rules):
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[_EVERYTHING])


def _send(context: Context, group: str, verb: str, side: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    known = _INGRESS if side == "SecurityGroupIngress" else _EGRESS
    if unknown := sorted(set(rule) - known):
        raise NotModelled(f"{unknown[0]} in {side}")
    return context.send("ec2", f"{verb}{side}", GroupId=group, IpPermissions=[_permission(rule)])


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    told = {"Description": rule["Description"]} if "Description" in rule else {}
    permission = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
    if "CidrIp" in rule:
        return {**permission, "IpRanges": [{"CidrIp": rule["CidrIp"], **told}]}
    peer = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    return {**permission, "UserIdGroupPairs": [{"GroupId": peer, **told}]}


def _create_rule(side: str, context: Context, properties: Properties) -> Made:
    rule = {key: value for key, value in properties.items() if key != "GroupId"}
    if side == "SecurityGroupEgress":
        _revoke_default(context, properties["GroupId"])
    answer = _send(context, properties["GroupId"], "Authorize", side, rule)
    rule_id = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return Made(rule_id, {"Id": rule_id})


def _delete_rule(side: str, context: Context, properties: Properties) -> None:
    rule = {key: value for key, value in properties.items() if key != "GroupId"}
    _send(context, properties["GroupId"], "Revoke", side, rule)


KINDS = (
    Kind(
        "AWS::EC2::SecurityGroup",
        _RULES | names("GroupDescription GroupName Tags VpcId"),
        _create_group,
        _delete_group,
        _complete_group,
        _update_group,
        updatable=_RULES,
        attributes=names("GroupId Id VpcId"),
    ),
    Kind(
        "AWS::EC2::SecurityGroupIngress",
        _INGRESS | {"GroupId"},
        lambda context, properties: _create_rule("SecurityGroupIngress", context, properties),
        lambda context, _, properties: _delete_rule("SecurityGroupIngress", context, properties),
        attributes=names("Id"),
    ),
    Kind(
        "AWS::EC2::SecurityGroupEgress",
        _EGRESS | {"GroupId"},
        lambda context, properties: _create_rule("SecurityGroupEgress", context, properties),
        lambda context, _, properties: _delete_rule("SecurityGroupEgress", context, properties),
        attributes=names("Id"),
    ),
)
