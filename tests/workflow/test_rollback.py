"""`onFailure: rollback`: a failed run leaves nothing of a cluster that it began, and still ends with its own error."""

from typing import Any

from tests.workflow.conftest import SERVER_2U, Deployed, server_subnet


def _request(cluster: str, **fields: Any) -> dict[str, Any]:
    outposts = [{"outpostId": SERVER_2U}]
    return {
        "clusterName": cluster,
        "outposts": outposts,
        "kubernetes": "skip",
        "onFailure": "rollback",
        **fields,
    }


def _obstacle(deployed: Deployed, cluster: str) -> str:
    """A launch template of somebody else's by the name that the run needs, which fails it; its id."""
    made = deployed.client("ec2").create_launch_template(
        LaunchTemplateName=f"{cluster}-{SERVER_2U}", LaunchTemplateData={"InstanceType": "c6id.8xlarge"}
    )
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def test_a_failed_run_leaves_nothing_of_its_cluster_and_all_of_others(deployed: Deployed) -> None:
    ec2, cluster = deployed.client("ec2"), "edge-back"
    lookalike, obstacle = server_subnet(deployed, "10.0.241.0/24"), _obstacle(deployed, cluster)
    try:
        run = deployed.provision(_request(cluster))
        assert (run["status"], run["error"]) == ("FAILED", "ServersFailed"), run["cause"]
        first, told = run["cause"].split(" Rolled back, so nothing of cluster edge-back is kept ")
        assert f"{SERVER_2U} in EnsureLaunchTemplate: LaunchTemplateConflict: " in first
        assert "clusters: edge-back" in told
        assert "subnets: subnet-" in told
        (teardown,) = deployed.executions("Teardown", since=run["startDate"])
        assert told.endswith(f"Teardown: {teardown['executionArn']}.")
        assert teardown["status"] == "SUCCEEDED"
        assert deployed.ours(cluster) == {}
        assert deployed.ledger(cluster) is None
        assert ec2.describe_subnets(SubnetIds=[lookalike])["Subnets"]
        assert ec2.describe_launch_templates(LaunchTemplateIds=[obstacle])["LaunchTemplates"]
    finally:
        ec2.delete_launch_template(LaunchTemplateId=obstacle)
        ec2.delete_subnet(SubnetId=lookalike)


def test_what_cannot_be_rolled_back_is_told_after_the_first_error_and_kept(deployed: Deployed) -> None:
    """An operator protects the cluster while it is made; then it is there already when the next run fails."""
    eks, cluster = deployed.client("eks"), "edge-kept"
    obstacle = _obstacle(deployed, cluster)
    try:
        with deployed.held_at("EnsureLaunchTemplate", _request(cluster)) as execution:
            eks.update_cluster_config(name=cluster, deletionProtection=True)
        refused = deployed.finished(execution)
        eks.update_cluster_config(name=cluster, deletionProtection=False)
        kept = deployed.ours(cluster)
        again = deployed.provision(_request(cluster))
    finally:
        deployed.client("ec2").delete_launch_template(LaunchTemplateId=obstacle)

    first, told = refused["cause"].split(" The rollback failed, so parts of cluster edge-kept are left: ")
    assert refused["error"] == "ServersFailed"
    assert f"{SERVER_2U} in EnsureLaunchTemplate: LaunchTemplateConflict: " in first
    assert "DeletionProtected: Cluster edge-kept has deletion protection on" in told
    assert '--input \'{"clusterName": "edge-kept", "confirm": "edge-kept"}\'' in told
    assert kept.keys() == {"clusters", "subnets"}

    assert again["error"] == "ServersFailed"
    assert "Not rolled back: cluster edge-kept existed before this run." in again["cause"]
    assert deployed.executions("Teardown", since=again["startDate"]) == []
    assert deployed.ours(cluster) == kept


def test_a_cluster_that_another_run_made_after_the_plan_is_not_taken_for_this_runs(
    deployed: Deployed,
) -> None:
    """CheckCluster has looked; before the lease is taken another run's CreateCluster is through, and it has ended."""
    eks, cluster = deployed.client("eks"), "edge-overtaken"
    role = deployed.client("iam").get_role(RoleName=deployed.physical("ClusterRole"))["Role"]["Arn"]
    subnets = [deployed.physical(f"PrivateSubnet{zone}") for zone in "AB"]
    with deployed.held_at("BuildPlan", _request(cluster)) as execution:
        eks.create_cluster(
            name=cluster,
            roleArn=role,
            resourcesVpcConfig={"subnetIds": subnets},
            accessConfig={"authenticationMode": "API"},
            tags={"eks-outposts-servers:cluster": cluster},
        )
    run = deployed.finished(execution)
    assert (run["status"], run["error"]) == ("FAILED", "PlanOutdated"), run["cause"]
    assert deployed.executions("Teardown", since=run["startDate"]) == []
    assert deployed.ours(cluster) == {"clusters": [cluster]}
    item = deployed.ledger(cluster)
    assert item is not None
    assert "lease" not in item
    assert item["error"] == {"S": "PlanOutdated"}
