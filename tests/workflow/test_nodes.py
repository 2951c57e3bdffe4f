"""Nodes that really work: they join, and their local network interface is up."""

import json
from typing import Any

import pytest

from demo.simulator_process import ROOT
from tests.workflow.conftest import Deployed


@pytest.mark.parametrize("sample", ["provision-with-lan", "provision-with-static-address"])
def test_the_node_joins_and_its_lni_is_up(deployed: Deployed, sample: str) -> None:
    asked: dict[str, Any] = json.loads((ROOT / "events" / f"{sample}.json").read_text())
    request = {**asked, "kubernetes": "skip"}
    run = deployed.provision(request)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    mine = [{"Name": "tag:eks-outposts-servers:cluster", "Values": [request["clusterName"]]}]
    (reservation,) = deployed.client("ec2").describe_instances(Filters=mine)["Reservations"]
    (instance,) = reservation["Instances"]
    seen = deployed.control(f"guest?instance={instance['InstanceId']}")
    assert seen == {
        "instanceId": instance["InstanceId"],
        "joined": True,
        "whyNotJoined": [],
        "lniUp": True,
        "lniFaults": [],
        "sessionManagerFaults": [],
        # The stack's switch for it is off.
        "cloudWatchAgentFaults": ["amazon-cloudwatch-agent: not installed"],
    }
    addon = deployed.client("eks").describe_addon(clusterName=request["clusterName"], addonName="vpc-cni")
    environment = json.loads(addon["addon"]["configurationValues"])["env"]
    lan = request["outposts"][0]["lni"]["localCidr"]
    assert environment["AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"] == lan
    assert environment["MAX_ENI"] == "1"
    mark = deployed.mark()
    again = deployed.provision(request)
    assert again["status"] == "SUCCEEDED", again.get("cause")
    assert deployed.writes(mark) == []


def test_a_lan_made_known_later_changes_the_add_on_and_the_launch_template(deployed: Deployed) -> None:
    outpost = {"outpostId": "op-0a1b2c3d4e5f60001"}
    request = {"clusterName": "edge-later", "kubernetes": "skip"}
    first = deployed.provision({**request, "outposts": [outpost]})
    assert first["status"] == "SUCCEEDED", first.get("cause")
    mark = deployed.mark()
    lan = {"lni": {"localCidr": "192.168.30.0/24"}}
    second = deployed.provision({**request, "outposts": [{**outpost, **lan}]})
    assert second["status"] == "SUCCEEDED", second.get("cause")
    assert set(deployed.writes(mark)) == {
        "eks.UpdateAddon",
        "ec2.CreateLaunchTemplateVersion",
        "autoscaling.UpdateAutoScalingGroup",
    }


def test_nodes_that_never_join_end_the_run_by_name_with_what_to_check(deployed: Deployed) -> None:
    """Without a way out no image arrives: as on AWS, the instance runs and the node never comes."""
    ec2 = deployed.client("ec2")
    name = {"Name": "vpc-id", "Values": [deployed.output("VpcId")]}
    tables = ec2.describe_route_tables(Filters=[name])["RouteTables"]
    out = [
        (table["RouteTableId"], route["NatGatewayId"])
        for table in tables
        for route in table["Routes"]
        if "NatGatewayId" in route
    ]
    assert out
    for table, _ in out:
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    try:
        outpost = {"outpostId": "op-0a1b2c3d4e5f60002"}
        run = deployed.provision({"clusterName": "edge-lost", "outposts": [outpost], "kubernetes": "skip"})
    finally:
        for table, gateway in out:
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    assert (run["status"], run["error"]) == ("FAILED", "NodesNotJoined")
    assert "NAT gateway" in run["cause"]
