"""Kubernetes versions and add-on versions: what is on offer when."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.call import AwsError, Call
from simulator.eks.addon_versions import describe_addon_configuration, describe_addon_versions
from simulator.eks.versions import chosen_version, describe_cluster_versions

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def cluster_versions(now: datetime = NOVEMBER, **params: Any) -> list[dict[str, Any]]:
    versions: list[dict[str, Any]] = describe_cluster_versions(
        Call("eks", "DescribeClusterVersions", params), now
    )["clusterVersions"]
    return versions


def names(versions: list[dict[str, Any]]) -> list[str]:
    return [version["clusterVersion"] for version in versions]


def test_standard_and_extended_support_by_default() -> None:
    assert names(cluster_versions()) == ["1.36", "1.35", "1.34", "1.33", "1.32", "1.31"]


def test_unsupported_ones_with_include_all() -> None:
    assert names(cluster_versions(includeAll=True))[-2:] == ["1.30", "1.29"]


def test_by_status() -> None:
    assert names(cluster_versions(versionStatus="STANDARD_SUPPORT")) == ["1.36", "1.35", "1.34"]
    assert names(cluster_versions(status="extended-support")) == ["1.33", "1.32", "1.31"]
    assert names(cluster_versions(versionStatus="UNSUPPORTED")) == ["1.30", "1.29"]


def test_by_name() -> None:
    assert names(cluster_versions(clusterVersions=["1.34", "1.29"])) == ["1.34", "1.29"]


def test_the_default_alone() -> None:
    (version,) = cluster_versions(defaultOnly=True)
    assert version["clusterVersion"] == "1.36"
    assert version["defaultVersion"] is True
    assert version["clusterType"] == "eks"


def test_the_dates_of_1_34() -> None:
    (version,) = cluster_versions(clusterVersions=["1.34"])
    assert version["endOfStandardSupportDate"] == datetime(2026, 12, 2, tzinfo=UTC)
    assert version["endOfExtendedSupportDate"] == datetime(2027, 12, 2, tzinfo=UTC)


def test_support_ends_at_the_beginning_of_the_day() -> None:
    last, first = datetime(2026, 12, 1, 23, 59, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)
    assert cluster_versions(last, clusterVersions=["1.34"])[0]["versionStatus"] == "STANDARD_SUPPORT"
    assert cluster_versions(first, clusterVersions=["1.34"])[0]["versionStatus"] == "EXTENDED_SUPPORT"


def test_versions_that_are_not_out_yet() -> None:
    march = datetime(2026, 3, 1, tzinfo=UTC)
    assert names(cluster_versions(march))[0] == "1.35"
    assert chosen_version(None, march)["clusterVersion"] == "1.35"


def test_pages() -> None:
    call = Call("eks", "DescribeClusterVersions", {"maxResults": 4})
    first = describe_cluster_versions(call, NOVEMBER)
    second = describe_cluster_versions(call.with_params(nextToken=first["nextToken"]), NOVEMBER)
    assert names(first["clusterVersions"]) + names(second["clusterVersions"]) == names(cluster_versions())
    assert "nextToken" not in second


@pytest.mark.parametrize("size", [0, 101])
def test_pages_of_a_size_that_is_not_allowed(size: int) -> None:
    with pytest.raises(AwsError, match="between 1 and 100"):
        cluster_versions(maxResults=size)


# -- add-on versions


def addon_versions(**params: Any) -> list[dict[str, Any]]:
    addons: list[dict[str, Any]] = describe_addon_versions(Call("eks", "DescribeAddonVersions", params))[
        "addons"
    ]
    return addons


@pytest.mark.parametrize("name", ["vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"])
@pytest.mark.parametrize("kubernetes", ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36"])
def test_each_addon_has_one_default_for_each_version(name: str, kubernetes: str) -> None:
    (addon,) = addon_versions(addonName=name, kubernetesVersion=kubernetes)
    compatibilities = [found for version in addon["addonVersions"] for found in version["compatibilities"]]
    assert {found["clusterVersion"] for found in compatibilities} == {kubernetes}
    assert [found["defaultVersion"] for found in compatibilities].count(True) == 1


def test_a_version_may_be_for_several_kubernetes_versions() -> None:
    (addon,) = addon_versions(addonName="vpc-cni")
    newest = addon["addonVersions"][0]
    assert len(newest["compatibilities"]) == 6
    assert newest["requiresIamPermissions"] is True
    assert newest["architecture"] == ["amd64", "arm64"]


def test_addons_by_type_publisher_and_owner() -> None:
    assert [addon["addonName"] for addon in addon_versions(types=["security"])] == ["eks-pod-identity-agent"]
    assert len(addon_versions(publishers=["eks"], owners=["aws"])) == 4
    assert addon_versions(owners=["aws-marketplace"]) == []


def test_addons_of_an_unknown_kubernetes_version() -> None:
    assert addon_versions(kubernetesVersion="1.99") == []


def test_an_addon_that_is_not_modelled() -> None:
    with pytest.raises(AwsError, match="does not model the add-on aws-ebs-csi-driver"):
        addon_versions(addonName="aws-ebs-csi-driver")


def test_the_configuration_of_an_addon() -> None:
    params = {"addonName": "vpc-cni", "addonVersion": "v1.22.4-eksbuild.3"}
    answer = describe_addon_configuration(Call("eks", "DescribeAddonConfiguration", params))
    assert (
        "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"
        in json.loads(answer["configurationSchema"])["properties"]["env"]["properties"]
    )
    assert answer["podIdentityConfiguration"][0]["serviceAccount"] == "aws-node"


def test_the_configuration_of_a_version_that_is_not_offered() -> None:
    params = {"addonName": "vpc-cni", "addonVersion": "v9"}
    with pytest.raises(AwsError, match="Addon version specified is not supported"):
        describe_addon_configuration(Call("eks", "DescribeAddonConfiguration", params))
