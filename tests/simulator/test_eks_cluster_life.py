"""Clusters: how they come, change and go."""

import base64
import re
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from cryptography import x509

from tests.simulator.eks_account import EksAccount, refusal

TOKEN = "a-token-of-at-least-thirty-three-characters"


@pytest.fixture(scope="module")
def account() -> EksAccount:
    return EksAccount()


def test_creating_shows_no_endpoint_yet(account: EksAccount) -> None:
    cluster = account.create("young")
    assert cluster["status"] == "CREATING"
    assert cluster["arn"] == "arn:aws:eks:us-west-2:123456789012:cluster/young"
    assert "endpoint" not in cluster
    assert cluster.get("certificateAuthority", {}) == {}
    assert "clusterSecurityGroupId" not in cluster["resourcesVpcConfig"]
    assert account.cluster("young") == cluster


def test_it_becomes_active_after_its_time(account: EksAccount) -> None:
    account.create("timed")
    account.wait(200)  # mean 540 s, cv 0.2: far below any draw
    assert account.cluster("timed")["status"] == "CREATING"
    account.wait(1500)
    assert account.cluster("timed")["status"] == "ACTIVE"


def test_active_has_endpoint_issuer_and_a_real_authority(account: EksAccount) -> None:
    cluster = account.active("grown")
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+", cluster["endpoint"])
    issuer = cluster["identity"]["oidc"]["issuer"]
    assert re.fullmatch(r"https://oidc\.eks\.us-west-2\.amazonaws\.com/id/[0-9A-F]{32}", issuer)
    certificate = x509.load_pem_x509_certificate(base64.b64decode(cluster["certificateAuthority"]["data"]))
    assert certificate.subject.rfc4514_string() == "CN=kubernetes"
    assert (
        certificate.not_valid_before_utc
        <= datetime(2026, 12, 1, tzinfo=UTC)
        < certificate.not_valid_after_utc
    )
    certificate.verify_directly_issued_by(certificate)
    assert cluster["health"] == {"issues": []}


def test_the_cluster_security_group(account: EksAccount) -> None:
    group_id = account.active("grouped")["resourcesVpcConfig"]["clusterSecurityGroupId"]
    group = account.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
    assert group["GroupName"].startswith("eks-cluster-sg-grouped-")
    assert group["VpcId"] == account.vpc
    assert tags == {
        "kubernetes.io/cluster/grouped": "owned",
        "aws:eks:cluster-name": "grouped",
        "Name": group["GroupName"],
    }
    (rule,) = group["IpPermissions"]
    assert rule["IpProtocol"] == "-1"
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [group_id]


def test_a_role_without_policies_makes_the_cluster_fail(account: EksAccount) -> None:
    bare = account.role("bare", "eks.amazonaws.com")
    cluster = account.active("failing", roleArn=bare)
    assert cluster["status"] == "FAILED"
    assert cluster["health"]["issues"][0]["code"] == "AccessDenied"
    assert "endpoint" not in cluster


def test_listing(account: EksAccount) -> None:
    for name in ("list-a", "list-b", "list-c"):
        account.create(name)
    everything = account.eks.list_clusters()["clusters"]
    paged = account.eks.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2})
    assert [name for answer in paged for name in answer["clusters"]] == everything
    assert {"list-a", "list-b", "list-c"} <= set(everything)


def test_an_invalid_token_of_a_list(account: EksAccount) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        account.eks.list_clusters(nextToken="nonsense!")


# -- changes and the end


def test_deletion_protection(account: EksAccount) -> None:
    account.active("protected", deletionProtection=True)
    with pytest.raises(ClientError) as error:
        account.eks.delete_cluster(name="protected")
    assert refusal(error.value)[0] == "InvalidRequestException"
    update = account.eks.update_cluster_config(name="protected", deletionProtection=False)["update"]
    assert (update["type"], update["status"]) == ("DeletionProtectionUpdate", "Successful")
    assert account.eks.delete_cluster(name="protected")["cluster"]["status"] == "DELETING"


def test_an_update_without_change(account: EksAccount) -> None:
    account.active("unchanged")
    with pytest.raises(ClientError, match="No changes needed"):
        account.eks.update_cluster_config(name="unchanged", deletionProtection=False)


def test_other_updates_are_not_modelled(account: EksAccount) -> None:
    with pytest.raises(ClientError, match="NotModelledBySimulator"):
        account.eks.update_cluster_config(name="list-a", logging={"clusterLogging": []})


def test_a_deleted_cluster_goes_after_a_while_with_its_group(account: EksAccount) -> None:
    group_id = account.active("leaving")["resourcesVpcConfig"]["clusterSecurityGroupId"]
    account.eks.delete_cluster(name="leaving")
    assert account.cluster("leaving")["status"] == "DELETING"
    account.wait(3600)
    with pytest.raises(ClientError, match="No cluster found for name: leaving"):
        account.cluster("leaving")
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        account.ec2.describe_security_groups(GroupIds=[group_id])


def test_the_name_and_token_are_free_again_afterwards(account: EksAccount) -> None:
    account.active("phoenix", clientRequestToken=TOKEN + "-phoenix")
    account.eks.delete_cluster(name="phoenix")
    account.wait(3600)
    assert account.create("phoenix", clientRequestToken=TOKEN + "-phoenix")["status"] == "CREATING"


def test_a_cluster_that_is_being_created_cannot_be_deleted(account: EksAccount) -> None:
    account.create("unborn")
    with pytest.raises(ClientError, match="ResourceInUseException"):
        account.eks.delete_cluster(name="unborn")


def test_a_group_in_use_stays_behind(account: EksAccount) -> None:
    group_id = account.active("clinging")["resourcesVpcConfig"]["clusterSecurityGroupId"]
    account.groups_in_use.add(group_id)
    account.eks.delete_cluster(name="clinging")
    account.wait(3600)
    assert account.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    with pytest.raises(ClientError, match="No cluster found"):
        account.cluster("clinging")


def test_tags_of_a_cluster(account: EksAccount) -> None:
    arn = account.create("tagged", tags={"a": "1"})["arn"]
    account.eks.tag_resource(resourceArn=arn, tags={"b": "2"})
    account.eks.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert account.eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert account.cluster("tagged")["tags"] == {"b": "2"}


def test_tags_of_nothing(account: EksAccount) -> None:
    with pytest.raises(ClientError, match="NotFoundException"):
        account.eks.list_tags_for_resource(resourceArn="arn:aws:eks:us-west-2:123456789012:cluster/nothing")
    with pytest.raises(ClientError, match="BadRequestException"):
        account.eks.list_tags_for_resource(resourceArn="nothing")


def test_what_is_not_answered_is_not_modelled(account: EksAccount) -> None:
    with pytest.raises(ClientError, match="NotModelledBySimulator"):
        account.eks.list_nodegroups(clusterName="list-a")
