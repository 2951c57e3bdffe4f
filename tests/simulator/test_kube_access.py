"""Who gets into a cluster's Kubernetes API, by EKS's rules."""

import base64
import json
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.auth
import pytest
import urllib3

from simulator.iam import sts
from simulator.iam.credentials import ADMINISTRATOR_KEY
from tests.kubernetes.token import token
from tests.simulator.eks_account import EksAccount

NAME = "edge"


@pytest.fixture(scope="module")
def account() -> EksAccount:
    account = EksAccount()
    account.cloud.install(sts.operations(account.cloud))
    account.active(NAME)
    return account


def ask(account: EksAccount, path: str, bearer: str | None) -> urllib3.BaseHTTPResponse:
    cluster = account.cluster(NAME)
    authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    with urllib3.PoolManager(ssl_context=context) as pool:
        return pool.request("GET", cluster["endpoint"] + path, headers=headers, retries=False)


def get(account: EksAccount, path: str, bearer: str | None) -> tuple[int, Any]:
    answer = ask(account, path, bearer)
    return answer.status, answer.data.decode()


def enter(account: EksAccount, name: str, policy: str, *namespaces: str) -> dict[str, Any]:
    """A role with an access policy; the arguments of its token."""
    arn = account.role(name, "lambda.amazonaws.com")
    account.eks.create_access_entry(clusterName=NAME, principalArn=arn)
    scope = {"type": "namespace", "namespaces": list(namespaces)} if namespaces else {"type": "cluster"}
    policy_arn = f"arn:aws:eks::aws:cluster-access-policy/{policy}"
    account.eks.associate_access_policy(
        clusterName=NAME, principalArn=arn, policyArn=policy_arn, accessScope=scope
    )
    issued = account.cloud.sessions.issue(arn, "session")
    return {"key": issued.access_key_id, "secret": issued.secret_access_key, "session": issued.session_token}


def test_only_a_right_token_of_this_cluster_gets_in(
    account: EksAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = enter(account, "admin", "AmazonEKSClusterAdminPolicy")
    assert get(account, "/api/v1/nodes", token(NAME, **who))[0] == 200
    wrong = [
        token("another", **who),
        token(NAME, **{**who, "secret": "guessed"}),
        token(NAME, **{**who, "session": "guessed"}),
        token(
            NAME,
            **who,
            url="https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
        ),
        token(
            NAME, **who, url="https://sts.us-west-2.amazonaws.com/?Action=GetSessionToken&Version=2011-06-15"
        ),
        token(NAME, **who) + "=",
        token(NAME, ADMINISTRATOR_KEY, "guessed"),
    ]
    for bearer in wrong:
        code, body = get(account, "/api/v1/nodes", bearer)
        assert (code, json.loads(body)["reason"]) == (401, "Unauthorized")
    for minutes, expected in ((14, 200), (16, 401)):
        past = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=minutes)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda past=past: past)
        assert get(account, "/api/v1/nodes", token(NAME, **who))[0] == expected


def test_a_removed_access_entry_ends_the_access(account: EksAccount) -> None:
    who = enter(account, "leaving", "AmazonEKSViewPolicy")
    arn = "arn:aws:iam::123456789012:role/leaving"
    assert get(account, "/api/v1/namespaces", token(NAME, **who))[0] == 200
    account.eks.delete_access_entry(clusterName=NAME, principalArn=arn)
    assert get(account, "/api/v1/namespaces", token(NAME, **who))[0] == 401


def test_a_policy_s_verbs_and_scope_decide(account: EksAccount) -> None:
    who = token(NAME, **enter(account, "viewer", "AmazonEKSViewPolicy", "default"))
    assert get(account, "/api/v1/namespaces/default/pods", who)[0] == 200
    assert get(account, "/api/v1/namespaces/default/secrets", who)[0] == 403
    assert get(account, "/api/v1/namespaces/kube-system/pods", who)[0] == 403
    assert get(account, "/api/v1/nodes", who)[0] == 403


def test_nobody_in_particular_sees_health_alone(account: EksAccount) -> None:
    assert get(account, "/readyz", None) == (200, "ok")
    assert get(account, "/version", None)[0] == 401


def test_python_s_strict_default_refuses_the_certificate(account: EksAccount) -> None:
    cluster = account.cluster(NAME)
    authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with urllib3.PoolManager(ssl_context=context) as pool, pytest.raises(urllib3.exceptions.SSLError):
        pool.request("GET", f"{cluster['endpoint']}/readyz", retries=False)


def test_answers_are_dated_by_the_virtual_clock(account: EksAccount) -> None:
    dated = ask(account, "/readyz", None).headers["Date"]
    assert parsedate_to_datetime(dated) == account.cloud.clock.now().replace(microsecond=0)
