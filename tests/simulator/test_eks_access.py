"""Access entries and access policies."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.call import Caller
from tests.simulator.eks_account import EksAccount, refusal

CLUSTER = "access"
ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@pytest.fixture(scope="module")
def account() -> EksAccount:
    account = EksAccount()
    account.active(CLUSTER)
    return account


@pytest.fixture
def principal(account: EksAccount, request: pytest.FixtureRequest) -> str:
    """A new role for each test."""
    return account.role(re.sub(r"[^\w-]", "-", request.node.name)[-60:], "ec2.amazonaws.com")


def create(account: EksAccount, principal: str, **params: Any) -> dict[str, Any]:
    given = {"clusterName": CLUSTER, "principalArn": principal, **params}
    entry: dict[str, Any] = account.eks.create_access_entry(**given)["accessEntry"]
    return entry


def refused(account: EksAccount, principal: str, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        create(account, principal, **params)
    return refusal(error.value)


# -- clusters with and without entries


def test_config_map_clusters_have_no_entries(account: EksAccount, principal: str) -> None:
    account.active("config-map", accessConfig=None)
    code, message = refused(account, principal, clusterName="config-map")
    assert code == "InvalidRequestException"
    assert message == (
        "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation."
    )
    with pytest.raises(ClientError, match="authentication mode"):
        account.eks.list_access_entries(clusterName="config-map")


def test_a_cluster_that_is_not_active(account: EksAccount, principal: str) -> None:
    account.create("not-yet")
    answer = refused(account, principal, clusterName="not-yet")
    assert answer == ("InvalidRequestException", "Cluster 'not-yet' is not in ACTIVE status")


def test_a_cluster_that_does_not_exist(account: EksAccount, principal: str) -> None:
    answer = refused(account, principal, clusterName="nowhere")
    assert answer == ("ResourceNotFoundException", "No cluster found for name: nowhere.")


def test_the_creator_is_admin_unless_told_otherwise(account: EksAccount) -> None:
    role = account.role("creator", "lambda.amazonaws.com")
    session = Caller(arn="arn:aws:sts::123456789012:assumed-role/creator/s", role_arn=role)
    account.create("created", caller=session, accessConfig={"authenticationMode": "API"})
    account.wait(3600)
    assert account.eks.list_access_entries(clusterName="created")["accessEntries"] == [role]
    found = account.eks.list_associated_access_policies(clusterName="created", principalArn=role)
    assert [policy["policyArn"] for policy in found["associatedAccessPolicies"]] == [ADMIN_POLICY]


def test_the_creator_is_nothing_when_told_so(account: EksAccount) -> None:
    account.active("without-creator")
    assert account.eks.list_access_entries(clusterName="without-creator")["accessEntries"] == []


# -- entries


def test_a_standard_role(account: EksAccount, principal: str) -> None:
    entry = create(account, principal, kubernetesGroups=["viewers"], tags={"a": "b"})
    name = principal.rsplit("/", 1)[-1]
    assert entry["type"] == "STANDARD"
    assert entry["username"] == f"arn:aws:sts::123456789012:assumed-role/{name}/{{{{SessionName}}}}"
    assert entry["kubernetesGroups"] == ["viewers"]
    assert entry["tags"] == {"a": "b"}
    prefix = f"arn:aws:eks:us-west-2:123456789012:access-entry/{CLUSTER}/role/123456789012/{name}/"
    assert entry["accessEntryArn"].startswith(prefix)
    found = account.eks.describe_access_entry(clusterName=CLUSTER, principalArn=principal)
    assert found["accessEntry"] == entry


def test_a_standard_user(account: EksAccount) -> None:
    user = account.iam.create_user(UserName="someone")["User"]["Arn"]
    assert create(account, user)["username"] == user


def test_a_role_with_a_path_loses_it_in_the_username(account: EksAccount) -> None:
    trust = "{}"
    role = account.iam.create_role(RoleName="deep", Path="/a/b/", AssumeRolePolicyDocument=trust)["Role"][
        "Arn"
    ]
    assert ":role/a/b/deep" in role
    assert create(account, role)["username"].endswith(":assumed-role/deep/{{SessionName}}")


def test_a_node_role(account: EksAccount, principal: str) -> None:
    entry = create(account, principal, type="EC2_LINUX")
    assert entry["username"] == "system:node:{{EC2PrivateDNSName}}"
    assert entry["kubernetesGroups"] == ["system:nodes"]


def test_the_same_principal_twice(account: EksAccount, principal: str) -> None:
    create(account, principal)
    code, message = refused(account, principal, type="EC2_LINUX")
    assert code == "ResourceInUseException"
    assert message == "The specified access entry resource is already in use on this cluster."


def test_the_same_request_with_its_token_twice(account: EksAccount, principal: str) -> None:
    first = create(account, principal, clientRequestToken="once")
    assert create(account, principal, clientRequestToken="once") == first


def test_a_principal_that_does_not_exist(account: EksAccount) -> None:
    answer = refused(account, "arn:aws:iam::123456789012:role/nobody")
    assert answer == (
        "InvalidParameterException",
        "The specified principalArn is invalid: invalid principal.",
    )


def test_a_role_named_without_its_path(account: EksAccount) -> None:
    account.iam.create_role(RoleName="pathed", Path="/x/", AssumeRolePolicyDocument='{"Statement": []}')
    assert "invalid principal" in refused(account, "arn:aws:iam::123456789012:role/pathed")[1]


def test_a_session(account: EksAccount) -> None:
    session = "arn:aws:sts::123456789012:assumed-role/node/session"
    assert refused(account, session) == (
        "InvalidParameterException",
        "The principalArn parameter format is not valid",
    )


def test_a_service_linked_role(account: EksAccount) -> None:
    made = account.iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    assert "invalid principal" in refused(account, made["Role"]["Arn"])[1]


def test_a_user_as_node(account: EksAccount) -> None:
    user = account.iam.create_user(UserName="node-user")["User"]["Arn"]
    assert "invalid principal" in refused(account, user, type="EC2_LINUX")[1]


def test_an_unknown_type(account: EksAccount, principal: str) -> None:
    assert refused(account, principal, type="EC2_MACOS")[0] == "InvalidParameterException"


def test_groups_and_username_are_for_standard_entries(account: EksAccount, principal: str) -> None:
    assert (
        refused(account, principal, type="EC2_LINUX", kubernetesGroups=["x"])[0]
        == "InvalidParameterException"
    )
    assert refused(account, principal, type="EC2_LINUX", username="x")[0] == "InvalidParameterException"


@pytest.mark.parametrize("username", ["system:x", "eks:x", "john{{SessionName}}"])
def test_usernames_against_the_rules(account: EksAccount, principal: str, username: str) -> None:
    assert refused(account, principal, username=username)[0] == "InvalidParameterException"


def test_update(account: EksAccount, principal: str) -> None:
    create(account, principal)
    entry = account.eks.update_access_entry(
        clusterName=CLUSTER, principalArn=principal, kubernetesGroups=["new"], username="jo:{{SessionName}}"
    )["accessEntry"]
    assert (entry["kubernetesGroups"], entry["username"]) == (["new"], "jo:{{SessionName}}")


def test_delete(account: EksAccount, principal: str) -> None:
    create(account, principal, clientRequestToken="gone")
    account.eks.delete_access_entry(clusterName=CLUSTER, principalArn=principal)
    with pytest.raises(ClientError, match="The specified principalArn could not be found") as error:
        account.eks.describe_access_entry(clusterName=CLUSTER, principalArn=principal)
    assert refusal(error.value)[0] == "ResourceNotFoundException"
    assert create(account, principal, clientRequestToken="gone")["principalArn"] == principal


# -- policies


def associate(
    account: EksAccount, principal: str, policy: str = ADMIN_POLICY, **scope: Any
) -> dict[str, Any]:
    answer: dict[str, Any] = account.eks.associate_access_policy(
        clusterName=CLUSTER,
        principalArn=principal,
        policyArn=policy,
        accessScope=scope or {"type": "cluster"},
    )["associatedAccessPolicy"]
    return answer


def test_associate_list_and_disassociate(account: EksAccount, principal: str) -> None:
    create(account, principal)
    associated = associate(account, principal)
    assert associated["accessScope"] == {"type": "cluster", "namespaces": []}
    found = account.eks.list_associated_access_policies(clusterName=CLUSTER, principalArn=principal)
    assert found["associatedAccessPolicies"] == [associated]
    having = account.eks.list_access_entries(clusterName=CLUSTER, associatedPolicyArn=ADMIN_POLICY)
    assert having["accessEntries"] == [principal]
    gone = {"clusterName": CLUSTER, "principalArn": principal, "policyArn": ADMIN_POLICY}
    account.eks.disassociate_access_policy(**gone)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        account.eks.disassociate_access_policy(**gone)


def test_associating_again_changes_the_scope(account: EksAccount, principal: str) -> None:
    create(account, principal)
    associate(account, principal)
    associate(account, principal, type="namespace", namespaces=["a"])
    found = account.eks.list_associated_access_policies(clusterName=CLUSTER, principalArn=principal)
    (policy,) = found["associatedAccessPolicies"]
    assert policy["accessScope"] == {"type": "namespace", "namespaces": ["a"]}


def test_policies_are_for_standard_entries(account: EksAccount, principal: str) -> None:
    create(account, principal, type="EC2_LINUX")
    with pytest.raises(ClientError) as error:
        associate(account, principal)
    assert refusal(error.value) == (
        "InvalidParameterException",
        'This operation can only be performed on Access Entries with a type of "STANDARD".',
    )


def test_policies_need_an_entry(account: EksAccount, principal: str) -> None:
    with pytest.raises(ClientError, match="The specified principalArn could not be found"):
        associate(account, principal)


@pytest.mark.parametrize(
    "arn",
    [f"{ADMIN_POLICY}s", "arn:aws:iam::aws:policy/AdministratorAccess", "AmazonEKSViewPolicy"],
    ids=["misspelt", "an IAM policy", "a bare name"],
)
def test_unknown_policies(account: EksAccount, principal: str, arn: str) -> None:
    create(account, principal)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        associate(account, principal, arn)


@pytest.mark.parametrize("scope", [{"type": "namespace"}, {"type": "cluster", "namespaces": ["a"]}])
def test_scopes_against_the_rules(account: EksAccount, principal: str, scope: dict[str, Any]) -> None:
    create(account, principal)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        associate(account, principal, **scope)


def test_the_policies_there_are(account: EksAccount) -> None:
    arns = [policy["arn"] for policy in account.eks.list_access_policies()["accessPolicies"]]
    assert ADMIN_POLICY in arns
    assert len(arns) == len(set(arns)) == 15
