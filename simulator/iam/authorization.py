"""What a call needs: actions, the resources they are asked for, and the condition keys of each. See the table,
``authorization.yaml``, for the sources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from simulator.call import Call, NotModelled
from simulator.iam.live import Live, Tags
from simulator.iam.policy import Context, Value
from simulator.iam.resource_names import fill

TABLE = Path(__file__).with_suffix(".yaml")
_ACTION_PREFIX = {"stepfunctions": "states"}


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource (an ARN, or ``*`` for an action that knows no resource)."""

    action: str
    resource: str
    context: Context


@cache
def table() -> dict[str, dict[str, Any]]:
    """authorization.yaml."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(TABLE.read_text())
    return loaded


def needs(call: Call, live: Live) -> list[Need]:
    """All that the caller's role must be allowed. Raises NotModelled for an operation not in the table."""
    entry = table().get(call.name)
    if entry is None:
        raise NotModelled(f"the permissions that {call.name} needs")
    prefix = _ACTION_PREFIX.get(call.service, call.service)
    action = entry.get("action", f"{prefix}:{call.operation}")
    tags = _tags(call.params.get(entry.get("tags", ""), ()))
    arns = [arn for template in entry.get("resources", ()) for arn in _arns(call, template, live)]
    found = [Need(action, arn, _context(call, arn, tags, live)) for arn in arns or ["*"]]
    if "creates" in entry:
        found += tagging(call, entry["creates"], call.params.get("TagSpecifications", ()), call.operation)
    if tags and "tag_action" in entry:
        more = entry["tag_action"]
        found += [
            Need(more["action"], arn, joined(call, _requested(tags)))
            for arn in _arns(call, more["resource"], live)
        ]
    for parameter, service in entry.get("pass_role", {}).items():
        if parameter in call.params:
            found.append(passing(call, call.params[parameter], service))
    if "service_role" in entry and not live.has_service_role(entry["service_role"].partition("/")[0]):
        found.append(_service_role(call, entry["service_role"]))
    return found


def passing(call: Call, role_arn: str, service: str) -> Need:
    """iam:PassRole. IAM User Guide, "Grant a user permissions to pass a role to an AWS service"."""
    return Need("iam:PassRole", role_arn, joined(call, Context({"iam:PassedToService": service})))


def tagging(call: Call, kind: str, specifications: Iterable[Mapping[str, Any]], creator: str) -> list[Need]:
    """ec2:CreateTags on a resource being made, if it is tagged; creator: the operation that makes it.

    EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation".
    """
    tags = tags_for(kind, specifications)
    if not tags:
        return []
    context = joined(call, _requested(tags), Context({"ec2:CreateAction": creator}))
    return [Need("ec2:CreateTags", ec2_arn(call, kind, "*"), context)]


def tags_for(kind: str, specifications: Iterable[Mapping[str, Any]]) -> Tags:
    """The tags that TagSpecifications give to resources of one type."""
    return {
        t["Key"]: t["Value"] for s in specifications if s["ResourceType"] == kind for t in s.get("Tags", ())
    }


def ec2_arn(call: Call, kind: str, resource_id: str) -> str:
    """``arn:aws:ec2:us-west-2:123456789012:subnet/subnet-1``; images belong to no account in ARNs."""
    account = "" if kind == "image" else call.caller.account
    return f"arn:aws:ec2:{call.region}:{account}:{kind}/{resource_id}"


def existing(resource_id: str, live: Live) -> Context:
    """The tags of an EC2 resource that exists; that request tags are no keys of it is assumed."""
    return _tagged("ec2", live.ec2_tags(resource_id), ("aws:RequestTag/*", "aws:TagKeys"))


def joined(call: Call, *contexts: Context) -> Context:
    """The contexts together with the keys that every request has ("AWS global condition context keys")."""
    values: dict[str, Value] = {
        "aws:PrincipalArn": call.caller.role_arn or call.caller.arn,
        "aws:PrincipalAccount": call.caller.account,
        "aws:RequestedRegion": call.region,
        # Assumed: the simulator's loopback HTTP stands for HTTPS.
        "aws:SecureTransport": "true",
    }
    # A role that calls by itself is no service calling for a resource of its own.
    absent: tuple[str, ...] = (
        () if call.caller.service else ("aws:SourceArn", "aws:SourceAccount", "aws:CalledVia*")
    )
    for context in contexts:
        values.update(context.values)
        absent += context.absent
    return Context(values, absent)


def _context(call: Call, arn: str, tags: Tags, live: Live) -> Context:
    return joined(call, _OF_SERVICE.get(call.service, _plain)(call, arn, tags, live))


def _plain(_call: Call, _arn: str, _tags: Tags, _live: Live) -> Context:
    return Context()


def _of_ec2(call: Call, arn: str, given: Tags, live: Live) -> Context:
    kind, _slash, resource_id = arn.rpartition(":")[2].partition("/")
    if arn == "*":
        return Context()
    if call.operation in ("CreateTags", "DeleteTags"):
        return _retagged(resource_id, given, live)
    if resource_id != "*":
        return existing(resource_id, live)
    tags = tags_for(kind, call.params.get("TagSpecifications", ()))
    made = _requested(tags)
    if kind == "subnet":
        vpc = ec2_arn(call, "vpc", call.params["VpcId"])
        return Context({**made.values, "ec2:Vpc": vpc}, made.absent)
    if kind == "launch-template":
        # EC2 User Guide, "Control access to launch templates", lets aws:ResourceTag name the tags that a new
        # template gets. No such page for subnets: there the key is unknown.
        existing_tags = _tagged("ec2", tags, ())
        return Context({**made.values, **existing_tags.values}, made.absent + existing_tags.absent)
    return made


def _retagged(resource_id: str, tags: Tags, live: Live) -> Context:
    """Of a resource that exists: its tags, and those that the call sets or takes away.

    Service Authorization Reference, EC2, CreateTags and DeleteTags; ec2:CreateAction is only in a call that creates
    (EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation").
    """
    requested, found = _requested(tags), _tagged("ec2", live.ec2_tags(resource_id), ())
    absent = (*requested.absent, *found.absent, "ec2:CreateAction")
    return Context({**requested.values, **found.values}, absent)


def _of_autoscaling(call: Call, arn: str, tags: Tags, live: Live) -> Context:
    if arn == "*":
        return Context()
    requested = _requested(tags)
    # Auto Scaling guide, "Tags for security": autoscaling:ResourceTag decides on creating a group too.
    on_group = tags if call.operation == "CreateAutoScalingGroup" else live.group_tags(arn.rpartition("/")[2])
    found = _tagged("autoscaling", on_group, ())
    return Context({**requested.values, **found.values}, requested.absent + found.absent)


def _of_eks(call: Call, arn: str, tags: Tags, live: Live) -> Context:
    params = call.params
    keys = {
        "eks:clusterName": params.get("clusterName"),
        "eks:principalArn": params.get("principalArn"),
        "eks:policyArn": params.get("policyArn"),
        # EKS API Reference, CreateAccessEntry: the type's default is STANDARD.
        "eks:accessEntryType": params.get("type", "STANDARD")
        if call.operation == "CreateAccessEntry"
        else None,
    }
    values: dict[str, Value] = {key: value for key, value in keys.items() if value is not None}
    requested = _requested(tags)
    if ":cluster/" in arn and call.operation != "CreateCluster":
        found = _tagged("aws", live.cluster_tags(arn.rpartition("/")[2]), ())
        return Context({**values, **requested.values, **found.values}, requested.absent + found.absent)
    if ":addon/" in arn and call.operation != "CreateAddon":
        found = _tagged("aws", live.addon_tags(params["clusterName"], params["addonName"]), ())
        return Context({**values, **requested.values, **found.values}, requested.absent + found.absent)
    if ":access-entry/" in arn and call.operation != "CreateAccessEntry":
        # Service Authorization Reference, EKS: access-entry has the key aws:ResourceTag.
        found = _tagged("aws", live.access_entry_tags(params["clusterName"], params["principalArn"]), ())
        return Context({**values, **requested.values, **found.values}, requested.absent + found.absent)
    return Context({**values, **requested.values}, requested.absent)


def _of_s3(call: Call, _arn: str, _tags: Tags, _live: Live) -> Context:
    keys = {"s3:x-amz-acl": "ACL", "s3:x-amz-server-side-encryption": "ServerSideEncryption"}
    return Context({k: call.params[p] for k, p in keys.items() if p in call.params}, tuple(keys))


def _of_events(call: Call, _arn: str, _tags: Tags, _live: Live) -> Context:
    # EventBridge guide, "Using IAM policy conditions". How entries of several sources are checked is not told.
    sources = {entry["Source"] for entry in call.params["Entries"]}
    if len(sources) != 1:
        raise NotModelled(f"the permission to put events of {len(sources)} sources in one call")
    return Context({"events:source": sources.pop()})


def _of_sts(call: Call, _arn: str, _tags: Tags, _live: Live) -> Context:
    # IAM User Guide, "IAM and AWS STS condition context keys".
    given = {"sts:ExternalId": "ExternalId", "sts:RoleSessionName": "RoleSessionName"}
    return Context({key: call.params[p] for key, p in given.items() if p in call.params}, tuple(given))


_OF_SERVICE = {
    "ec2": _of_ec2,
    "autoscaling": _of_autoscaling,
    "eks": _of_eks,
    "events": _of_events,
    "s3": _of_s3,
    "sts": _of_sts,
}


def _requested(tags: Tags) -> Context:
    values: dict[str, Value] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if tags:
        values["aws:TagKeys"] = tuple(tags)
    return Context(values, ("aws:RequestTag/*", "aws:TagKeys"))


def _tagged(prefix: str, tags: Tags, absent: tuple[str, ...]) -> Context:
    prefixes = ("aws", prefix)
    values = {f"{p}:ResourceTag/{key}": value for p in prefixes for key, value in tags.items()}
    return Context(values, (*absent, *(f"{p}:ResourceTag/*" for p in prefixes)))


def _service_role(call: Call, path: str) -> Need:
    # Auto Scaling guide and EKS guide, "Using service-linked roles": made with the caller's permission.
    arn = f"arn:aws:iam::{call.caller.account}:role/aws-service-role/{path}"
    service = Context({"iam:AWSServiceName": path.partition("/")[0]})
    return Need("iam:CreateServiceLinkedRole", arn, joined(call, service))


def _tags(given: Any) -> Tags:
    if isinstance(given, Mapping):
        return dict(given)
    return {tag["Key"]: tag.get("Value", "") for tag in given}


def _arns(call: Call, template: str, live: Live) -> list[str]:
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    filled = [template]
    for name in names:
        filled = [f.replace(f"{{{name}}}", value) for f in filled for value in fill(call, name, live)]
    prefix = _ACTION_PREFIX.get(call.service, call.service)
    return [
        f if f.startswith("arn:") else f"arn:aws:{prefix}:{call.region}:{call.caller.account}:{f}"
        for f in filled
    ]
