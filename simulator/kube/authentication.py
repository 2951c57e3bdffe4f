"""Who makes a request: EKS's bearer tokens, as aws-iam-authenticator verifies them.

Source: kubernetes-sigs/aws-iam-authenticator pkg/token/token.go. A token is a presigned URL of STS's
GetCallerIdentity; here STS's part, the signature, is verified with the simulator's own credentials.
"""

import base64
import binascii
import hashlib
import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

from simulator.call import AwsError, Caller
from simulator.kube.status import not_modelled, unauthorized

if TYPE_CHECKING:
    from simulator.cloud import Cloud
    from simulator.eks.records import AccessEntry, Cluster

log = logging.getLogger(__name__)

_PREFIX = "k8s-aws-v1."
_HEADER = "x-k8s-aws-id"
_LIMIT = 4 * 1024
_LIFE = timedelta(minutes=15)
_KNOWN = {
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
}


class BadToken(Exception):
    """Why a token is refused; the client is only told "Unauthorized"."""


@dataclass(frozen=True, slots=True)
class User:
    """entry: the access entry that let it in; None for nobody in particular."""

    name: str
    groups: tuple[str, ...]
    entry: "AccessEntry | None" = None


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


def user_of(cloud: "Cloud", cluster: "Cluster", authorization: str | None) -> User:
    """The user behind an Authorization header; raises the Refusal 401."""
    if authorization is None:
        return ANONYMOUS
    kind, _, token = authorization.partition(" ")
    try:
        if kind.lower() != "bearer":
            raise BadToken(f"no bearer token but {kind}")
        caller = _verified(cloud, cluster.name, token.strip())
        return _user(cluster, caller)
    except (BadToken, AwsError) as bad:
        log.warning("%s: Unauthorized: %s", cluster.name, bad)
        raise unauthorized() from bad


def _verified(cloud: "Cloud", cluster: str, token: str) -> Caller:
    if len(token) > _LIMIT or not token.startswith(_PREFIX):
        raise BadToken(f"the token is too large or lacks the prefix {_PREFIX}")
    text = token.removeprefix(_PREFIX)
    if "=" in text:
        raise BadToken("the token's base64 is padded")
    try:
        url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as wrong:
        raise BadToken("the token is no base64") from wrong
    parts = urlsplit(url)
    regional = f"https://sts.{cloud.region}.amazonaws.com"
    # The simulator's own address is its regional STS; AWS_ENDPOINT_URL sends SDKs there.
    if f"{parts.scheme}://{parts.netloc}" not in {regional, cloud.url} or parts.path not in {"", "/"}:
        raise BadToken(f"unexpected address {parts.scheme}://{parts.netloc}{parts.path} in pre-signed URL")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = {key.lower(): value for key, value in pairs}
    if len(query) != len(pairs) or not set(query) <= _KNOWN:
        raise BadToken(f"query parameters {sorted(query)}")
    if query.get("action") != "GetCallerIdentity":
        raise BadToken("unexpected action parameter in pre-signed URL")
    if _HEADER not in query.get("x-amz-signedheaders", "").split(";"):
        raise BadToken(f"client did not sign the {_HEADER} header")
    if not query.get("x-amz-expires", "").isdigit() or int(query["x-amz-expires"]) > _LIFE.seconds:
        raise BadToken(f"invalid X-Amz-Expires {query.get('x-amz-expires')}")
    _check_age(query.get("x-amz-date", ""))
    _check_signature(cloud, parts.netloc, pairs, query, cluster)
    return cloud.sessions.caller_of(query["x-amz-credential"].split("/")[0])


def _check_age(date: str) -> None:
    """In real time: who signs does so by the real clock, wherever the virtual one is."""
    try:
        signed = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as wrong:
        raise BadToken(f"X-Amz-Date {date!r}") from wrong
    if datetime.now(UTC) > signed + _LIFE:
        raise BadToken(f"X-Amz-Date parameter is expired (15 minute expiration) {date}")


def _check_signature(
    cloud: "Cloud", host: str, pairs: list[tuple[str, str]], query: dict[str, str], cluster: str
) -> None:
    """AWS Signature Version 4 in the query string (IAM user guide, "Create a signed AWS API request")."""
    scope = query.get("x-amz-credential", "").split("/")
    if len(scope) != 5 or scope[2:] != [cloud.region, "sts", "aws4_request"]:
        raise BadToken(f"the credential scope {'/'.join(scope[1:])} is not this Region's STS")
    secret = cloud.sessions.secret_of(scope[0], query.get("x-amz-security-token"))
    if secret is None:
        raise BadToken(f"the simulator has not issued the credentials {scope[0]}")
    headers = {"host": host, _HEADER: cluster}
    signed = query["x-amz-signedheaders"].split(";")
    if not set(signed) <= set(headers):
        raise BadToken(f"signed headers {signed} that are not sent")
    canonical = "&".join(
        sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs if k != "X-Amz-Signature")
    )
    lines = [f"{name}:{headers[name]}\n" for name in signed]
    request = "\n".join(
        ["GET", "/", canonical, "".join(lines), ";".join(signed), hashlib.sha256(b"").hexdigest()]
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", query["x-amz-date"], "/".join(scope[1:]), digest])
    key = f"AWS4{secret}".encode()
    for part in scope[1:]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(
        hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), query.get("x-amz-signature", "")
    ):
        raise BadToken(
            "SignatureDoesNotMatch: the token is another cluster's, or was not signed with the secret key"
        )


def _user(cluster: "Cluster", caller: Caller) -> User:
    """The access entry of the caller's role or user (EKS user guide, "Grant IAM users access")."""
    if cluster.authentication_mode != "API":
        raise not_modelled(f"authentication mode {cluster.authentication_mode} (the aws-auth ConfigMap)")
    entry = cluster.entries.get(caller.role_arn or caller.arn)
    if entry is None:
        raise BadToken(f"no access entry for {caller.role_arn or caller.arn}")
    if entry.type != "STANDARD":
        raise not_modelled(f"requests by access entries of type {entry.type}")
    session = caller.arn.rpartition("/")[2]
    # User guide, "Create access entries", username: {{SessionName}} has no @ in it.
    name = entry.username.replace("{{SessionNameRaw}}", session).replace(
        "{{SessionName}}", session.replace("@", "-")
    )
    return User(name, (*entry.groups, "system:authenticated"), entry)
