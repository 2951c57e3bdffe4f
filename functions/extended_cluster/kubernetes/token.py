"""The bearer token that EKS takes: a presigned STS GetCallerIdentity, as ``aws eks get-token`` makes it.

Source: kubernetes-sigs/aws-iam-authenticator pkg/token/token.go, awscli customizations/eks/get_token.py. Signed here
by the standard library alone (Signature Version 4, query string): botocore.auth costs most of boto3's import.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode

# How long the URL may be used, in seconds; EKS takes the token for 15 minutes after its date all the same.
_EXPIRES: Final = 60
_SIGNED: Final = "host;x-k8s-aws-id"
_EMPTY: Final = hashlib.sha256(b"").hexdigest()


def token(cluster: str, environment: Mapping[str, str], now: datetime) -> str:
    """A token for the cluster of that name, from the credentials that Lambda gives its function.

    environment: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. It is a secret: never
    log it, never put it into an error or a result.
    """
    region = environment["AWS_REGION"]
    date = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{date[:8]}/{region}/sts/aws4_request"
    query = urlencode(
        sorted(
            {
                "Action": "GetCallerIdentity",
                "Version": "2011-06-15",
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{environment['AWS_ACCESS_KEY_ID']}/{scope}",
                "X-Amz-Date": date,
                "X-Amz-Expires": str(_EXPIRES),
                "X-Amz-Security-Token": environment["AWS_SESSION_TOKEN"],
                "X-Amz-SignedHeaders": _SIGNED,
            }.items()
        ),
        quote_via=quote,
        safe="-_.~",
    )
    host = sts_host(region)
    request = f"GET\n/\n{query}\nhost:{host}\nx-k8s-aws-id:{cluster}\n\n{_SIGNED}\n{_EMPTY}"
    to_sign = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = _signature(environment["AWS_SECRET_ACCESS_KEY"], scope, to_sign)
    url = f"https://{host}/?{query}&X-Amz-Signature={signature}"
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def sts_host(region: str) -> str:
    """STS in the Region: the partition aws-cn has a DNS suffix of its own (botocore/data/partitions.json)."""
    return f"sts.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def _signature(secret: str, scope: str, to_sign: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
