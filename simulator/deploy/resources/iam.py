"""AWS::IAM::Role, InstanceProfile, Policy and ManagedPolicy."""

import json

from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names


def _inline_policies(properties: Properties) -> dict[str, str]:
    return {
        policy["PolicyName"]: json.dumps(policy["PolicyDocument"])
        for policy in properties.get("Policies", [])
    }


def _create_role(context: Context, properties: Properties) -> Made:
    name = properties.get("RoleName") or context.name(64)
    role = context.send(
        "iam",
        "CreateRole",
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]),
        Path=properties.get("Path"),
        Description=properties.get("Description"),
        MaxSessionDuration=properties.get("MaxSessionDuration"),
        PermissionsBoundary=properties.get("PermissionsBoundary"),
        Tags=context.tags(properties),
    )["Role"]
    return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def _complete_role(context: Context, made: Made, properties: Properties) -> None:
    _update_role(context, made, {}, properties)


def _update_role(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    iam, name = context.client("iam"), made.physical_id
    before, after = _inline_policies(old), _inline_policies(new)
    for policy in before.keys() - after.keys():
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy, document in after.items():
        if before.get(policy) != document:
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    attached, wanted = old.get("ManagedPolicyArns", []), new.get("ManagedPolicyArns", [])
    for arn in set(attached) - set(wanted):
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    for arn in wanted:
        if arn not in attached:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    if old and old["AssumeRolePolicyDocument"] != new["AssumeRolePolicyDocument"]:
        trust = json.dumps(new["AssumeRolePolicyDocument"])
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    return made


def _delete_role(context: Context, made: Made, _: Properties) -> None:
    iam, name = context.client("iam"), made.physical_id
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=name)


def _create_profile(context: Context, properties: Properties) -> Made:
    name = properties.get("InstanceProfileName") or context.name(128)
    profile = context.send(
        "iam", "CreateInstanceProfile", InstanceProfileName=name, Path=properties.get("Path")
    )["InstanceProfile"]
    return Made(name, {"Arn": profile["Arn"]})


def _complete_profile(context: Context, made: Made, properties: Properties) -> None:
    for role in properties["Roles"]:
        context.client("iam").add_role_to_instance_profile(
            InstanceProfileName=made.physical_id, RoleName=role
        )


def _delete_profile(context: Context, made: Made, _: Properties) -> None:
    iam = context.client("iam")
    profile = iam.get_instance_profile(InstanceProfileName=made.physical_id)["InstanceProfile"]
    for role in profile["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=made.physical_id, RoleName=role["RoleName"])
    iam.delete_instance_profile(InstanceProfileName=made.physical_id)


def _put_policy(context: Context, properties: Properties) -> Made:
    document = json.dumps(properties["PolicyDocument"])
    for role in properties["Roles"]:
        context.client("iam").put_role_policy(
            RoleName=role, PolicyName=properties["PolicyName"], PolicyDocument=document
        )
    return Made(context.name())


def _update_policy(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    if old["PolicyName"] == new["PolicyName"]:
        _delete_policy(
            context, made, {**old, "Roles": [role for role in old["Roles"] if role not in new["Roles"]]}
        )
    else:
        _delete_policy(context, made, old)
    _put_policy(context, new)
    return made


def _delete_policy(context: Context, _: Made, properties: Properties) -> None:
    for role in properties["Roles"]:
        context.client("iam").delete_role_policy(RoleName=role, PolicyName=properties["PolicyName"])


def _create_managed_policy(context: Context, properties: Properties) -> Made:
    arn = context.send(
        "iam",
        "CreatePolicy",
        PolicyName=properties.get("ManagedPolicyName") or context.name(128),
        Path=properties.get("Path"),
        Description=properties.get("Description"),
        PolicyDocument=json.dumps(properties["PolicyDocument"]),
    )["Policy"]["Arn"]
    return Made(arn, {"PolicyArn": arn})


def _complete_managed_policy(context: Context, made: Made, properties: Properties) -> None:
    for role in properties.get("Roles", []):
        context.client("iam").attach_role_policy(RoleName=role, PolicyArn=made.physical_id)


def _delete_managed_policy(context: Context, made: Made, _: Properties) -> None:
    iam = context.client("iam")
    for role in iam.list_entities_for_policy(PolicyArn=made.physical_id)["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=made.physical_id)
    iam.delete_policy(PolicyArn=made.physical_id)


KINDS = (
    Kind(
        "AWS::IAM::Role",
        names(
            """AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration Path
            PermissionsBoundary Policies RoleName Tags"""
        ),
        _create_role,
        _delete_role,
        _complete_role,
        _update_role,
        updatable=names("AssumeRolePolicyDocument ManagedPolicyArns Policies"),
        attributes=names("Arn RoleId"),
    ),
    Kind(
        "AWS::IAM::InstanceProfile",
        names("InstanceProfileName Path Roles"),
        _create_profile,
        _delete_profile,
        _complete_profile,
        attributes=names("Arn"),
    ),
    Kind(
        "AWS::IAM::Policy",
        names("PolicyDocument PolicyName Roles"),
        _put_policy,
        _delete_policy,
        update=_update_policy,
        updatable=names("PolicyDocument PolicyName Roles"),
    ),
    Kind(
        "AWS::IAM::ManagedPolicy",
        names("Description ManagedPolicyName Path PolicyDocument Roles"),
        _create_managed_policy,
        _delete_managed_policy,
        _complete_managed_policy,
        attributes=names("PolicyArn"),
    ),
)
