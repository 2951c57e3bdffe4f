"""S3 is moto's, but that a bucket policy's conditions count and buckets of other accounts are refused."""

import json
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends

from simulator.call import Call, NotModelled
from simulator.iam.policy import Context, Decision, evaluate, statements_of

# Loopback counts as TLS (assumed): the real endpoint is reached by HTTPS, and this one stands in for it.
_REQUEST = Context({"aws:SecureTransport": "true"})


def heed_conditions_of_bucket_policies() -> None:
    """moto drops the conditions, so that a policy that denies plain HTTP would deny everything."""
    FakeBucket.get_permission = _permission  # type: ignore[method-assign,assignment]


def refuse_foreign_bucket(call: Call) -> None:
    """What a bucket's policy allows to other accounts is not asked, so none of them gets in."""
    name = str(call.params.get("Bucket"))
    _, owner = s3_backends.bucket_accounts.get(name, ("aws", call.account))
    if owner != call.account and call.operation != "CreateBucket":
        raise NotModelled(f"{call.name} of a bucket of another account ({name})")


def _permission(bucket: FakeBucket, action: str, resource: str) -> Any:
    """What the bucket's policy denies. Its allows decide nothing here: callers are of the bucket's account."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    denials = [s for s in statements_of(json.loads(bucket.policy)) if s["Effect"] == "Deny"]
    if any(statement.get("Principal") != "*" for statement in denials):
        raise NotModelled(f"a bucket policy that denies particular principals ({bucket.name})")
    denied = evaluate(denials, action, resource, _REQUEST) is Decision.EXPLICIT_DENY
    return PermissionResult.DENIED if denied else PermissionResult.NEUTRAL
