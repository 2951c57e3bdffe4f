"""`kubernetes: "skip"`: nothing asks the Kubernetes API, and the report says what is left to be done by hand."""

import json

from tests.workflow.conftest import Deployed
from tests.workflow.kubernetes_runs import STATES, report_of

CLUSTER = "edge-unproven"
SERVER = "op-0a1b2c3d4e5f60006"
REQUEST = {"clusterName": CLUSTER, "kubernetes": "skip", "outposts": [{"outpostId": SERVER}]}


def test_with_skip_nothing_asks_kubernetes_and_the_report_has_the_commands(deployed: Deployed) -> None:
    mark = deployed.mark()
    run = deployed.provision(REQUEST)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    history = json.dumps(run["events"], default=str)
    assert deployed.physical("EnsureAccessFunction") in history
    assert [state for state in STATES if deployed.physical(f"{state}Function") in history] == []
    writes = deployed.writes(mark)
    assert writes.count("eks.CreateAccessEntry") == 1  # the nodes'
    assert "eks.AssociateAccessPolicy" not in writes
    report = report_of(deployed, run)
    assert (report["findings"], report["addresses"], report["drill"]) == ([], [], [])
    label = f"--selector eks-outposts-servers/outpost={SERVER} eks-outposts-servers/lni=ready"
    assert report["kubectl"]["leftOut"] == [f"kubectl label nodes --overwrite {label}"]
    assert [command.split()[:3] for command in report["kubectl"]["grant"]] == [
        ["aws", "eks", "create-access-entry"],
        ["aws", "eks", "associate-access-policy"],
    ]


def test_a_cluster_that_nobody_reaches_is_torn_down_all_the_same(deployed: Deployed) -> None:
    """Of the cluster above: somebody closed the way of the functions to its control plane."""
    ec2, group = deployed.client("ec2"), deployed.physical("ControlPlaneSecurityGroup")
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    rule = found["IpPermissions"]
    assert [pair["GroupId"] for each in rule for pair in each["UserIdGroupPairs"]] == [
        deployed.physical("KubernetesFunctionsSecurityGroup")
    ]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)
    try:
        run = deployed.teardown(CLUSTER)
    finally:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    failed = [
        event["lambdaFunctionFailedEventDetails"] for event in run["events"] if "Failed" in event["type"]
    ]
    assert {each["error"] for each in failed if each["error"] != "NotReadyYet"} == {"KubernetesUnreachable"}
    assert deployed.ours(CLUSTER) == {}
    assert deployed.ledger(CLUSTER) is None
