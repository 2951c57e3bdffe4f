"""AWS::S3::Bucket and AWS::S3::BucketPolicy."""

import json
from collections.abc import Mapping
from typing import Any

from simulator.call import REGION, AwsError
from simulator.deploy.resources.kind import Context, Kind, Made, Properties, names

# Property: (operation to put it, its parameter, operation to take it away)
_SETTINGS: Mapping[str, tuple[str, str, str | None]] = {
    "BucketEncryption": (
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        "DeleteBucketEncryption",
    ),
    "LifecycleConfiguration": (
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        "DeleteBucketLifecycle",
    ),
    "OwnershipControls": ("PutBucketOwnershipControls", "OwnershipControls", "DeleteBucketOwnershipControls"),
    "PublicAccessBlockConfiguration": (
        "PutPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        "DeletePublicAccessBlock",
    ),
    "VersioningConfiguration": ("PutBucketVersioning", "VersioningConfiguration", None),
}


def _configuration(name: str, value: Any) -> dict[str, Any]:
    """The property as S3's API has it, where the two differ in more than names."""
    if name == "BucketEncryption":
        rules = [
            {
                **{key: member for key, member in rule.items() if key != "ServerSideEncryptionByDefault"},
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            }
            for rule in value["ServerSideEncryptionConfiguration"]
        ]
        return {"Rules": rules}
    if name == "LifecycleConfiguration":
        return {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}
    return dict(value)


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """CloudFormation flattens what S3 nests (AWS::S3::Bucket Rule)."""
    shaped = {
        key: member
        for key, member in rule.items()
        if key not in ("Id", "Prefix", "ExpirationInDays", "NoncurrentVersionExpirationInDays")
    }
    if "Id" in rule:
        shaped["ID"] = rule["Id"]
    shaped["Filter"] = {"Prefix": rule.get("Prefix", "")}
    if "ExpirationInDays" in rule:
        shaped["Expiration"] = {"Days": rule["ExpirationInDays"]}
    if "NoncurrentVersionExpirationInDays" in rule:
        shaped["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    return shaped


def _create_bucket(context: Context, properties: Properties) -> Made:
    # Bucket names are lower case: CloudFormation lowers the generated one.
    name = properties.get("BucketName") or context.name(63).lower()
    context.send("s3", "CreateBucket", Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return Made(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
        },
    )


def _complete_bucket(context: Context, made: Made, properties: Properties) -> None:
    # S3 takes no aws: tags from its API; CloudFormation's own are not modelled on buckets.
    tags = [tag for tag in context.tags(properties) if not tag["Key"].startswith("aws:")]
    if tags:
        context.client("s3").put_bucket_tagging(Bucket=made.physical_id, Tagging={"TagSet": tags})
    _update_bucket(context, made, {}, properties)


def _update_bucket(context: Context, made: Made, old: Properties, new: Properties) -> Made:
    for name, (put, parameter, remove) in _SETTINGS.items():
        if old.get(name) == new.get(name):
            continue
        if name in new:
            configuration = _configuration(name, new[name])
            context.send("s3", put, Bucket=made.physical_id, **{parameter: configuration})
        elif remove is None:
            # AWS::S3::Bucket VersioningConfiguration: once enabled it can only be suspended.
            context.send("s3", put, Bucket=made.physical_id, **{parameter: {"Status": "Suspended"}})
        else:
            context.send("s3", remove, Bucket=made.physical_id)
    return made


def _delete_bucket(context: Context, made: Made, _: Properties) -> None:
    s3 = context.client("s3")
    listed = s3.list_object_versions(Bucket=made.physical_id, MaxKeys=1)
    if listed.get("Versions") or listed.get("DeleteMarkers"):
        # CloudFormation deletes empty buckets only (AWS::S3::Bucket, "DeletionPolicy").
        raise AwsError(
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
            status=409,
        )
    s3.delete_bucket(Bucket=made.physical_id)


def _put_policy(context: Context, properties: Properties) -> Made:
    policy = json.dumps(properties["PolicyDocument"])
    context.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return Made(properties["Bucket"])


def _update_policy(context: Context, made: Made, _: Properties, new: Properties) -> Made:
    _put_policy(context, new)
    return made


def _delete_policy(context: Context, made: Made, _: Properties) -> None:
    context.client("s3").delete_bucket_policy(Bucket=made.physical_id)


KINDS = (
    Kind(
        "AWS::S3::Bucket",
        frozenset(_SETTINGS) | {"BucketName", "Tags"},
        _create_bucket,
        _delete_bucket,
        _complete_bucket,
        _update_bucket,
        updatable=frozenset(_SETTINGS),
        attributes=names("Arn DomainName RegionalDomainName"),
    ),
    Kind(
        "AWS::S3::BucketPolicy",
        names("Bucket PolicyDocument"),
        _put_policy,
        _delete_policy,
        update=_update_policy,
        updatable=names("PolicyDocument"),
    ),
)
