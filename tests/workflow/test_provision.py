"""One request to one server: the cluster comes up, and asking again changes nothing."""

import json
from typing import Any

import pytest

from tests.workflow.conftest import SERVER_1U, SERVER_2U, Deployed
from tests.workflow.interruption import tasks

REQUEST = {"clusterName": "edge-1", "outposts": [{"outpostId": SERVER_2U}]}


@pytest.fixture(scope="module")
def first(deployed: Deployed) -> dict[str, Any]:
    return deployed.provision(REQUEST)


def test_the_run_is_green_and_takes_the_simulated_time_of_eks_and_the_server(first: dict[str, Any]) -> None:
    assert first["status"] == "SUCCEEDED", first.get("cause")
    seconds = (first["stopDate"] - first["startDate"]).total_seconds()
    assert 600 < seconds < 1800


def test_the_run_keeps_within_the_goals_for_transitions_and_history(first: dict[str, Any]) -> None:
    """The Kubernetes part has a goal of its own. Without it a run has the same states but those."""
    of_proof = set(tasks("Provision", {})) - set(tasks("Provision", {"kubernetes": "skip"}))
    proving = sum(visit.attempts for visit in first["visits"] if visit.name in of_proof)
    assert 0 < proving <= 25
    assert first["history"].transitions - proving <= 80
    assert first["history"].events <= 500


def test_every_node_has_its_lni_at_the_subnets_index(deployed: Deployed, first: dict[str, Any]) -> None:
    assert first["status"] == "SUCCEEDED"
    ec2 = deployed.client("ec2")
    mine = [{"Name": "tag:eks-outposts-servers:cluster", "Values": ["edge-1"]}]
    (subnet,) = ec2.describe_subnets(Filters=mine)["Subnets"]
    assert subnet["EnableLniAtDeviceIndex"] == 1
    assert subnet["OutpostArn"].endswith(SERVER_2U)
    (reservation,) = ec2.describe_instances(Filters=mine)["Reservations"]
    (instance,) = reservation["Instances"]
    assert instance["State"]["Name"] == "running"
    interfaces = {i["Attachment"]["DeviceIndex"]: i for i in instance["NetworkInterfaces"]}
    assert set(interfaces) == {0, 1}
    assert interfaces[1]["Attachment"]["DeleteOnTermination"] is True
    described = ec2.describe_network_interfaces(NetworkInterfaceIds=[interfaces[1]["NetworkInterfaceId"]])
    tags = {tag["Key"]: tag["Value"] for tag in described["NetworkInterfaces"][0]["TagSet"]}
    assert tags["node.k8s.amazonaws.com/no_manage"] == "true"


def test_the_cluster_is_as_the_facts_demand(deployed: Deployed, first: dict[str, Any]) -> None:
    assert first["status"] == "SUCCEEDED"
    eks = deployed.client("eks")
    cluster = eks.describe_cluster(name="edge-1")["cluster"]
    assert cluster["status"] == "ACTIVE"
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["upgradePolicy"]["supportType"] == "STANDARD"
    assert "outpostConfig" not in cluster
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"] is True
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is False
    subnets = deployed.client("ec2").describe_subnets(SubnetIds=cluster["resourcesVpcConfig"]["subnetIds"])[
        "Subnets"
    ]
    assert not [subnet for subnet in subnets if subnet.get("OutpostArn")]
    assert set(eks.list_addons(clusterName="edge-1")["addons"]) == {
        "vpc-cni",
        "kube-proxy",
        "eks-pod-identity-agent",
        "coredns",
    }


def test_the_report_is_in_the_bucket_and_holds_no_secret(deployed: Deployed, first: dict[str, Any]) -> None:
    output = json.loads(first["output"])
    report = (
        deployed.client("s3").get_object(Bucket=output["bucket"], Key=output["key"])["Body"].read().decode()
    )
    cluster = deployed.client("eks").describe_cluster(name="edge-1")["cluster"]
    assert json.loads(report)["cluster"]["name"] == "edge-1"
    assert cluster["certificateAuthority"]["data"] not in report


def test_the_same_request_again_changes_nothing(deployed: Deployed, first: dict[str, Any]) -> None:
    assert first["status"] == "SUCCEEDED"
    mark = deployed.mark()
    again = deployed.provision({**REQUEST, "kubernetes": "skip"})
    assert again["status"] == "SUCCEEDED", again.get("cause")
    assert deployed.writes(mark) == []


def test_plan_mode_ends_green_with_the_plan_and_changes_nothing(deployed: Deployed) -> None:
    mark = deployed.mark()
    planned = deployed.provision(
        {"clusterName": "edge-plan", "mode": "plan", "outposts": [{"outpostId": SERVER_1U}]}
    )
    assert planned["status"] == "SUCCEEDED", planned.get("cause")
    plan = json.loads(planned["output"])
    assert plan["decisions"]
    assert all({"action", "resource", "reason"} <= set(decision) for decision in plan["decisions"])
    assert any("not supported" in warning for warning in plan["warnings"])
    assert deployed.writes(mark) == []


def test_a_1u_server_gets_an_arm64_node(deployed: Deployed, first: dict[str, Any]) -> None:
    assert first["status"] == "SUCCEEDED"
    run = deployed.provision(
        {"clusterName": "edge-arm", "outposts": [{"outpostId": SERVER_1U}], "kubernetes": "skip"}
    )
    assert run["status"] == "SUCCEEDED", run.get("cause")
    mine = [{"Name": "tag:eks-outposts-servers:cluster", "Values": ["edge-arm"]}]
    (reservation,) = deployed.client("ec2").describe_instances(Filters=mine)["Reservations"]
    assert reservation["Instances"][0]["InstanceType"].startswith("c6gd.")
