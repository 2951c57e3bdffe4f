"""CheckCluster: the version and the existing cluster."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import check_cluster
import pytest

from extended_cluster.errors import ClusterConflict, KubernetesVersionUnsupported
from extended_cluster.names import CLUSTER_TAG
from extended_cluster.request import complete
from extended_cluster.types import Spec
from tests.unit.fake_aws import FakeClient, refusal

VPC = "vpc-0a1b2c3d4e5f60001"
NODES, ADMIN = "arn:aws:iam::123456789012:role/nodes", "arn:aws:iam::123456789012:role/admin"
GROUP = "sg-0a1b2c3d4e5f60001"
STACK = check_cluster.Stack(VPC, NODES, GROUP)
KEY = "arn:aws:kms:us-west-2:123456789012:key/1"


def offered(version: str, *, default: bool = False) -> dict[str, Any]:
    return {
        "clusterVersion": version,
        "defaultVersion": default,
        "versionStatus": "STANDARD_SUPPORT",
        "endOfStandardSupportDate": datetime(2027, 3, int(version[-1]), tzinfo=UTC),
    }


# Two pages; numbers that would sort wrongly as text would be 1.9 and 1.10.
VERSIONS = [
    {"clusterVersions": [offered("1.36"), offered("1.35", default=True)]},
    {"clusterVersions": [offered("1.34")]},
]


def eks(cluster: dict[str, Any] | None = None) -> FakeClient:
    answer = {"cluster": cluster} if cluster else refusal("ResourceNotFoundException", "DescribeCluster")
    return FakeClient(
        "eks",
        describe_cluster_versions=VERSIONS,
        describe_cluster=answer,
        list_access_entries=[{"accessEntries": [NODES]}, {"accessEntries": [ADMIN]}],
        list_addons={"addons": ["vpc-cni"]},
    )


def vpc(**changes: Any) -> dict[str, Any]:
    access = {
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
        "publicAccessCidrs": ["0.0.0.0/0"],
    }
    return {"vpcId": VPC, "securityGroupIds": [GROUP], **access, **changes}


def existing(**changes: Any) -> dict[str, Any]:
    return {
        "name": "edge-1",
        "status": "ACTIVE",
        "version": "1.34",
        "tags": {CLUSTER_TAG: "edge-1"},
        "resourcesVpcConfig": vpc(),
        **changes,
    }


def spec(version: str | None = None, kubernetes: str = "verify") -> Spec:
    return complete(
        {
            "clusterName": "edge-1",
            "kubernetesVersion": version,
            "kubernetes": kubernetes,
            "outposts": [{"outpostId": "op-0a1b2c3d4e5f60001"}],
        }
    )


def test_a_new_cluster_gets_eks_own_default() -> None:
    assert check_cluster.check(spec(), STACK, eks()) == {
        "name": "edge-1",
        "exists": False,
        "status": None,
        "version": "1.35",
        "versionSource": "default",
        "endOfStandardSupport": "2027-03-05",
        "settings": None,
        "nodesMayEnter": False,
        "accessEntries": [],
        "addons": [],
    }


def test_a_new_cluster_gets_the_version_asked_for_even_from_the_second_page() -> None:
    facts = check_cluster.check(spec("1.34"), STACK, eks())
    assert (facts["version"], facts["versionSource"], facts["endOfStandardSupport"]) == (
        "1.34",
        "request",
        "2027-03-04",
    )


@pytest.mark.parametrize("status", ["ACTIVE", "CREATING", "UPDATING"])
def test_our_existing_cluster_keeps_its_version(status: str) -> None:
    facts = check_cluster.check(spec(), STACK, eks(existing(status=status)))
    assert facts == {
        "name": "edge-1",
        "exists": True,
        "status": status,
        "version": "1.34",
        "versionSource": "existing",
        "endOfStandardSupport": "2027-03-04",
        "settings": {
            "endpointPrivate": True,
            "publicCidrs": [],  # EKS keeps blocks although the public endpoint is off
            "logTypes": [],
            "secretsKmsKeyArn": None,
            "deletionProtection": False,
        },
        "nodesMayEnter": status != "CREATING",
        "accessEntries": [] if status == "CREATING" else [ADMIN, NODES],
        "addons": [] if status == "CREATING" else ["vpc-cni"],
    }


def test_an_existing_clusters_settings_are_read() -> None:
    cluster = existing(
        resourcesVpcConfig=vpc(
            endpointPublicAccess=True, publicAccessCidrs=["203.0.113.0/24", "198.51.100.0/24"]
        ),
        logging={
            "clusterLogging": [
                {"types": ["scheduler", "audit"], "enabled": True},
                {"types": ["api"], "enabled": False},
            ]
        },
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": KEY}}],
        deletionProtection=True,
    )
    assert check_cluster.check(spec(), STACK, eks(cluster))["settings"] == {
        "endpointPrivate": True,
        "publicCidrs": ["198.51.100.0/24", "203.0.113.0/24"],
        "logTypes": ["audit", "scheduler"],
        "secretsKmsKeyArn": KEY,
        "deletionProtection": True,
    }


def test_a_version_out_of_standard_support_is_refused_naming_those_in_it() -> None:
    with pytest.raises(KubernetesVersionUnsupported, match=r"1\.30 was asked for.*: 1\.34, 1\.35, 1\.36"):
        check_cluster.check(spec("1.30"), STACK, eks())


def test_an_existing_cluster_out_of_standard_support_is_refused() -> None:
    with pytest.raises(KubernetesVersionUnsupported, match=r"edge-1 exists with Kubernetes version 1\.30"):
        check_cluster.check(spec(), STACK, eks(existing(version="1.30")))


def test_no_default_among_the_versions_is_refused() -> None:
    without = FakeClient(
        "eks",
        describe_cluster_versions={"clusterVersions": [offered("1.36")]},
        describe_cluster=refusal("ResourceNotFoundException", "DescribeCluster"),
    )
    with pytest.raises(KubernetesVersionUnsupported, match=r"no default version .*: 1\.36"):
        check_cluster.check(spec(), STACK, without)


@pytest.mark.parametrize(
    ("cluster", "version", "said"),
    [
        (existing(tags={}), None, "was not made by this application"),
        (existing(tags={CLUSTER_TAG: "edge-2"}), None, "was not made by this application"),
        (existing(status="FAILED"), None, "status is FAILED"),
        (existing(status="DELETING"), None, "status is DELETING"),
        (existing(), "1.35", r"version 1\.34, and 1\.35 was asked for"),
        (existing(resourcesVpcConfig=vpc(vpcId="vpc-2")), None, f"exists in vpc-2, .* VPC is {VPC}"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_refused(
    cluster: dict[str, Any], version: str | None, said: str
) -> None:
    with pytest.raises(ClusterConflict, match=f"Cluster edge-1 .*{said}"):
        check_cluster.check(spec(version), STACK, eks(cluster))


def test_the_handler_reads_vpc_and_role_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPC_ID", VPC)
    monkeypatch.setenv("NODE_ROLE_ARN", NODES)
    monkeypatch.setenv("CONTROL_PLANE_SECURITY_GROUP_ID", GROUP)
    monkeypatch.setattr(check_cluster, "client", {"eks": eks(existing())}.__getitem__)
    event = {"executionId": "execution-1", "spec": spec()}
    assert check_cluster.handler(event, SimpleNamespace(aws_request_id="request-1"))["exists"] is True


def test_a_cluster_that_our_functions_cannot_reach_is_refused_unless_kubernetes_is_left_out() -> None:
    cluster = existing(resourcesVpcConfig=vpc(securityGroupIds=["sg-1"]))
    with pytest.raises(ClusterConflict, match=f'securityGroupIds=sg-1,{GROUP}\\) .*"skip"'):
        check_cluster.check(spec(), STACK, eks(cluster))
    assert check_cluster.check(spec(kubernetes="skip"), STACK, eks(cluster))["exists"]
