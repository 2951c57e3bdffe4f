"""Why an instance never becomes a node: each way to get it wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.eks_account import EksAccount
from tests.simulator.test_eks_addons import let_nodes_in

NAME = "edge"


@pytest.fixture(scope="module")
def account() -> EksAccount:
    """A cluster that lets nodes in, and a subnet on an Outpost with a way out."""
    account = EksAccount()
    account.edge = account.subnet("10.0.9.0/24", "c", on_outpost=True)
    account.route_out(account.edge)
    account.active(NAME)
    let_nodes_in(account, NAME)
    return account


def launch(account: EksAccount, user_data: str | None = None, **changes: Any) -> str:
    """An instance that has all it needs to join, with changes; its id."""
    groups = [account.cluster(NAME)["resourcesVpcConfig"]["clusterSecurityGroupId"]]
    interface = {"DeviceIndex": 0, "SubnetId": account.edge, "Groups": groups, **changes}
    params: dict[str, Any] = {
        "ImageId": "ami-12c6146b",
        "MinCount": 1,
        "MaxCount": 1,
        "NetworkInterfaces": [interface],
        "TagSpecifications": [
            {
                "ResourceType": "instance",
                "Tags": [{"Key": f"kubernetes.io/cluster/{NAME}", "Value": "owned"}],
            }
        ],
        "IamInstanceProfile": {"Name": "node"},
        "UserData": account.user_data(NAME) if user_data is None else user_data,
    }
    instance_id: str = account.ec2.run_instances(**params)["Instances"][0]["InstanceId"]
    return instance_id


def why(account: EksAccount, instance_id: str) -> str:
    """The one reason."""
    (reason,) = account.cloud.guest.why_not_joined(instance_id)
    return reason


def test_the_application_s_own_user_data_joins(account: EksAccount) -> None:
    assert account.cloud.guest.why_not_joined(launch(account)) == []


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replaced('"name": "edge"', '"name": "edge-2"'), "NodeConfig names cluster edge-2, not edge"),
        (replaced("https://", "https://x"), "apiServerEndpoint is not https://"),
        (replaced('"certificateAuthority": "', '"certificateAuthority": "QUJD'), "unknown authority"),
        (replaced("172.20.0.0/16", "10.0.0.0/16"), "cidr is 10.0.0.0/16, not the service CIDR 172.20.0.0/16"),
        (replaced("172.20.0.0/16", "172.20.0.1/16"), "host bits"),
        (replaced('"cidr"', '"serviceCidr"'), "unknown field spec.cluster.serviceCidr"),
        (replaced('"kubelet"', '"kubeletConfig"'), "unknown field spec.kubeletConfig"),
        (replaced('"maxPodsExpression"', '"maxPods"'), "unknown field spec.kubelet.maxPods"),
        (replaced('"apiServerEndpoint"', '"id"'), "apiServerEndpoint is missing"),
        (replaced('"NodeConfig"', '"Node"'), "wrong Kind"),
        (replaced('"kind"', '"kind'), "not YAML"),
        (replaced("application/node.eks.aws", "text/plain"), "0 parts of type application/node.eks.aws"),
        (replaced("--node-config--", ""), "no MIME multipart document (CloseBoundaryNotFoundDefect)"),
        (replaced('boundary="node-config"', 'boundary="x"'), "no MIME multipart document"),
        (lambda _: "#!/bin/bash\n/etc/eks/bootstrap.sh edge\n", "no MIME multipart document"),
        (lambda _: "", "no user data"),
        (lambda text: text + "#" * 16384, "EC2 takes 16384"),
    ],
)
def test_wrong_user_data(account: EksAccount, change: Callable[[str], str], reason: str) -> None:
    text = change(account.user_data(NAME))
    assert reason in why(account, launch(account, text))


def test_a_first_interface_outside_the_cluster_security_group(account: EksAccount) -> None:
    assert "cluster security group" in why(account, launch(account, Groups=[]))


def test_a_subnet_without_a_way_out(account: EksAccount) -> None:
    alone = account.subnet("10.0.10.0/24", "c", on_outpost=True)
    node = launch(account, SubnetId=alone)
    assert f"route table of {alone} has no default route to a NAT gateway" in why(account, node)


def test_a_nat_gateway_that_is_gone_or_has_no_way_out_itself(account: EksAccount) -> None:
    private, edge = account.subnet("10.0.11.0/24", "a"), account.subnet("10.0.12.0/24", "c", on_outpost=True)
    address = account.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = account.ec2.create_nat_gateway(SubnetId=private, AllocationId=address)["NatGateway"]["NatGatewayId"]
    account.route(edge, NatGatewayId=nat)
    node = launch(account, SubnetId=edge)
    assert f"{nat} is in a subnet without a default route to an internet gateway" in why(account, node)
    account.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert f"leads to {nat}, which is not available" in why(account, node)


def test_an_access_entry_may_come_late_and_must_be_of_the_right_type(account: EksAccount) -> None:
    node = launch(account)
    account.eks.delete_access_entry(clusterName=NAME, principalArn=account.node_role)
    assert "no access entry of type EC2_LINUX" in why(account, node)
    let_nodes_in(account, NAME, "STANDARD")
    assert "STANDARD" in why(account, node)
    account.eks.delete_access_entry(clusterName=NAME, principalArn=account.node_role)
    let_nodes_in(account, NAME)
    assert account.cloud.guest.why_not_joined(node) == []


def test_what_is_no_node_of_any_cluster(account: EksAccount) -> None:
    node = launch(account)
    account.ec2.delete_tags(Resources=[node], Tags=[{"Key": f"kubernetes.io/cluster/{NAME}"}])
    assert "no tag kubernetes.io/cluster/" in why(account, node)
    account.ec2.stop_instances(InstanceIds=[node])
    assert "the instance is stopped" in why(account, node)
