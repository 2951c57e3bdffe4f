"""From a call's template and parameters to the revision of a stack that it asks for."""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from simulator.call import AwsError, Call
from simulator.deploy.checks import check, lacking_capability
from simulator.deploy.parameters import check_declarations, given_values, pseudo_parameters, typed_values
from simulator.deploy.parse import Document, parse
from simulator.deploy.resources.kind import cloudformation
from simulator.deploy.revision import Revision
from simulator.deploy.rules import check_rules
from simulator.deploy.stacks import Stack
from simulator.deploy.template import check_sections
from simulator.deploy.template_source import template_text
from simulator.deploy.transform import transformed, transforms_of

if TYPE_CHECKING:
    from simulator.cloud import Cloud


@dataclass(frozen=True)
class Asked:
    """What a call asks for, as far as it can be judged without the transform.

    parameters: every parameter's text; typed: its value as Ref gives it; hidden: those with NoEcho.
    """

    text: str
    document: Document
    parameters: dict[str, str]
    typed: dict[str, Any]
    hidden: frozenset[str]
    tags: dict[str, str]
    capabilities: tuple[str, ...]


def asked(cloud: "Cloud", call: Call, stack: Stack | None) -> Asked:
    """The template and parameters of a call. AwsError: malformed, or a value against its constraints."""
    text = _text(cloud, call, stack)
    document = parse(text)
    check_sections(document)
    declared = document.get("Parameters", {})
    check_declarations(declared)
    previous = stack.revision.parameters if stack is not None and stack.revision is not None else {}
    parameters = given_values(declared, call.params.get("Parameters", []), previous)
    typed = typed_values(declared, parameters, lambda kind, value: _exists(cloud, call.account, kind, value))
    check_rules(document.get("Rules", {}), typed)
    return Asked(
        text=text,
        document=document,
        parameters=parameters,
        typed=typed,
        hidden=frozenset(
            name for name, body in declared.items() if str(body.get("NoEcho")).lower() == "true"
        ),
        tags={tag["Key"]: tag["Value"] for tag in call.params.get("Tags", [])},
        capabilities=tuple(call.params.get("Capabilities", [])),
    )


def _text(cloud: "Cloud", call: Call, stack: Stack | None) -> str:
    if not call.params.get("UsePreviousTemplate"):
        return template_text(call, cloud.client("s3", caller=cloudformation(call.account)))
    if stack is None or stack.revision is None:
        raise AwsError("ValidationError", "Cannot use the previous template of a stack that has none.")
    return stack.revision.text


def prepared(cloud: "Cloud", request: Asked, stack: Stack) -> Revision:
    """The revision, its template transformed and checked. AwsError says what is wrong with it."""
    pseudo = pseudo_parameters(stack.name, stack.id, stack.account)
    # What the translator is given: texts, with the pseudo parameters that are texts.
    texts = {**request.parameters, **{key: value for key, value in pseudo.items() if isinstance(value, str)}}
    caller = cloudformation(stack.account)
    processed = transformed(request.document, texts, cloud.client("iam", caller))
    check_sections(processed)
    check(processed)
    return Revision(
        text=request.text,
        processed=processed,
        parameters=request.parameters,
        typed={**request.typed, **pseudo},
        hidden=request.hidden,
        tags=request.tags,
        capabilities=request.capabilities,
        availability_zones=functools.cache(lambda: _availability_zones(cloud.client("ec2", caller))),
    )


def accepted(cloud: "Cloud", call: Call, stack: Stack, present: Stack | None) -> Revision:
    """The revision that a create or update without a change set asks for. present: the stack when it is updated."""
    request = asked(cloud, call, present)
    # A transform without a change set needs its own capability ("CreateStack", Capabilities).
    if transforms_of(request.document) and "CAPABILITY_AUTO_EXPAND" not in request.capabilities:
        raise AwsError(
            "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"
        )
    revision = prepared(cloud, request, stack)
    lacking = lacking_capability(revision.processed, revision.capabilities)
    if lacking:
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{lacking}]")
    return revision


def _availability_zones(ec2: Any) -> tuple[str, ...]:
    zones = ec2.describe_availability_zones()
    return tuple(sorted(zone["ZoneName"] for zone in zones["AvailabilityZones"]))


_LOOK_UP: dict[str, tuple[str, str]] = {
    "AWS::EC2::AvailabilityZone::Name": ("describe_availability_zones", "ZoneNames"),
    "AWS::EC2::SecurityGroup::Id": ("describe_security_groups", "GroupIds"),
    "AWS::EC2::Subnet::Id": ("describe_subnets", "SubnetIds"),
    "AWS::EC2::VPC::Id": ("describe_vpcs", "VpcIds"),
}


def _exists(cloud: "Cloud", account: str, kind: str, value: str) -> bool:
    method, parameter = _LOOK_UP[kind]
    client: Any = cloud.client("ec2", cloudformation(account))
    try:
        getattr(client, method)(**{parameter: [value]})
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
        # InvalidVpcID.NotFound, InvalidSubnetID.Malformed, InvalidParameterValue for a zone
        if code.endswith((".NotFound", ".Malformed", "Malformed")) or code == "InvalidParameterValue":
            return False
        raise
    return True
