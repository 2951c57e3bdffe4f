"""The stack in a VPC that others made: it uses it, checks it, and leaves it as it was."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.workflow import existing_vpc
from tests.workflow.conftest import SERVER_2U, STACK, Deployed

CLUSTER = "edge-theirs"
REQUEST = {
    "clusterName": CLUSTER,
    "sessionManager": False,
    "outposts": [{"outpostId": SERVER_2U}],
    "kubernetes": "skip",
}


@pytest.fixture(scope="module")
def deployed(deployed_in_existing_vpc: Deployed) -> Deployed:
    return deployed_in_existing_vpc


@pytest.fixture(scope="module")
def parameters(deployed: Deployed) -> dict[str, str]:
    """The deployed stack's."""
    (stack,) = deployed.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}


@pytest.fixture(scope="module")
def before(deployed: Deployed, parameters: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The VPC before the first run."""
    return existing_vpc.everything(deployed.client("ec2"), parameters["VpcId"])


@pytest.fixture(scope="module")
def provisioned(deployed: Deployed, before: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    assert before["subnets"]
    return deployed.provision(REQUEST)


def test_the_stack_puts_its_functions_security_groups_into_the_vpc_and_nothing_else(
    deployed: Deployed, parameters: dict[str, str], before: dict[str, list[dict[str, Any]]]
) -> None:
    pages = deployed.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    made = [each for page in pages for each in page["StackResourceSummaries"]]
    assert sorted(
        each["LogicalResourceId"] for each in made if each["ResourceType"].startswith("AWS::EC2::")
    ) == ["ControlPlaneIngress", "ControlPlaneSecurityGroup", "KubernetesFunctionsSecurityGroup"]
    assert deployed.output("VpcId") == parameters["VpcId"]
    assert len(before["subnets"]) == 3
    assert before["flowLogs"] == []


def test_half_of_the_parameters_are_refused(deployed: Deployed, parameters: dict[str, str]) -> None:
    given = {**parameters, "NodeRouteTableId": ""}
    with pytest.raises(ClientError, match="give all three or none"):
        deployed.client("cloudformation").create_change_set(
            StackName=STACK,
            ChangeSetName="half",
            UsePreviousTemplate=True,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        )


def test_cluster_and_nodes_are_in_the_vpc(
    deployed: Deployed, parameters: dict[str, str], provisioned: dict[str, Any]
) -> None:
    assert provisioned["status"] == "SUCCEEDED", provisioned.get("cause")
    cluster = deployed.client("eks").describe_cluster(name=CLUSTER)["cluster"]
    assert sorted(cluster["resourcesVpcConfig"]["subnetIds"]) == sorted(
        parameters["ClusterSubnetIds"].split(",")
    )
    ec2 = deployed.client("ec2")
    (subnet,) = ec2.describe_subnets(
        Filters=[{"Name": "tag:eks-outposts-servers:cluster", "Values": [CLUSTER]}]
    )["Subnets"]
    assert (subnet["VpcId"], subnet["CidrBlock"]) == (parameters["VpcId"], "10.0.1.0/24")
    (table,) = ec2.describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet["SubnetId"]]}]
    )["RouteTables"]
    assert table["RouteTableId"] == parameters["NodeRouteTableId"]


def test_the_node_runs_the_agents_that_stack_and_request_ask_for(
    deployed: Deployed, provisioned: dict[str, Any]
) -> None:
    assert provisioned["status"] == "SUCCEEDED", provisioned.get("cause")
    (instance,) = deployed.ours(CLUSTER)["instances"]
    node = deployed.control(f"guest?instance={instance}")
    assert (node["joined"], node["lniUp"], node["cloudWatchAgentFaults"]) == (True, True, [])
    assert node["sessionManagerFaults"] == ["amazon-ssm-agent: masked by the user data"]
    assert deployed.client("ssm").describe_instance_information()["InstanceInformationList"] == []
    group = deployed.output("NodeLogGroupName")
    (found,) = deployed.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["retentionInDays"] == 90


def test_a_vpc_that_was_changed_since_is_refused_before_anything_is_done(
    deployed: Deployed, parameters: dict[str, str], provisioned: dict[str, Any]
) -> None:
    assert provisioned["status"] == "SUCCEEDED", provisioned.get("cause")
    ec2, mark = deployed.client("ec2"), deployed.mark()
    ec2.modify_vpc_attribute(VpcId=parameters["VpcId"], EnableDnsHostnames={"Value": False})
    try:
        run = deployed.provision(REQUEST)
    finally:
        ec2.modify_vpc_attribute(VpcId=parameters["VpcId"], EnableDnsHostnames={"Value": True})
    assert run["error"] == "NetworkUnsupported"
    assert f"VPC {parameters['VpcId']} has enableDnsHostnames off" in run["cause"]
    assert deployed.writes(mark) == []
    plan = deployed.provision({**REQUEST, "mode": "plan"})
    assert {each["action"] for each in json.loads(plan["output"])["decisions"]} == {"reuse", "keep"}


def test_teardown_leaves_the_vpc_as_it_was(
    deployed: Deployed,
    parameters: dict[str, str],
    before: dict[str, list[dict[str, Any]]],
    provisioned: dict[str, Any],
) -> None:
    assert provisioned["status"] == "SUCCEEDED", provisioned.get("cause")
    torn_down = deployed.teardown(CLUSTER)
    assert torn_down["status"] == "SUCCEEDED", torn_down.get("cause")
    assert deployed.ours(CLUSTER) == {}
    assert existing_vpc.everything(deployed.client("ec2"), parameters["VpcId"]) == before
