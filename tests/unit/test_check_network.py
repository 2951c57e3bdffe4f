"""CheckNetwork: the VPC, the cluster's subnets, our node subnets, the block asked for."""

from types import SimpleNamespace
from typing import Any

import check_network
import pytest
from botocore.exceptions import ClientError

from extended_cluster.errors import NetworkUnsupported, SubnetConflict
from extended_cluster.names import CLUSTER_TAG, OUTPOST_TAG
from extended_cluster.request import complete
from extended_cluster.types import NetworkFacts
from tests.unit.fake_aws import Answer, FakeClient, refusal

VPC, ROUTES = "vpc-0a1b2c3d4e5f60001", "rtb-0a1b2c3d4e5f60001"
OUTPOST, LIST = "op-0a1b2c3d4e5f60001", "pl-0a1b2c3d4e5f60001"
ARN = f"arn:aws:outposts:us-west-2:123456789012:outpost/{OUTPOST}"

type Subnet = dict[str, Any]


def subnet(subnet_id: str, cidr: str, zone: str = "us-west-2a", **more: Any) -> Subnet:
    return {
        "SubnetId": subnet_id,
        "CidrBlock": cidr,
        "AvailabilityZone": zone,
        "AvailableIpAddressCount": 251,
        **more,
    }


def ours(subnet_id: str, cidr: str, cluster: str = "edge-1", **more: Any) -> Subnet:
    tags = [{"Key": CLUSTER_TAG, "Value": cluster}, {"Key": OUTPOST_TAG, "Value": OUTPOST}]
    return subnet(subnet_id, cidr, OutpostArn=ARN, Tags=tags, **more)


A, B = subnet("subnet-a", "10.0.0.0/19"), subnet("subnet-b", "10.0.32.0/19", "us-west-2b")


def vpc() -> dict[str, Any]:
    blocks = {"10.0.0.0/16": "associated", "10.9.0.0/16": "disassociated"}
    associations = [{"CidrBlock": cidr, "CidrBlockState": {"State": state}} for cidr, state in blocks.items()]
    return {"Vpcs": [{"VpcId": VPC, "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": associations}]}


NAT = {
    "DestinationCidrBlock": "0.0.0.0/0",
    "NatGatewayId": "nat-1",
    "State": "active",
    "Origin": "CreateRoute",
}
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}


def table(*routes: dict[str, str], vpc_id: str = VPC) -> dict[str, Any]:
    return {"RouteTables": [{"RouteTableId": ROUTES, "VpcId": vpc_id, "Routes": [LOCAL, *routes]}]}


def names(*, support: bool = True, hostnames: bool = True) -> dict[str, Any]:
    return {"VpcId": VPC, "EnableDnsSupport": {"Value": support}, "EnableDnsHostnames": {"Value": hostnames}}


def client(**answers: Answer) -> FakeClient:
    """EC2 with a VPC that is as it should be, but for these answers."""
    right: dict[str, Answer] = {
        "describe_vpcs": vpc(),
        "describe_vpc_attribute": names(),
        "describe_route_tables": table(NAT),
        "describe_subnets": {"Subnets": [A, B]},
    }
    return FakeClient("ec2", **(right | answers))


def check(*subnets: Subnet, cidr: str | None = None, **answers: Answer) -> NetworkFacts:
    """Every subnet is on a page of its own."""
    ec2 = client(describe_subnets=[{"Subnets": [each]} for each in subnets], **answers)
    spec = complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST, "subnetCidr": cidr}]})
    facts = check_network.check(spec, VPC, ["subnet-a", "subnet-b"], ROUTES, ec2)
    assert ("describe_subnets", {"Filters": [{"Name": "vpc-id", "Values": [VPC]}]}) in ec2.calls
    return facts


def test_the_facts_of_an_empty_network() -> None:
    assert check(B, A, {"SubnetId": "subnet-v6", "AvailabilityZone": "us-west-2a", "Ipv6Native": True}) == {
        "vpcId": VPC,
        "vpcCidrs": ["10.0.0.0/16"],
        "clusterSubnetIds": ["subnet-a", "subnet-b"],
        "freeAddresses": {"subnet-a": 251, "subnet-b": 251},
        "routeTableId": ROUTES,
        "defaultRoute": {"target": "nat-1", "state": "active"},
        "takenCidrs": ["10.0.0.0/19", "10.0.32.0/19"],
        "nodeSubnets": {},
        "publicCidrs": [],
    }


def public(entries: Answer, **access: Any) -> tuple[list[str], FakeClient]:
    """publicCidrs of the facts, for a prefix list that answers so."""
    ec2 = client(get_managed_prefix_list_entries=entries)
    spec = complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}], "endpointAccess": access})
    return check_network.check(spec, VPC, ["subnet-a", "subnet-b"], ROUTES, ec2)["publicCidrs"], ec2


def entries(*cidrs: str) -> Answer:
    """Each on a page of its own."""
    return [{"Entries": [{"Cidr": cidr}]} for cidr in cidrs] or [{"Entries": []}]


def test_the_requests_public_blocks_are_taken_as_they_are() -> None:
    blocks, ec2 = public(entries(), publicCidrs=["203.0.113.0/24", "198.51.100.0/24"])
    assert blocks == ["198.51.100.0/24", "203.0.113.0/24"]
    assert "get_managed_prefix_list_entries" not in [name for name, _ in ec2.calls]


def test_a_prefix_lists_entries_are_looked_up() -> None:
    blocks, ec2 = public(entries("203.0.113.0/24", "198.51.100.0/24"), prefixListId=LIST)
    assert blocks == ["198.51.100.0/24", "203.0.113.0/24"]
    assert ("get_managed_prefix_list_entries", {"PrefixListId": LIST}) in ec2.calls


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (entries(), "has 0 entries"),
        (entries(*(f"203.0.{n}.0/24" for n in range(41))), "has 41 entries; EKS takes 1 to 40"),
        (entries("203.0.113.0/24", "0.0.0.0/0"), "together they are 0.0.0.0/0, everyone"),
        (entries("0.0.0.0/1", "128.0.0.0/1"), "together they are 0.0.0.0/0, everyone"),
        (entries("2001:db8::/32"), r"\(IPv4 only\)"),
        (refusal("InvalidPrefixListID.NotFound", "GetManagedPrefixListEntries"), "does not exist"),
    ],
    ids=["empty", "too many", "everyone", "everyone in halves", "IPv6", "unknown"],
)
def test_a_prefix_list_that_cannot_be_used(answer: Answer, said: str) -> None:
    with pytest.raises(NetworkUnsupported, match=f"`endpointAccess.prefixListId` {LIST}.*{said}"):
        public(answer, prefixListId=LIST)


def test_any_other_answer_about_a_prefix_list_passes_through() -> None:
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        public(refusal("RequestLimitExceeded", "GetManagedPrefixListEntries"), prefixListId=LIST)


@pytest.mark.parametrize(("attribute", "index"), [({}, None), ({"EnableLniAtDeviceIndex": 1}, 1)])
def test_our_node_subnet_is_found_by_its_tags(attribute: dict[str, Any], index: int | None) -> None:
    facts = check(A, B, ours("subnet-n", "10.0.64.0/24", **attribute))
    assert facts["nodeSubnets"] == {
        OUTPOST: {
            "subnetId": "subnet-n",
            "cidr": "10.0.64.0/24",
            "availabilityZone": "us-west-2a",
            "lniDeviceIndex": index,
        }
    }


def test_another_cluster_s_node_subnet_only_takes_its_block() -> None:
    facts = check(A, B, ours("subnet-n", "10.0.64.0/24", cluster="edge-2"))
    assert facts["nodeSubnets"] == {}
    assert "10.0.64.0/24" in facts["takenCidrs"]


def test_two_node_subnets_for_one_server_are_refused() -> None:
    with pytest.raises(NetworkUnsupported, match=f"Both subnet-n and subnet-m .* edge-1 on {OUTPOST}"):
        check(A, B, ours("subnet-n", "10.0.64.0/24"), ours("subnet-m", "10.0.65.0/24"))


@pytest.mark.parametrize(
    ("subnets", "said"),
    [
        ([A], f"VPC {VPC} has no subnet subnet-b"),
        ([A, {**B, "AvailabilityZone": "us-west-2a"}], "all in us-west-2a"),
        ([A, {**B, "OutpostArn": ARN}], "names subnet-b for the cluster, which is on an Outpost"),
    ],
)
def test_subnets_that_eks_would_not_take(subnets: list[Subnet], said: str) -> None:
    with pytest.raises(NetworkUnsupported, match=said):
        check(*subnets)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (names(support=False), f"VPC {VPC} has enableDnsSupport off.*--vpc-id {VPC} --enable-dns-support"),
        (
            names(hostnames=False),
            f"VPC {VPC} has enableDnsHostnames off.*--vpc-id {VPC} --enable-dns-hostnames",
        ),
    ],
)
def test_a_vpc_in_which_nodes_cannot_register(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(NetworkUnsupported, match=said):
        check(A, B, describe_vpc_attribute=answer)


def test_each_switch_of_the_vpc_is_asked_for_by_its_name() -> None:
    ec2 = client()
    check_network.check(
        complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}]}),
        VPC,
        ["subnet-a", "subnet-b"],
        ROUTES,
        ec2,
    )
    asked = [parameters["Attribute"] for name, parameters in ec2.calls if name == "describe_vpc_attribute"]
    assert asked == ["enableDnsSupport", "enableDnsHostnames"]
    assert (
        "describe_route_tables",
        {"Filters": [{"Name": "route-table-id", "Values": [ROUTES]}]},
    ) in ec2.calls


@pytest.mark.parametrize(
    ("routes", "found"),
    [
        ([], None),
        ([{**NAT, "State": "blackhole"}], {"target": "nat-1", "state": "blackhole"}),
        (
            [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}],
            {"target": "igw-1", "state": "active"},
        ),
        (
            [
                {
                    "DestinationIpv6CidrBlock": "::/0",
                    "EgressOnlyInternetGatewayId": "eigw-1",
                    "State": "active",
                },
                {"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1", "State": "active"},
            ],
            {"target": "tgw-1", "state": "active"},
        ),
    ],
    ids=["none", "gone", "internet gateway", "transit gateway"],
)
def test_where_the_nodes_default_route_leads(routes: list[dict[str, str]], found: object) -> None:
    assert check(A, B, describe_route_tables=table(*routes))["defaultRoute"] == found


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"RouteTables": []}, "does not exist in this Region"), (table(NAT, vpc_id="vpc-9"), "is in VPC vpc-9")],
)
def test_a_route_table_that_is_not_the_vpcs(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(
        NetworkUnsupported, match=f"route table {ROUTES} for the node subnets of VPC {VPC}.*{said}"
    ):
        check(A, B, describe_route_tables=answer)


def test_a_missing_vpc() -> None:
    ec2 = client(describe_vpcs=refusal("InvalidVpcID.NotFound", "DescribeVpcs"))
    spec = complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}]})
    with pytest.raises(NetworkUnsupported, match=f"VPC {VPC} does not exist"):
        check_network.check(spec, VPC, ["subnet-a", "subnet-b"], ROUTES, ec2)


def test_any_other_answer_passes_through() -> None:
    ec2 = client(describe_vpcs=refusal("RequestLimitExceeded", "DescribeVpcs"))
    spec = complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}]})
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        check_network.check(spec, VPC, ["subnet-a", "subnet-b"], ROUTES, ec2)


def test_a_free_block_may_be_asked_for() -> None:
    assert "10.0.64.0/24" not in check(A, B, cidr="10.0.64.0/24")["takenCidrs"]


@pytest.mark.parametrize(
    ("cidr", "said"),
    [
        ("10.1.0.0/24", rf"`outposts\[0\].subnetCidr` 10.1.0.0/24 is not inside VPC {VPC} \(10.0.0.0/16\)"),
        ("10.9.0.0/24", "is not inside"),
        ("10.0.33.0/24", r"`outposts\[0\].subnetCidr` 10.0.33.0/24 overlaps subnet-b \(10.0.32.0/19\)"),
    ],
)
def test_a_block_that_cannot_be_had(cidr: str, said: str) -> None:
    with pytest.raises(NetworkUnsupported, match=said):
        check(A, B, cidr=cidr)


def test_our_own_subnet_s_block_may_be_asked_for_again() -> None:
    facts = check(A, B, ours("subnet-n", "10.0.64.0/24"), cidr="10.0.64.0/24")
    assert facts["nodeSubnets"][OUTPOST]["subnetId"] == "subnet-n"


def test_another_block_than_our_own_subnet_s_is_refused() -> None:
    with pytest.raises(SubnetConflict, match=r"subnet-n has 10\.0\.64\.0/24, .* asks for 10\.0\.65\.0/24"):
        check(A, B, ours("subnet-n", "10.0.64.0/24"), cidr="10.0.65.0/24")


def test_the_handler_reads_the_stack_s_network_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPC_ID", VPC)
    monkeypatch.setenv("CLUSTER_SUBNET_IDS", "subnet-a,subnet-b")
    monkeypatch.setenv("NODE_ROUTE_TABLE_ID", ROUTES)
    ec2 = client()
    monkeypatch.setattr(check_network, "client", {"ec2": ec2}.__getitem__)
    spec = complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}]})
    event = {"executionId": "execution-1", "spec": spec}
    result = check_network.handler(event, SimpleNamespace(aws_request_id="request-1"))
    assert (result["clusterSubnetIds"], result["routeTableId"]) == (["subnet-a", "subnet-b"], ROUTES)
