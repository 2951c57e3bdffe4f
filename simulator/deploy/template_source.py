"""The template's text: given in the call, or fetched from S3."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from simulator.call import AwsError, Call

# Service quotas, "CloudFormation quotas": bytes of a template in a request, in S3.
_BODY_LIMIT, _S3_LIMIT = 51_200, 1_048_576


def template_text(call: Call, s3: Any) -> str:
    """TemplateBody, or what TemplateURL names."""
    body, url = call.params.get("TemplateBody"), call.params.get("TemplateURL")
    if (body is None) == (url is None):
        raise AwsError("ValidationError", "Either Template URL or Template Body must be specified.")
    if url is not None:
        return _fetched(str(url), s3)
    if len(str(body).encode()) > _BODY_LIMIT:
        raise AwsError(
            "ValidationError",
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_BODY_LIMIT}",
        )
    return str(body)


def s3_location(url: str) -> tuple[str, str, str | None]:
    """Bucket, key and version of an S3 URL, path style or virtual-hosted (S3 guide, "Virtual hosting")."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path).lstrip("/")
    version = parse_qs(parts.query).get("versionId", [None])[0]
    bucket, dot, _ = host.partition(".s3")
    if parts.scheme not in ("http", "https") or not path:
        raise AwsError("ValidationError", "TemplateURL must be a supported URL.")
    if dot and host.endswith(".amazonaws.com"):
        return bucket, path, version
    # Path style, at Amazon S3's own host or at this endpoint.
    if host in ("127.0.0.1", "localhost") or (host.startswith("s3") and host.endswith(".amazonaws.com")):
        bucket, slash, key = path.partition("/")
        if slash and key:
            return bucket, key, version
    raise AwsError("ValidationError", "TemplateURL must be a supported URL.")


def _fetched(url: str, s3: Any) -> str:
    bucket, key, version = s3_location(url)
    try:
        answer = s3.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))
    except ClientError as refused:
        raise AwsError("ValidationError", f"S3 error: {refused.response['Error']['Message']}") from refused
    text: str = answer["Body"].read().decode()
    if len(text.encode()) > _S3_LIMIT:
        raise AwsError("ValidationError", f"Template may not exceed {_S3_LIMIT} bytes in size.")
    return text
