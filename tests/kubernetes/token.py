"""A bearer token for an EKS cluster, signed as ``aws eks get-token`` does."""

import base64

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

STS = "https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"


def token(cluster: str, key: str, secret: str, session: str | None = None, url: str = STS) -> str:
    """``k8s-aws-v1.`` and the presigned URL in base64url without padding."""
    request = AWSRequest("GET", url, headers={"x-k8s-aws-id": cluster})
    SigV4QueryAuth(Credentials(key, secret, session), "sts", "us-west-2", expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(str(request.url).encode()).decode().rstrip("=")
