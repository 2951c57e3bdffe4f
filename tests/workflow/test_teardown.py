"""Teardown leaves nothing of ours, everything of others, and says no where a person has to decide."""

import json
from typing import Any

import pytest

from tests.workflow.conftest import SERVER_2U, Deployed, server_subnet

CLUSTER = "edge-down"
MARK = "eks-outposts-servers:cluster"


def _request(cluster: str, **fields: Any) -> dict[str, Any]:
    return {"clusterName": cluster, "outposts": [{"outpostId": SERVER_2U}], "kubernetes": "skip", **fields}


def _tags(kind: str, of: str | None = None) -> list[dict[str, Any]]:
    named = {"Name": f"{CLUSTER}-{SERVER_2U}"} | ({MARK: of} if of else {})
    return [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in named.items()]}]


def _interface(deployed: Deployed, subnet: str, of: str | None = None) -> str:
    made = deployed.client("ec2").create_network_interface(
        SubnetId=subnet, TagSpecifications=_tags("network-interface", of)
    )
    return str(made["NetworkInterface"]["NetworkInterfaceId"])


def test_it_deletes_all_of_ours_and_nothing_that_only_looks_like_it(deployed: Deployed) -> None:
    ec2 = deployed.client("ec2")
    made = deployed.provision(_request(CLUSTER))
    assert made["status"] == "SUCCEEDED", made.get("cause")
    ours = deployed.ours(CLUSTER)
    lookalike = server_subnet(deployed, "10.0.240.0/24")
    ec2.create_tags(Resources=[lookalike], Tags=_tags("subnet")[0]["Tags"])
    untagged, anothers = _interface(deployed, lookalike), _interface(deployed, lookalike, of="edge-downtown")
    orphan = _interface(deployed, ours["subnets"][0], of=CLUSTER)
    template = ec2.create_launch_template(
        LaunchTemplateName=f"{CLUSTER}-copy",
        LaunchTemplateData={"InstanceType": "c6id.8xlarge"},
        TagSpecifications=_tags("launch-template", of="edge-downtown"),
    )["LaunchTemplate"]["LaunchTemplateId"]

    run = deployed.teardown(CLUSTER)

    assert run["status"] == "SUCCEEDED", run.get("cause")
    deleted = json.loads(run["output"])["deleted"]
    assert deleted["subnets"] == ours["subnets"]
    assert deleted["networkInterfaces"] == [orphan]
    assert deleted["clusters"] == [CLUSTER]
    assert deployed.ours(CLUSTER) == {}
    assert deployed.ledger(CLUSTER) is None
    assert ec2.describe_subnets(SubnetIds=[lookalike])["Subnets"]
    assert (
        len(ec2.describe_network_interfaces(NetworkInterfaceIds=[untagged, anothers])["NetworkInterfaces"])
        == 2
    )
    assert ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
    # Again, with nothing left to do.
    mark = deployed.mark()
    again = deployed.teardown(CLUSTER)
    assert again["status"] == "SUCCEEDED", again.get("cause")
    assert json.loads(again["output"]) == {"clusterName": CLUSTER, "deleted": {}}
    assert deployed.writes(mark) == []
    for interface in (untagged, anothers):
        ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_launch_template(LaunchTemplateId=template)


@pytest.mark.parametrize("changes", [{"confirm": "edge-2"}, {"confirm": None}, {"force": True}])
def test_what_is_not_confirmed_is_refused(deployed: Deployed, changes: dict[str, Any]) -> None:
    mark = deployed.mark()
    run = deployed.teardown("edge-none", **changes)
    assert (run["status"], run["error"]) == ("FAILED", "InvalidRequest")
    assert f"`{next(iter(changes))}`" in run["cause"]
    assert deployed.calls_of_functions(mark) == []


def test_deletion_protection_is_honoured_before_anything_is_touched(deployed: Deployed) -> None:
    made = deployed.provision(_request("edge-safe", deletionProtection=True))
    assert made["status"] == "SUCCEEDED", made.get("cause")
    before, mark = deployed.ours("edge-safe"), deployed.mark()
    run = deployed.teardown("edge-safe")
    assert (run["status"], run["error"]) == ("FAILED", "DeletionProtected")
    assert "aws eks update-cluster-config --name edge-safe --no-deletion-protection" in run["cause"]
    assert deployed.writes(mark) == []
    assert deployed.ours("edge-safe") == before
    deployed.client("eks").update_cluster_config(name="edge-safe", deletionProtection=False)
    lifted = deployed.teardown("edge-safe")
    assert lifted["status"] == "SUCCEEDED", lifted.get("cause")
    assert deployed.ours("edge-safe") == {}


def test_a_cluster_whose_instances_are_being_launched_goes_whole(deployed: Deployed) -> None:
    """The states that make something are test_interruption's."""
    cluster = "edge-half"
    assert deployed.stopped_at("AwaitInstances", _request(cluster))["status"] == "ABORTED"
    run = deployed.teardown(cluster)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    deployed.settle()
    assert deployed.ours(cluster) == {}
