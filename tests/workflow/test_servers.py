"""Several servers in one request: side by side, each an island, and a failure is told as that server's."""

import json
from collections import Counter
from typing import Any

import pytest

from demo.simulator_process import ROOT
from tests.workflow.conftest import SERVER_1U, SERVER_2U, Deployed

SERVER_2U_THIRD = "op-0a1b2c3d4e5f60006"
ZONES = {SERVER_2U: "us-west-2a", SERVER_1U: "us-west-2b", SERVER_2U_THIRD: "us-west-2a"}
CLUSTER = "edge-many"


def request(*outposts: str, cluster: str = CLUSTER, **nodes: int) -> dict[str, Any]:
    """nodes: of the last one."""
    wanted: list[dict[str, Any]] = [{"outpostId": outpost} for outpost in outposts]
    wanted[-1] |= {"nodes": nodes} if nodes else {}
    return {"clusterName": cluster, "outposts": wanted, "kubernetes": "skip"}


THREE = request(SERVER_2U, SERVER_1U, SERVER_2U_THIRD)


@pytest.fixture(scope="module")
def deployed(deployed_in_existing_vpc: Deployed) -> Deployed:
    """Not the simulator of most modules: three servers are nearly all the capacity that its world has."""
    return deployed_in_existing_vpc


def mine(cluster: str = CLUSTER) -> list[dict[str, Any]]:
    return [{"Name": "tag:eks-outposts-servers:cluster", "Values": [cluster]}]


def nodes(deployed: Deployed, cluster: str = CLUSTER) -> Counter[str]:
    """Running instances by Outpost."""
    running = [*mine(cluster), {"Name": "instance-state-name", "Values": ["running"]}]
    reservations = deployed.client("ec2").describe_instances(Filters=running)["Reservations"]
    return Counter(
        str(instance["OutpostArn"]).rpartition("/")[2]
        for reservation in reservations
        for instance in reservation["Instances"]
    )


@pytest.mark.parametrize("name", ["provision-three-servers.json", "provision-public-endpoint.json"])
def test_the_sample_requests_can_be_planned(deployed: Deployed, name: str) -> None:
    """First of all here: the world is still empty."""
    mark = deployed.mark()
    asked = json.loads((ROOT / "events" / name).read_text())
    planned = deployed.provision({**asked, "mode": "plan"})
    assert planned["status"] == "SUCCEEDED", planned.get("cause")
    assert len(json.loads(planned["output"])["servers"]) == len(asked["outposts"])
    assert deployed.writes(mark) == []


@pytest.fixture(scope="module")
def failed(deployed: Deployed) -> dict[str, Any]:
    """The first run: on the third server a launch template of the name it needs belongs to somebody else."""
    deployed.client("ec2").create_launch_template(
        LaunchTemplateName=f"{CLUSTER}-{SERVER_2U_THIRD}", LaunchTemplateData={"InstanceType": "c6id.4xlarge"}
    )
    return deployed.provision(THREE)


def test_one_servers_failure_is_told_as_its_own_and_the_others_finish(
    deployed: Deployed, failed: dict[str, Any]
) -> None:
    assert failed["status"] == "FAILED"
    assert failed["error"] == "ServersFailed", failed["cause"]
    assert "1 of 3 server(s) failed" in failed["cause"]
    told = f"{SERVER_2U_THIRD} in EnsureLaunchTemplate: LaunchTemplateConflict: A launch template named"
    assert told in failed["cause"]
    assert SERVER_2U not in failed["cause"]
    assert SERVER_1U not in failed["cause"]
    assert nodes(deployed) == {SERVER_2U: 1, SERVER_1U: 1}
    assert [visit.name for visit in failed["visits"]].count("VerifyLni") == 2


@pytest.fixture(scope="module")
def finished(deployed: Deployed, failed: dict[str, Any]) -> dict[str, Any]:
    """The second run, after the obstacle is gone."""
    assert failed["status"] == "FAILED"
    deployed.client("ec2").delete_launch_template(LaunchTemplateName=f"{CLUSTER}-{SERVER_2U_THIRD}")
    return deployed.provision(THREE)


def test_the_same_request_carries_on_and_ends_with_three_islands(
    deployed: Deployed, finished: dict[str, Any]
) -> None:
    assert finished["status"] == "SUCCEEDED", finished.get("cause")
    assert json.loads(finished["output"])["report"]["servers"] == 3
    subnets = deployed.client("ec2").describe_subnets(Filters=mine())["Subnets"]
    assert {
        subnet["OutpostArn"].rpartition("/")[2]: subnet["AvailabilityZone"] for subnet in subnets
    } == ZONES
    assert len({subnet["CidrBlock"] for subnet in subnets}) == 3
    assert {subnet["EnableLniAtDeviceIndex"] for subnet in subnets} == {1}
    groups = deployed.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    by_name = {group["AutoScalingGroupName"]: group["VPCZoneIdentifier"] for group in groups}
    assert sorted(by_name) == sorted(f"{CLUSTER}-{outpost}" for outpost in ZONES)
    assert sorted(by_name.values()) == sorted(subnet["SubnetId"] for subnet in subnets)
    assert nodes(deployed) == dict.fromkeys(ZONES, 1)


def test_again_changes_nothing_and_its_plan_says_so(deployed: Deployed, finished: dict[str, Any]) -> None:
    assert finished["status"] == "SUCCEEDED"
    mark = deployed.mark()
    planned = json.loads(deployed.provision({**THREE, "mode": "plan"})["output"])
    assert {decision["action"] for decision in planned["decisions"]} == {"reuse", "keep"}
    assert planned["expectedMinutes"] == 1
    again = deployed.provision(THREE)
    assert again["status"] == "SUCCEEDED", again.get("cause")
    assert deployed.writes(mark) == []


def test_another_number_of_nodes_changes_that_servers_group_alone(
    deployed: Deployed, finished: dict[str, Any]
) -> None:
    assert finished["status"] == "SUCCEEDED"
    mark = deployed.mark()
    run = deployed.provision(request(SERVER_2U, SERVER_1U, SERVER_2U_THIRD, desired=2))
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert deployed.writes(mark) == ["autoscaling.UpdateAutoScalingGroup"]
    assert nodes(deployed) == {SERVER_2U: 1, SERVER_1U: 1, SERVER_2U_THIRD: 2}


@pytest.fixture(scope="module")
def runs(deployed: Deployed, finished: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """A cluster of one server, then of that and two more; with the second run's writes."""
    assert finished["status"] == "SUCCEEDED"
    one = deployed.provision(request(SERVER_2U, cluster="edge-more"))
    assert one["status"] == "SUCCEEDED", one.get("cause")
    mark = deployed.mark()
    three = deployed.provision(request(SERVER_2U, SERVER_1U, SERVER_2U_THIRD, cluster="edge-more"))
    assert three["status"] == "SUCCEEDED", three.get("cause")
    return one, three, deployed.writes(mark)


def test_more_servers_make_just_what_those_need(
    deployed: Deployed, runs: tuple[dict[str, Any], dict[str, Any], list[str]]
) -> None:
    assert Counter(runs[2]) == {
        "ec2.CreateSubnet": 2,
        "ec2.AssociateRouteTable": 2,
        "ec2.ModifySubnetAttribute": 2,
        "ec2.CreateLaunchTemplate": 2,
        "autoscaling.CreateAutoScalingGroup": 2,
    }
    assert nodes(deployed, "edge-more") == dict.fromkeys(ZONES, 1)


def test_history_and_transitions_grow_with_the_servers_alone(
    runs: tuple[dict[str, Any], dict[str, Any], list[str]],
) -> None:
    one, three = runs[0]["history"], runs[1]["history"]
    # The second run finds the cluster made; what it has more is two servers' share and their looks.
    assert three.events - one.events < 2 * 120
    assert three.transitions - one.transitions < 2 * 30


def test_the_plans_expected_minutes_are_near_the_simulated_ones(
    deployed: Deployed, runs: tuple[dict[str, Any], dict[str, Any], list[str]]
) -> None:
    output = json.loads(runs[0]["output"])
    body = deployed.client("s3").get_object(Bucket=output["bucket"], Key=output["key"])["Body"]
    report = json.loads(body.read())
    assert report["durationSeconds"] / 60 == pytest.approx(report["expectedMinutes"], rel=0.5)


def test_a_public_endpoint_takes_a_prefix_lists_entries_and_is_not_changed_afterwards(
    deployed: Deployed, finished: dict[str, Any]
) -> None:
    assert finished["status"] == "SUCCEEDED"
    blocks = ["198.51.100.0/24", "203.0.113.0/24"]
    prefix_list = deployed.client("ec2").create_managed_prefix_list(
        PrefixListName="offices",
        AddressFamily="IPv4",
        MaxEntries=5,
        Entries=[{"Cidr": block} for block in blocks],
    )["PrefixList"]["PrefixListId"]
    key = "arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-4e5f-6000-0000-000000000001"
    asked: dict[str, Any] = {
        **request(SERVER_2U_THIRD, cluster="edge-public"),
        "endpointAccess": {"prefixListId": prefix_list},
        "logTypes": ["audit"],
        "secretsKmsKeyArn": key,
    }
    run = deployed.provision(asked)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    cluster = deployed.client("eks").describe_cluster(name="edge-public")["cluster"]
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is True
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"] is True
    assert cluster["resourcesVpcConfig"]["publicAccessCidrs"] == blocks
    assert cluster["encryptionConfig"] == [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    assert {"types": ["audit"], "enabled": True} in cluster["logging"]["clusterLogging"]

    mark = deployed.mark()
    again = deployed.provision(asked)
    assert again["status"] == "SUCCEEDED", again.get("cause")
    other = deployed.provision({**asked, "logTypes": ["api"]})
    assert other["error"] == "ClusterConflict"
    assert '`logTypes` asks for ["api"]' in other["cause"]
    unknown = deployed.provision({**asked, "endpointAccess": {"prefixListId": "pl-0a1b2c3d"}})
    assert unknown["error"] == "NetworkUnsupported"
    assert "pl-0a1b2c3d" in unknown["cause"]
    assert deployed.writes(mark) == []
