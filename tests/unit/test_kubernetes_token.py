"""The bearer token, against botocore's own signer."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from extended_cluster.kubernetes.token import sts_host, token

NOW = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
ENVIRONMENT = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalr/+=key",
    "AWS_SESSION_TOKEN": "a+token/with=all~ that is quoted",
}


def url_in(made: str) -> str:
    assert made.startswith("k8s-aws-v1.")
    text = made.removeprefix("k8s-aws-v1.")
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1"])
def test_it_is_what_botocore_would_sign(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOW)
    url = url_in(token("edge-1", {**ENVIRONMENT, "AWS_REGION": region}, NOW))
    host = {
        "eu-central-1": "sts.eu-central-1.amazonaws.com",
        "cn-north-1": "sts.cn-north-1.amazonaws.com.cn",
    }[region]
    asked = AWSRequest(
        "GET",
        f"https://{host}/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": "edge-1"},
    )
    keys = Credentials(
        *(ENVIRONMENT[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"))
    )
    SigV4QueryAuth(keys, "sts", region, expires=60).add_auth(asked)
    theirs, ours = urlsplit(str(asked.url)), urlsplit(url)
    assert (ours.scheme, ours.netloc, ours.path) == ("https", host, "/")
    assert sorted(parse_qsl(ours.query)) == sorted(parse_qsl(theirs.query))


def test_every_cluster_and_moment_has_a_token_of_its_own() -> None:
    made = [
        token("edge-1", ENVIRONMENT, NOW),
        token("edge-2", ENVIRONMENT, NOW),
        token("edge-1", ENVIRONMENT, NOW.replace(second=7)),
    ]
    assert len(set(made)) == 3
    assert "wJalr" not in "".join(map(url_in, made))


def test_sts_is_asked_in_the_region_and_the_partition() -> None:
    assert sts_host("us-gov-west-1") == "sts.us-gov-west-1.amazonaws.com"
    assert sts_host("cn-northwest-1") == "sts.cn-northwest-1.amazonaws.com.cn"
