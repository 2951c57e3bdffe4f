"""Parameters and answers as CloudTrail spells them, told by botocore's service models."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

# CloudTrail record contents: sensitive values are recorded as this.
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# EC2's own word for user data in CloudTrail (public samples of CreateLaunchTemplate and RunInstances).
_REMOVED = "<sensitiveDataRemoved>"

# Public samples of RunInstances, CreateTags and CreateSnapshot events. Other lists of EC2 requests follow the
# same pattern, which is assumed.
_EC2_LISTS = {
    "InstanceIds": ("instancesSet", "instanceId"),
    "Resources": ("resourcesSet", "resourceId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
    "Tags": ("tagSet", ""),
    "TagSpecifications": ("tagSpecificationSet", ""),
}


def of_json(value: Any, shape: Shape) -> Any:
    """As JSON and query services appear: members begin in lower case, the keys of maps stay as they are."""
    if shape.metadata.get("sensitive") or shape.serialization.get("sensitive"):
        return _HIDDEN
    if isinstance(shape, StructureShape):
        return {
            _lower(k): of_json(v, shape.members[k]) for k, v in value.items() if _is_text(shape.members[k])
        }
    if isinstance(shape, MapShape):
        return {k: of_json(v, shape.value) for k, v in value.items()}
    if isinstance(shape, ListShape):
        return [of_json(v, shape.member) for v in value]
    return _scalar(value)


def of_ec2_request(operation: str, params: Mapping[str, Any]) -> Any:
    """As EC2's requests appear, e.g. CreateSubnet: ``{vpcId, cidrBlock, outpostArn, tagSpecificationSet}``.

    Launch templates are recorded under the name of the request with AWS's own spelling (public samples), where
    the form of lists inside is assumed. How EnableLniAtDeviceIndex appears in ModifySubnetAttribute is assumed.
    """
    if "LaunchTemplate" in operation:
        return {f"{operation}Request": _without_user_data(params)}
    return _ec2_structure(params)


def of_ec2_answer(answer: Mapping[str, Any], shape: Shape | None, request_id: str) -> Any:
    """As EC2's answers appear: the XML's own names, lists as ``{items: [...]}``, and the request's id.

    An operation that answers nothing else has ``_return: true`` (public samples).
    """
    members = _ec2_answer(answer, shape) if isinstance(shape, StructureShape) else {}
    return {"requestId": request_id, **(members or {"_return": True})}


def _ec2_structure(value: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_ec2_member(k, v) for k, v in value.items())


def _ec2_member(name: str, value: Any) -> tuple[str, Any]:
    if name == "UserData":
        return _lower(name), _REMOVED
    if isinstance(value, Mapping):
        return _lower(name), _ec2_structure(value)
    if not isinstance(value, list):
        return _lower(name), _scalar(value)
    listed, item = _EC2_LISTS.get(
        name, (f"{_lower(name).removesuffix('s')}Set", _lower(name).removesuffix("s"))
    )
    items = [_ec2_structure(v) if isinstance(v, Mapping) else {item: _scalar(v)} for v in value]
    if name == "TagSpecifications":
        # The one list inside a list that the samples show bare.
        for one in items:
            one["tags"] = one.pop("tagSet", {"items": []})["items"]
    return listed, {"items": items}


def _ec2_answer(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape):
        members = shape.members
        return {_xml_name(k, members[k]): _ec2_answer(v, members[k]) for k, v in value.items()}
    if isinstance(shape, ListShape):
        return {"items": [_ec2_answer(v, shape.member) for v in value]}
    return _scalar(value)


def _xml_name(name: str, shape: Shape) -> str:
    return str(shape.serialization.get("name", name))


def _without_user_data(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _REMOVED if k == "UserData" else _without_user_data(v) for k, v in value.items()}
    return [_without_user_data(v) for v in value] if isinstance(value, list) else _scalar(value)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _is_text(shape: Shape) -> bool:
    # Bodies (code archives, objects) are not recorded.
    return shape.type_name != "blob"


def _scalar(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
