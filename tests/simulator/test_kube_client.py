"""The functions' token, minted from the credentials in their environment, taken as EKS takes it."""

import pytest

from extended_cluster.errors import KubernetesUnauthorized
from extended_cluster.kubernetes.connection import connect
from tests.kubernetes.conftest import NAME, LayerServer


def test_a_function_is_let_in_by_its_access_entry_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    server = LayerServer()
    role = server.account.role("function", "lambda.amazonaws.com")
    issued = server.account.cloud.sessions.issue(role, "session")
    environment = {
        "AWS_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": issued.access_key_id,
        "AWS_SECRET_ACCESS_KEY": issued.secret_access_key,
        "AWS_SESSION_TOKEN": issued.session_token,
        "PRINCIPAL_ARN": role,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cluster = {"name": NAME, "endpoint": server.endpoint, "certificateAuthority": server.authority}
    with pytest.raises(KubernetesUnauthorized, match=role):
        connect(cluster).list("v1", "Node")
    eks = server.account.eks
    eks.create_access_entry(clusterName=NAME, principalArn=role)
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    eks.associate_access_policy(
        clusterName=NAME, principalArn=role, policyArn=policy, accessScope={"type": "cluster"}
    )
    assert connect(cluster).list("v1", "Node") == []
    with pytest.raises(KubernetesUnauthorized):  # a token for another cluster
        connect({**cluster, "name": "edge-2"}).list("v1", "Node")
