"""What an Auto Scaling group's launch template asks of whoever makes or changes the group.

Auto Scaling guide, "Control Amazon EC2 launch template usage in Auto Scaling groups": ec2:RunInstances is checked
when a group is created or updated with a launch template, ec2:CreateTags if the template tags what it makes,
and iam:PassRole of the role in its instance profile.
"""

from typing import Any

from simulator.call import Call
from simulator.iam.authorization import Need, ec2_arn, existing, joined, passing, tagging
from simulator.iam.live import Live
from simulator.iam.policy import Context, Value


def launch_needs(call: Call, live: Live) -> list[Need]:
    """Nothing for a call that names no launch template, or one that does not exist."""
    wanted = call.params.get("LaunchTemplate")
    found = live.launch_template(**wanted) if wanted else None
    if found is None:
        return []
    template_id, data = found
    template = ec2_arn(call, "launch-template", template_id)
    needs = [Need("ec2:RunInstances", arn, context) for arn, context in _launched(call, template, data, live)]
    for kind in ("instance", "network-interface", "volume"):
        needs += tagging(call, kind, data.get("TagSpecifications", ()), "RunInstances")
    role = live.role_in_profile(data.get("IamInstanceProfile", {}))
    if role:
        needs.append(passing(call, role, "ec2.amazonaws.com"))
    return needs


def _launched(call: Call, template: str, data: dict[str, Any], live: Live) -> list[tuple[str, Context]]:
    # Service Authorization Reference, EC2, RunInstances, and the EC2 User Guide's example policies for it: these
    # resources of every launch, and the template itself. A snapshot named in a mapping would come on top.
    groups = {group for i in data.get("NetworkInterfaces", ()) for group in i.get("Groups", ())}
    named = [("image", data.get("ImageId")), ("key-pair", data.get("KeyName"))]
    named += [("security-group", group) for group in sorted(groups | set(data.get("SecurityGroupIds", ())))]
    zones = call.params.get("VPCZoneIdentifier")
    named += [("subnet", subnet) for subnet in (zones.split(",") if zones else ())]
    own: dict[str, Value] = {"ec2:LaunchTemplate": template}
    if "InstanceType" in data:
        own["ec2:InstanceType"] = data["InstanceType"]
    launched: list[tuple[str, Context]] = []
    for kind in ("instance", "network-interface", "volume"):
        launched.append((ec2_arn(call, kind, "*"), joined(call, Context(own))))
    for kind, name in [*named, ("launch-template", template.rpartition("/")[2])]:
        if name:
            in_template = "false" if kind == "subnet" else "true"
            values: dict[str, Value] = {**own, "ec2:IsLaunchTemplateResource": in_template}
            launched.append((ec2_arn(call, kind, name), joined(call, existing(name, live), Context(values))))
    return launched
