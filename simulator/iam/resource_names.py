"""How a request's parameter stands in the ARN of the resource it names."""

from collections.abc import Callable

from simulator.call import Call, NotModelled
from simulator.iam.live import Live

type Fill = Callable[[Call, Live], list[str]]


def fill(call: Call, name: str, live: Live) -> list[str]:
    """What replaces ``{name}`` in a resource of the table; several when the parameter is a list."""
    if name in _FILLS:
        return _FILLS[name](call, live)
    return [str(call.params.get(name, "*"))]


def _outpost(call: Call, _: Live) -> list[str]:
    # Outposts API Reference: an Outpost is named by its id or its ARN.
    return [str(call.params.get("OutpostId") or call.params["OutpostIdentifier"]).rpartition("/")[2]]


def _parameters(call: Call, _: Live) -> list[str]:
    names = call.params.get("Names") or [call.params["Name"]]
    # AWS's public parameters belong to no account: policies of the Karpenter project's controller allow
    # "arn:aws:ssm:<region>::parameter/aws/service/*".
    public = f"arn:aws:ssm:{call.region}::parameter"
    own = f"arn:aws:ssm:{call.region}:{call.caller.account}:parameter"
    return [f"{public if n.startswith('/aws/') else own}/{n.removeprefix('/')}" for n in names]


def _trail(call: Call, _: Live) -> list[str]:
    # CloudTrail API Reference, GetTrailStatus: a name or an ARN.
    name = str(call.params["Name"])
    return [name if name.startswith("arn:") else f"trail/{name}"]


def _bus(_call: Call, _: Live) -> list[str]:
    # trail/eventbridge.py refuses every other bus.
    return ["default"]


# EC2 User Guide, "Resource IDs": the prefix tells the type.
_TYPES = {
    "eni": "network-interface",
    "i": "instance",
    "lt": "launch-template",
    "subnet": "subnet",
    "vpc": "vpc",
}


def _tagged_resources(call: Call, _: Live) -> list[str]:
    ids = sorted(set(call.params["Resources"]))
    unknown = [each for each in ids if each.rpartition("-")[0] not in _TYPES]
    if unknown:
        raise NotModelled(f"the permission to tag {', '.join(unknown)}")
    return [f"{_TYPES[each.rpartition('-')[0]]}/{each}" for each in ids]


def _queue(call: Call, _: Live) -> list[str]:
    return [call.params["QueueUrl"].rpartition("/")[2]]


def _function(call: Call, _: Live) -> list[str]:
    # Lambda API Reference, Invoke: a name, a partial ARN or an ARN, each with or without a qualifier.
    name = str(call.params["FunctionName"]).rpartition("function:")[2]
    qualifier = call.params.get("Qualifier")
    return [f"{name}:{qualifier}" if qualifier else name]


def _principal(call: Call, _: Live) -> list[str]:
    # Service Authorization Reference, EKS: access-entry/<cluster>/<identity type>/<account>/<name>/<uuid>.
    account, identity = call.params["principalArn"].split(":")[4:6]
    kind, _, rest = identity.partition("/")
    return [f"{kind}/{account}/{rest.rpartition('/')[2]}"]


def _launch_template(call: Call, live: Live) -> list[str]:
    if "LaunchTemplateId" in call.params:
        return [call.params["LaunchTemplateId"]]
    found = live.launch_template(LaunchTemplateName=call.params["LaunchTemplateName"])
    return [found[0] if found else "*"]


def _instance_group(call: Call, live: Live) -> list[str]:
    return [live.group_of(call.params["InstanceId"])]


def _tagged_groups(call: Call, _: Live) -> list[str]:
    # Auto Scaling API Reference, Tag: ResourceId is the group's name.
    return sorted({tag["ResourceId"] for tag in call.params["Tags"]})


_FILLS: dict[str, Fill] = {
    "Bus": _bus,
    "Resources": _tagged_resources,
    "Trail": _trail,
    "OutpostId": _outpost,
    "OutpostIdentifier": _outpost,
    "Name": _parameters,
    "Names": _parameters,
    "QueueUrl": _queue,
    "FunctionName": _function,
    "principalArn": _principal,
    "LaunchTemplateId": _launch_template,
    "InstanceGroup": _instance_group,
    "Tags": _tagged_groups,
}
