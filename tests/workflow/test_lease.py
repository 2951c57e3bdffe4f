"""One run per cluster at a time; a run that died is in nobody's way, and the next one carries on."""

from typing import Any

from tests.workflow.conftest import SERVER_2U, Deployed

ONE_OF_EACH = {"groups": 1, "instances": 1, "templates": 1, "interfaces": 2, "subnets": 1, "clusters": 1}


def _request(cluster: str) -> dict[str, Any]:
    return {"clusterName": cluster, "outposts": [{"outpostId": SERVER_2U}], "kubernetes": "skip"}


def _counts(deployed: Deployed, cluster: str) -> dict[str, int]:
    return {kind: len(names) for kind, names in deployed.ours(cluster).items()}


def test_of_two_starts_at_once_one_runs_and_the_other_says_which(deployed: Deployed) -> None:
    deployed.control("clock/hold", post=True)
    try:
        arns = [deployed.start("Provision", _request("edge-two")) for _ in range(2)]
    finally:
        deployed.control("clock/release", post=True)
    runs = sorted((deployed.finished(arn) for arn in arns), key=lambda run: str(run["status"]), reverse=True)
    first, second = runs
    assert [first["status"], second["status"]] == ["SUCCEEDED", "FAILED"], [run.get("cause") for run in runs]
    assert second["error"] == "LeaseHeld"
    assert first["executionArn"] in second["cause"]
    assert "aws stepfunctions stop-execution" in second["cause"]
    assert _counts(deployed, "edge-two") == ONE_OF_EACH
    item = deployed.ledger("edge-two")
    assert item is not None
    assert item["outcome"] == {"S": "SUCCEEDED"}
    assert item["lastRun"]["M"]["execution"] == {"S": first["executionArn"]}
    assert "lease" not in item
    assert deployed.teardown("edge-two")["status"] == "SUCCEEDED"


def test_a_failed_run_gives_the_lease_back_and_says_why_in_the_ledger(deployed: Deployed) -> None:
    name = f"edge-failed-{SERVER_2U}"
    ec2 = deployed.client("ec2")
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "c6id.8xlarge"})
    run = deployed.provision(_request("edge-failed"))
    assert run["status"] == "FAILED"
    assert run["error"] == "ServersFailed", run["cause"]
    assert "LaunchTemplateConflict" in run["cause"]
    item = deployed.ledger("edge-failed")
    assert item is not None
    assert "lease" not in item
    assert item["error"] == {"S": "ServersFailed"}
    assert item["cause"]["S"] == run["cause"]
    assert deployed.teardown("edge-failed")["status"] == "SUCCEEDED"
    kept = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
    assert len(kept) == 1
    ec2.delete_launch_template(LaunchTemplateName=name)
