"""The request, validated against its schema and then by what no schema can say; every refusal names the field."""

import copy
import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast

import fastjsonschema

from extended_cluster import lan_addresses
from extended_cluster.cidr import overlapping
from extended_cluster.endpoint import ENDPOINT_SCHEMA, as_block, refusal_of
from extended_cluster.errors import InvalidRequest
from extended_cluster.lni_request import LNI_SCHEMA, contradiction, whole_numbers
from extended_cluster.request_schema import MAX_DRILLED, OUTPOST_SCHEMA, SCHEMA, TAG_KEY
from extended_cluster.types import EndpointAccess, LniSpec, Nodes, OutpostSpec, Spec

_validate: Final = fastjsonschema.compile(SCHEMA)


def complete(request: object) -> Spec:
    """The request with every default filled in; the request itself is left as it was.

    Raises InvalidRequest that names the field, its value and the accepted form.
    """
    try:
        spec = _validate(copy.deepcopy(request))
    except fastjsonschema.JsonSchemaValueException as refusal:
        raise _refused(refusal) from None
    for place, (outpost, asked) in enumerate(zip(spec["outposts"], _asked_nodes(request), strict=True)):
        outpost["nodes"] = _nodes(asked, f"outposts[{place}].nodes")
        outpost["lni"] = _lni(outpost, f"outposts[{place}].lni")
        _check_cidr(outpost, f"outposts[{place}].subnetCidr")
    spec["capacityWaitMinutes"] = int(spec["capacityWaitMinutes"])  # 30.0 is an integer to JSON Schema
    _check_different(spec["outposts"])
    _check_lan_addresses(spec["outposts"])
    _check_endpoint(spec["endpointAccess"])
    _check_rollback(spec)
    _check_kubernetes(spec)
    _check_drill(spec)
    return cast(Spec, spec)


def _asked_nodes(valid_request: Any) -> list[Mapping[str, int]]:
    return [outpost.get("nodes", {}) for outpost in valid_request["outposts"]]


def _nodes(asked: Mapping[str, int], field: str) -> Nodes:
    # int(): JSON Schema takes 2.0 for an integer and EC2 does not.
    desired = int(asked.get("desired", max(1, asked.get("min", 1))))
    nodes = Nodes(min=int(asked.get("min", desired)), desired=desired, max=int(asked.get("max", desired)))
    for lower, upper in (("min", "desired"), ("desired", "max")):
        low, high = cast(Mapping[str, int], nodes)[lower], cast(Mapping[str, int], nodes)[upper]
        if low > high:
            raise _invalid(
                f"`{field}` is {json.dumps(asked)}, so {lower} {low} is more than {upper} {high}.",
                "min <= desired <= max",
            )
    return nodes


def _lni(outpost: OutpostSpec, field: str) -> LniSpec:
    lni = whole_numbers(outpost["lni"])
    if wrong := contradiction(lni, outpost["nodes"]):
        value = cast(Mapping[str, Any], lni)[wrong.field]
        raise _invalid(
            f"`{field}.{wrong.field}` is {json.dumps(value)}: {wrong.reason}.",
            _accepted(LNI_SCHEMA["properties"][wrong.field]),
        )
    return lni


def _check_cidr(outpost: OutpostSpec, field: str) -> None:
    cidr = outpost["subnetCidr"]
    if cidr is None:
        return
    schema = OUTPOST_SCHEMA["properties"]["subnetCidr"]
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as reason:  # AddressValueError and NetmaskValueError are ValueErrors
        raise _invalid(f"`{field}` is {json.dumps(cidr)}: {reason}.", _accepted(schema)) from None
    # Amazon VPC user guide, "Subnet CIDR blocks": /16 to /28. Pods get whole /28 blocks (vpc_cni.py), and
    # reserved addresses break the first and the last one, so that /27 and /28 hold none.
    if not 16 <= network.prefixlen <= 26:
        raise _invalid(f"`{field}` is {json.dumps(cidr)}.", _accepted(schema))


def _check_different(outposts: list[OutpostSpec]) -> None:
    """Every server once, and their blocks side by side."""
    for place, outpost in enumerate(outposts):
        for earlier, other in enumerate(outposts[:place]):
            if outpost["outpostId"] == other["outpostId"]:
                raise _invalid(
                    f'`outposts[{place}].outpostId` is "{outpost["outpostId"]}", and so is '
                    f"`outposts[{earlier}].outpostId`.",
                    "every Outposts server once",
                )
            cidr, taken = outpost["subnetCidr"], other["subnetCidr"]
            if cidr and taken and overlapping(cidr, [taken]):
                raise _invalid(
                    f'`outposts[{place}].subnetCidr` is "{cidr}", which overlaps '
                    f'`outposts[{earlier}].subnetCidr` "{taken}".',
                    "blocks that share no address, or null for the next free one",
                )


def _check_lan_addresses(outposts: list[OutpostSpec]) -> None:
    if wrong := lan_addresses.contradiction(outposts):
        raise _invalid(
            f"`{wrong.field}` is {json.dumps(wrong.value)}: {wrong.reason}.", _accepted(wrong.schema)
        )


def _check_endpoint(access: EndpointAccess) -> None:
    field, cidrs, prefix_list = "endpointAccess", access["publicCidrs"], access["prefixListId"]
    asked = json.dumps(access)
    if cidrs and prefix_list:
        raise _invalid(f"`{field}` is {asked}.", "publicCidrs or prefixListId, not both")
    if not access["private"] and not cidrs and not prefix_list:
        raise _invalid(
            f"`{field}` is {asked}, so nobody could reach the Kubernetes API.",
            "private true, or publicCidrs, or prefixListId",
        )
    items = ENDPOINT_SCHEMA["properties"]["publicCidrs"]
    for place, cidr in enumerate(cidrs):
        try:
            as_block(cidr)
        except ValueError as wrong:
            raise _invalid(
                f'`{field}.publicCidrs[{place}]` is "{cidr}": {wrong}.', _accepted(items["items"])
            ) from None
    if reason := refusal_of(cidrs, by_name=True):
        raise _invalid(f"`{field}.publicCidrs` is {_shortened(cidrs)}: {reason}.", items["description"])


def _check_rollback(spec: Mapping[str, Any]) -> None:
    if spec["onFailure"] == "rollback" and spec["deletionProtection"]:
        raise _invalid(
            '`onFailure` is "rollback" and `deletionProtection` is true, so EKS would refuse the rollback.',
            "rollback without deletion protection (turn it on when the cluster stands), or keep",
        )


def _check_kubernetes(spec: Mapping[str, Any]) -> None:
    if spec["kubernetes"] == "verify" and not spec["endpointAccess"]["private"]:
        raise _invalid(
            '`kubernetes` is "verify" and `endpointAccess.private` is false, so the functions that prove the cluster, '
            "which are in its VPC, could not reach the Kubernetes API.",
            "verify with a private endpoint (public access may be on besides), or skip",
        )
    for place, outpost in enumerate(spec["outposts"] if spec["kubernetes"] == "skip" else ()):
        for field, who in (("metallb", "MetalLB"), ("podNetwork", "whereabouts")):
            if cast(Mapping[str, Any], outpost)[field] is not None:
                raise _invalid(
                    f'`kubernetes` is "skip" and `outposts[{place}].{field}` asks for addresses, which {who} would '
                    "have to give.",
                    f"{field} null with skip, or verify",
                )


def _check_drill(spec: Mapping[str, Any]) -> None:
    if spec["drill"] is None:
        return
    if spec["kubernetes"] != "verify":
        raise _invalid(
            '`drill` is "failover" and `kubernetes` is "skip", so no address would be there to move.',
            "failover with kubernetes verify, or null",
        )
    drilled = sum(outpost["metallb"] is not None for outpost in spec["outposts"])
    if drilled > MAX_DRILLED:
        raise _invalid(
            f'`drill` is "failover" and {drilled} servers have `metallb`: the history of one run does not hold that.',
            f"failover with metallb on at most {MAX_DRILLED} servers, the others in a request of their own",
        )
    if not drilled:
        raise _invalid(
            '`drill` is "failover" and no server of `outposts` has `metallb`, so no address would be there to move.',
            "failover with at least one server's metallb addresses, or null",
        )


def _refused(refusal: fastjsonschema.JsonSchemaValueException) -> InvalidRequest:
    field = re.sub(r"^data\.?", "", refusal.name or "")
    schema, value = refusal.definition, refusal.value
    within = f"`{field}`" if field else "The request"
    prefix = f"{field}." if field else ""
    if refusal.rule == "additionalProperties":
        unknown = ", ".join(f"`{prefix}{name}`" for name in sorted(set(value) - set(schema["properties"])))
        return _invalid(f"{unknown}: no such field.", ", ".join(schema["properties"]))
    if refusal.rule == "required":
        missing = [name for name in schema["required"] if name not in value]
        fields = schema["properties"]
        return _invalid(
            f"{within} lacks {' and '.join(f'`{prefix}{name}`' for name in missing)}.",
            "; ".join(f"{name}: {_accepted(fields[name])}" for name in missing),
        )
    if refusal.rule == "propertyNames":
        wrong = ", ".join(json.dumps(key) for key in value if not re.search(TAG_KEY, key))
        return _invalid(f"{within} has the key {wrong}.", _accepted(schema))
    return _invalid(f"{within} is {_shortened(value)}.", _accepted(schema))


def _accepted(schema: Mapping[str, Any]) -> str:
    return f"{schema['description']}, for example {json.dumps(schema['examples'][0])}"


def _shortened(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _invalid(what: str, accepted: str) -> InvalidRequest:
    return InvalidRequest(f"{what} Accepted: {accepted}.", do="Correct the request and start it again.")
