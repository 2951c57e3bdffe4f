"""Add-ons: what is refused, when they become ACTIVE, and coredns, which needs a node."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulator.eks_account import EksAccount, refusal

LONG = 300.0  # far above any draw of the latencies


@pytest.fixture(scope="module")
def account() -> EksAccount:
    return EksAccount()


@pytest.fixture
def cluster(account: EksAccount, request: pytest.FixtureRequest) -> str:
    """A new ACTIVE cluster for each test; its name."""
    name: str = account.active(request.node.originalname.replace("_", "-"))["name"]
    return name


def create(account: EksAccount, cluster: str, name: str, **params: Any) -> dict[str, Any]:
    addon: dict[str, Any] = account.eks.create_addon(clusterName=cluster, addonName=name, **params)["addon"]
    return addon


def refused(account: EksAccount, cluster: str, name: str, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        create(account, cluster, name, **params)
    return refusal(error.value)


def launch(account: EksAccount, cluster: str, **changes: Any) -> str:
    """An instance that has all it needs to join, with changes; its id."""
    groups = [account.cluster(cluster)["resourcesVpcConfig"]["clusterSecurityGroupId"]]
    tag = {"Key": f"kubernetes.io/cluster/{changes.get('tagged', cluster)}", "Value": "owned"}
    params: dict[str, Any] = {
        "ImageId": "ami-12c6146b",
        "MinCount": 1,
        "MaxCount": 1,
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "SubnetId": changes.get("subnet", account.edge),
                "Groups": changes.get("groups", groups),
            }
        ],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [tag]}],
        "UserData": account.user_data(cluster),
    }
    if changes.get("profile", True):
        params["IamInstanceProfile"] = {"Name": "node"}
    instance_id: str = account.ec2.run_instances(**params)["Instances"][0]["InstanceId"]
    return instance_id


def let_nodes_in(account: EksAccount, cluster: str, kind: str = "EC2_LINUX") -> None:
    account.eks.create_access_entry(clusterName=cluster, principalArn=account.node_role, type=kind)


# -- refusals


def test_a_cluster_that_is_not_active(account: EksAccount) -> None:
    account.create("not-active")
    answer = refused(account, "not-active", "vpc-cni")
    assert answer == ("InvalidRequestException", "Cluster 'not-active' is not in ACTIVE status")


def test_an_addon_that_is_there_already(account: EksAccount, cluster: str) -> None:
    create(account, cluster, "vpc-cni")
    assert refused(account, cluster, "vpc-cni") == ("ResourceInUseException", "Addon already exists.")


def test_a_version_that_is_not_offered(account: EksAccount, cluster: str) -> None:
    code, message = refused(account, cluster, "kube-proxy", addonVersion="v1.35.3-eksbuild.21")  # of 1.35
    assert (code, message) == ("InvalidParameterException", "Addon version specified is not supported")


def test_an_unknown_addon_is_not_modelled(account: EksAccount, cluster: str) -> None:
    assert refused(account, cluster, "aws-ebs-csi-driver")[0] == "NotModelledBySimulator"


def test_parameters_that_are_not_modelled(account: EksAccount, cluster: str) -> None:
    association = [{"serviceAccount": "aws-node", "roleArn": account.node_role}]
    answer = refused(account, cluster, "vpc-cni", podIdentityAssociations=association)
    assert answer[0] == "NotModelledBySimulator"


def test_a_service_account_role_that_does_not_exist(account: EksAccount, cluster: str) -> None:
    role = "arn:aws:iam::123456789012:role/nobody"
    assert refused(account, cluster, "vpc-cni", serviceAccountRoleArn=role)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("vpc-cni", '{"env": {"NO_SUCH": "1"}}', "[$.env.NO_SUCH: is not defined in the schema"),
        ("vpc-cni", '{"env": {"MAX_ENI": 1}}', "[$.env.MAX_ENI: integer found, string expected]"),
        (
            "vpc-cni",
            '{"enableNetworkPolicy": true}',
            "[$.enableNetworkPolicy: boolean found, string expected]",
        ),
        ("vpc-cni", "{", "not valid JSON or YAML"),
        ("coredns", "replicas: 2", "[$.replicas: is not defined in the schema"),
        ("coredns", "just text", "[$: string found, object expected]"),
        ("kube-proxy", "mode: magic", "[$.mode: does not have a value in the enumeration"),
    ],
)
def test_configurations_against_the_schema(account: EksAccount, name: str, values: str, why: str) -> None:
    if "configured" not in account.eks.list_clusters()["clusters"]:
        account.active("configured")
    code, message = refused(account, "configured", name, configurationValues=values)
    assert code == "InvalidParameterException"
    assert message.startswith("ConfigurationValue provided in request is not supported: ")
    assert why in message


# -- life


def test_an_addon_becomes_active_after_its_time(account: EksAccount, cluster: str) -> None:
    created = create(account, cluster, "vpc-cni", tags={"a": "b"})
    assert created["status"] == "CREATING"
    assert created["addonVersion"] == "v1.22.4-eksbuild.3"
    assert created["addonArn"].startswith(f"arn:aws:eks:us-west-2:123456789012:addon/{cluster}/vpc-cni/")
    account.wait(5)  # mean 35 s, cv 0.3: far below any draw
    assert account.addon(cluster, "vpc-cni")["status"] == "CREATING"
    account.wait(LONG)
    addon = account.addon(cluster, "vpc-cni")
    assert (addon["status"], addon["health"], addon["tags"]) == ("ACTIVE", {"issues": []}, {"a": "b"})


@pytest.mark.parametrize("values", ['{"env": {"MAX_ENI": "1"}}', "env:\n  MAX_ENI: '1'\n"])
def test_configuration_in_json_and_in_yaml(account: EksAccount, cluster: str, values: str) -> None:
    assert create(account, cluster, "vpc-cni", configurationValues=values)["configurationValues"] == values
    account.eks.delete_addon(clusterName=cluster, addonName="vpc-cni")
    account.eks.delete_cluster(name=cluster)
    account.wait(LONG)


def test_the_same_request_with_its_token_twice(account: EksAccount, cluster: str) -> None:
    first = create(account, cluster, "vpc-cni", clientRequestToken="t")
    assert create(account, cluster, "vpc-cni", clientRequestToken="t") == first


def test_list_and_delete(account: EksAccount, cluster: str) -> None:
    create(account, cluster, "vpc-cni")
    create(account, cluster, "kube-proxy")
    assert account.eks.list_addons(clusterName=cluster)["addons"] == ["kube-proxy", "vpc-cni"]
    account.wait(LONG)
    deleted = account.eks.delete_addon(clusterName=cluster, addonName="vpc-cni")["addon"]
    assert deleted["status"] == "DELETING"
    account.wait(LONG)
    assert account.eks.list_addons(clusterName=cluster)["addons"] == ["kube-proxy"]
    with pytest.raises(ClientError, match=f"No addon: vpc-cni found in cluster: {cluster}"):
        account.addon(cluster, "vpc-cni")


def test_deleted_while_being_created_it_does_not_become_active(account: EksAccount, cluster: str) -> None:
    names = ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"]
    for name in names:
        create(account, cluster, name)
    account.wait(20)  # so that some creations would end before the deletion does
    for name in names:
        account.eks.delete_addon(clusterName=cluster, addonName=name)
    while left := account.eks.list_addons(clusterName=cluster)["addons"]:
        assert {account.addon(cluster, name)["status"] for name in left} == {"DELETING"}
        account.wait(1)


# -- coredns and nodes


@pytest.fixture(scope="module", autouse=True)
def _edge(account: EksAccount) -> None:
    account.edge = account.subnet("10.0.9.0/24", "c", on_outpost=True)
    account.route_out(account.edge)


def test_coredns_without_nodes_is_degraded(account: EksAccount, cluster: str) -> None:
    assert create(account, cluster, "coredns")["status"] == "CREATING"
    account.wait(LONG)
    addon = account.addon(cluster, "coredns")
    assert addon["status"] == "DEGRADED"
    assert [issue["code"] for issue in addon["health"]["issues"]] == ["InsufficientNumberOfReplicas"]


def test_coredns_becomes_active_after_a_node_has_joined(account: EksAccount, cluster: str) -> None:
    create(account, cluster, "coredns")
    account.wait(LONG)
    let_nodes_in(account, cluster)
    launch(account, cluster)
    account.wait(20)  # joining and rolling out: mean 45 s each
    assert account.addon(cluster, "coredns")["status"] == "DEGRADED"
    account.wait(LONG)
    addon = account.addon(cluster, "coredns")
    assert (addon["status"], addon["health"]["issues"]) == ("ACTIVE", [])


def test_coredns_with_a_node_is_never_degraded(account: EksAccount, cluster: str) -> None:
    let_nodes_in(account, cluster)
    launch(account, cluster)
    create(account, cluster, "coredns")
    account.eks.delete_addon(clusterName=cluster, addonName="coredns")
    account.wait(LONG)  # the node has been seen, and has joined meanwhile
    create(account, cluster, "coredns")
    states = []
    for _ in range(40):
        account.wait(5)
        states.append(account.addon(cluster, "coredns")["status"])
    assert set(states) == {"CREATING", "ACTIVE"}
    assert states == sorted(states, reverse=True)


@pytest.mark.parametrize(
    "wrong",
    ["no access entry", "other entry type", "no profile", "other group", "other tag", "Region subnet"],
)
def test_what_keeps_an_instance_from_joining(account: EksAccount, wrong: str) -> None:
    name = wrong.replace(" ", "-")
    account.active(name)
    if wrong != "no access entry":
        let_nodes_in(account, name, "STANDARD" if wrong == "other entry type" else "EC2_LINUX")
    changes: dict[str, dict[str, Any]] = {
        "no profile": {"profile": False},
        "other group": {"groups": []},
        "other tag": {"tagged": "another"},
        "Region subnet": {"subnet": account.subnets[0]},
    }
    launch(account, name, **changes.get(wrong, {}))
    create(account, name, "coredns")
    account.wait(LONG)
    assert account.addon(name, "coredns")["status"] == "DEGRADED"


def test_a_stopped_instance_is_no_node(account: EksAccount, cluster: str) -> None:
    let_nodes_in(account, cluster)
    account.ec2.stop_instances(InstanceIds=[launch(account, cluster)])
    create(account, cluster, "coredns")
    account.wait(LONG)
    assert account.addon(cluster, "coredns")["status"] == "DEGRADED"


def test_waiting_for_a_node_does_not_make_time_pass(account: EksAccount, cluster: str) -> None:
    create(account, cluster, "coredns")
    account.wait(LONG)
    account.cloud.clock.release()
    before = account.cloud.clock.time()
    assert account.cloud.clock.idle()
    account.cloud.clock.hold()
    assert account.cloud.clock.time() == before
