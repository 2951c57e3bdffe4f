"""BuildPlan: facts and request in, plan with reasons out."""

import math
from copy import deepcopy
from datetime import date
from types import SimpleNamespace
from typing import Any

import build_plan
import pytest

from extended_cluster import expected
from extended_cluster.decisions import ADDONS
from extended_cluster.errors import (
    ClusterConflict,
    ImageUnsupported,
    InvalidRequest,
    LniConflict,
    NetworkUnsupported,
)
from extended_cluster.plan import build
from extended_cluster.request import complete
from extended_cluster.request_schema import MAX_OUTPOSTS
from extended_cluster.types import ClusterSettings, Facts, NodeSubnet, Plan
from tests.unit.cloudformation_yaml import template

OUTPOST = "op-0a1b2c3d4e5f60001"
ARN = f"arn:aws:outposts:us-west-2:123456789012:outpost/{OUTPOST}"
X86, ARM = "ami-0a1b2c3d4e5f60001", "ami-0a1b2c3d4e5f60002"
TODAY = date(2026, 11, 22)
TAGS = {"team": "edge", "eks-outposts-servers:cluster": "edge-1"}

FACTS: Facts = {
    "outposts": [
        {
            "outpostId": OUTPOST,
            "outpostArn": ARN,
            "ownerId": "123456789012",
            "name": "shop-1",
            "availabilityZone": "us-west-2a",
            "hardwareType": "SERVER",
            "instanceType": "c6gd.8xlarge",
            "vcpus": 32,
            "architecture": "arm64",
            "slots": {"total": 2, "used": 1, "free": 1, "ours": 0},
            "freeSlots": {"c6gd.8xlarge": 1, "c6gd.4xlarge": 0},
            "launchTemplate": False,
            "nodeGroup": None,
        }
    ],
    "images": [
        {
            "outpostId": OUTPOST,
            "source": "ssm",
            "byArchitecture": {
                "x86_64": {
                    "imageId": X86,
                    "architecture": "x86_64",
                    "name": "node-x86_64",
                    "rootDeviceType": "ebs",
                    "snapshots": 1,
                },
                "arm64": {
                    "imageId": ARM,
                    "architecture": "arm64",
                    "name": "node-arm64",
                    "rootDeviceType": "ebs",
                    "snapshots": 1,
                },
            },
        }
    ],
    "cluster": {
        "name": "edge-1",
        "exists": False,
        "status": None,
        "version": "1.35",
        "versionSource": "default",
        "endOfStandardSupport": "2027-03-27",
        "settings": None,
        "nodesMayEnter": False,
        "accessEntries": [],
        "addons": [],
    },
    "network": {
        "vpcId": "vpc-1",
        "vpcCidrs": ["10.0.0.0/16"],
        "clusterSubnetIds": ["subnet-a", "subnet-b"],
        "freeAddresses": {"subnet-a": 251, "subnet-b": 251},
        "routeTableId": "rtb-1",
        "defaultRoute": {"target": "nat-1", "state": "active"},
        "takenCidrs": ["10.0.0.0/24", "10.0.1.0/24"],
        "nodeSubnets": {},
        "publicCidrs": [],
    },
}
SETTINGS: ClusterSettings = {
    "endpointPrivate": True,
    "publicCidrs": [],
    "logTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    "secretsKmsKeyArn": None,
    "deletionProtection": False,
}
KEY = "arn:aws:kms:us-west-2:123456789012:key/1"
NOT_SUPPORTED = (
    "EKS nodes on Outposts servers are not supported by AWS: EKS on Outposts is supported on racks only."
)


def facts() -> Facts:
    return deepcopy(FACTS)


def own_subnet(index: int | None) -> NodeSubnet:
    return {
        "subnetId": "subnet-n",
        "cidr": "10.0.7.0/24",
        "availabilityZone": "us-west-2a",
        "lniDeviceIndex": index,
    }


def plan(seen: Facts, today: date = TODAY, request: dict[str, Any] | None = None, **fields: Any) -> Plan:
    """request: fields of the request; the others are fields of its one server."""
    asked = {
        "clusterName": "edge-1",
        "tags": {"team": "edge"},
        "outposts": [{"outpostId": OUTPOST, **fields}],
        **(request or {}),
    }
    return build(complete(asked), seen, today)


def of(made: Plan, kind: str) -> tuple[str, str]:
    """Action and reason of the one decision about that kind of thing."""
    (found,) = [each for each in made["decisions"] if each["resource"].startswith(kind)]
    return found["action"], found["reason"]


def finished() -> Facts:
    """Everything is there, as a first run left it."""
    seen = facts()
    seen["cluster"] = {
        **seen["cluster"],
        "exists": True,
        "status": "ACTIVE",
        "versionSource": "existing",
        "settings": deepcopy(SETTINGS),
        "nodesMayEnter": True,
        "accessEntries": ["arn:aws:iam::123456789012:role/nodes"],
        "addons": ["coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"],
    }
    seen["network"]["nodeSubnets"][OUTPOST] = own_subnet(1)
    seen["outposts"][0] = {
        **seen["outposts"][0],
        "slots": {"total": 2, "used": 2, "free": 0, "ours": 1},
        "freeSlots": {"c6gd.8xlarge": 0, "c6gd.4xlarge": 0},
        "launchTemplate": True,
        "nodeGroup": {"min": 1, "desired": 1, "max": 1},
    }
    return seen


def several(count: int, **tags: str) -> tuple[dict[str, Any], Facts]:
    """A request for so many servers and what preflight saw."""
    seen, ids = facts(), [f"op-0a1b2c3d4e5f6{number:04x}" for number in range(count)]
    (outpost,), (images,) = seen["outposts"], seen["images"]
    seen["outposts"] = [{**outpost, "outpostId": each, "outpostArn": ARN[:-4] + each[-4:]} for each in ids]
    seen["images"] = [{**images, "outpostId": each} for each in ids]
    return {"tags": tags, "outposts": [{"outpostId": each} for each in ids]}, seen


def test_the_plan_of_a_new_cluster() -> None:
    made = plan(facts(), nodes={"desired": 1, "max": 2})
    assert made["cluster"] == {
        "name": "edge-1",
        "version": "1.35",
        "exists": False,
        "tags": TAGS,
        "settings": SETTINGS,
        "adminPrincipalArns": [],
        "localCidrs": [],
    }
    name = f"edge-1-{OUTPOST}"
    assert made["servers"] == [
        {
            "outpostId": OUTPOST,
            "outpostArn": ARN,
            "availabilityZone": "us-west-2a",
            "instanceType": "c6gd.8xlarge",
            "architecture": "arm64",
            "imageId": ARM,
            "subnetCidr": "10.0.2.0/24",
            "nodes": {"min": 1, "desired": 1, "max": 2},
            "lni": {
                "deviceIndex": 1,
                "addressing": "dhcp",
                "address": None,
                "localCidr": None,
                "gateway": None,
                "mtu": 1500,
                "vlan": None,
            },
            "metallb": None,
            "podNetwork": None,
            "sessionManager": True,
            "logGroup": None,
            "name": name,
            "tags": {**TAGS, "eks-outposts-servers:outpost": OUTPOST, "Name": name},
        }
    ]
    assert made["decisions"] == [
        {
            "action": "create",
            "resource": "cluster edge-1, Kubernetes 1.35",
            "reason": "it does not exist yet; EKS's default version",
        },
        {
            "action": "create",
            "resource": "access entry of the nodes' role, type EC2_LINUX",
            "reason": "without it no node joins",
        },
        *(
            {
                "action": "create",
                "resource": f"add-on {addon}",
                "reason": f"{because}; EKS's default version for Kubernetes 1.35",
            }
            for addon, because in ADDONS.items()
        ),
        {
            "action": "create",
            "resource": f"subnet {name}, 10.0.2.0/24",
            "reason": f"there is none of ours on Outpost {OUTPOST}; the next free block of the VPC",
        },
        {
            "action": "enable",
            "resource": f"local network interfaces in subnet {name} at device index 1",
            "reason": "a new subnet has them disabled",
        },
        {
            "action": "keep",
            "resource": f"LAN unknown of {name}: addressed by DHCP, MTU 1500",
            "reason": "lni.localCidr is not given, so routing and address translation stay as they are",
        },
        {
            "action": "enable",
            "resource": f"agents on the nodes of {name}: Session Manager on, CloudWatch agent off",
            "reason": "sessionManager of the request and NodeCloudWatchAgent of the stack",
        },
        {
            "action": "reuse",
            "resource": f"image {ARM} (node-arm64, arm64)",
            "reason": "EKS recommends it for Kubernetes 1.35 on Amazon Linux 2023; it has one EBS snapshot",
        },
        {
            "action": "create",
            "resource": f"launch template {name}: c6gd.8xlarge, {ARM}",
            "reason": "there is none of ours; both interfaces, the second at device index 1",
        },
        {
            "action": "create",
            "resource": f"Auto Scaling group {name}: 1 node(s) of c6gd.8xlarge (min 1, max 2)",
            "reason": "there is none of ours; 0 of ours running, 1 of 2 slots free; "
            "the largest type with room, or that of our nodes",
        },
    ]


def test_a_finished_cluster_is_reused_and_kept_throughout() -> None:
    made = plan(finished())
    assert {decision["action"] for decision in made["decisions"]} == {"reuse", "keep"}
    assert len(made["decisions"]) == len(plan(facts())["decisions"])
    assert made["servers"][0]["subnetCidr"] == "10.0.7.0/24"
    assert made["cluster"]["exists"] is True
    assert made["expectedMinutes"] == 1


def test_another_number_of_nodes_changes_the_group_alone() -> None:
    seen = finished()
    seen["outposts"][0]["slots"]["free"] = 1
    made = plan(seen, nodes={"desired": 2})
    changes = [each["resource"] for each in made["decisions"] if each["action"] not in ("reuse", "keep")]
    assert changes == [f"Auto Scaling group edge-1-{OUTPOST}: 2 node(s) of c6gd.8xlarge (min 2, max 2)"]
    assert of(made, "Auto Scaling group")[1].startswith("it is ours with 1 node(s) (min 1, max 1); 1 of ours")


def test_administrators_have_a_decision_each() -> None:
    seen, admins = finished(), [f"arn:aws:iam::123456789012:role/{name}" for name in ("old", "new")]
    seen["cluster"]["accessEntries"].append(admins[0])
    made = plan(seen, request={"adminPrincipalArns": admins})
    assert [of(made, f"access entry of {admin}")[0] for admin in admins] == ["keep", "create"]


@pytest.mark.parametrize(
    ("new_cluster", "new_nodes", "minutes"), [(True, True, 15), (False, True, 6), (False, False, 1)]
)
def test_the_expected_duration(new_cluster: bool, new_nodes: bool, minutes: int) -> None:
    seen = facts() if new_cluster else finished()
    seen["outposts"][0]["slots"]["ours"] = 0 if new_nodes else 1
    seen["outposts"][0]["slots"]["free"] = 1
    assert plan(seen)["expectedMinutes"] == minutes


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            {
                "endpointAccess": {"private": False, "publicCidrs": ["203.0.113.0/24"]},
                "kubernetes": "skip",
            },
            "endpointAccess.private` asks",
        ),
        ({"logTypes": ["audit"]}, r"logTypes \[.*`logTypes` asks for \[\"audit\"\]"),
        ({"secretsKmsKeyArn": KEY}, f'secretsKmsKeyArn null, and `secretsKmsKeyArn` asks for "{KEY}"'),
        ({"deletionProtection": True}, "deletionProtection false, and `deletionProtection` asks for true"),
    ],
)
def test_what_an_existing_cluster_does_not_have_is_refused(request_: dict[str, Any], said: str) -> None:
    with pytest.raises(ClusterConflict, match=f"Cluster edge-1 exists with .*{said}"):
        plan(finished(), request=request_)


def test_other_public_blocks_than_the_existing_clusters_are_refused() -> None:
    seen = finished()
    seen["network"]["publicCidrs"] = ["203.0.113.0/24"]
    with pytest.raises(ClusterConflict, match="publicCidrs"):
        plan(seen)


def test_what_the_request_asks_of_a_new_cluster_is_planned() -> None:
    seen = facts()
    seen["network"]["publicCidrs"] = ["203.0.113.0/24"]
    request = {"logTypes": ["scheduler", "audit"], "secretsKmsKeyArn": KEY, "deletionProtection": True}
    assert plan(seen, request=request)["cluster"]["settings"] == {
        "endpointPrivate": True,
        "publicCidrs": ["203.0.113.0/24"],
        "logTypes": ["audit", "scheduler"],
        "secretsKmsKeyArn": KEY,
        "deletionProtection": True,
    }


def test_a_key_of_another_region_is_refused() -> None:
    with pytest.raises(
        InvalidRequest, match=r"`secretsKmsKeyArn` .*a key of the cluster's Region, us-west-2"
    ):
        plan(facts(), request={"secretsKmsKeyArn": KEY.replace("us-west-2", "eu-west-1")})


def test_every_server_gets_a_block_of_its_own() -> None:
    request, seen = several(3)
    # The last one asks for the block that would be the next free one.
    request["outposts"][2]["subnetCidr"] = "10.0.2.0/24"
    made = plan(seen, request=request)
    assert [server["subnetCidr"] for server in made["servers"]] == [
        "10.0.3.0/24",
        "10.0.4.0/24",
        "10.0.2.0/24",
    ]


def test_the_largest_request_has_room_in_the_state_machine_and_more_tags_are_refused() -> None:
    request, seen = several(MAX_OUTPOSTS, team="edge", stage="production")
    plan(seen, request=request)
    request, seen = several(MAX_OUTPOSTS, **{f"key-{number}": "v" * 200 for number in range(40)})
    with pytest.raises(InvalidRequest, match=r"plan for 20 servers is \d+ bytes long"):
        plan(seen, request=request)


def test_the_block_asked_for_is_taken() -> None:
    made = plan(facts(), subnetCidr="10.0.9.0/26")
    assert made["servers"][0]["subnetCidr"] == "10.0.9.0/26"
    assert "as the request asks" in of(made, "subnet")[1]


def test_no_free_block_is_refused() -> None:
    seen = facts()
    seen["network"]["vpcCidrs"] = ["10.0.0.0/23"]
    with pytest.raises(NetworkUnsupported, match=r"vpc-1 \(10\.0\.0\.0/23\) has no free /24 block"):
        plan(seen)


def test_an_image_of_another_architecture_is_refused() -> None:
    seen = facts()
    images = seen["images"][0]
    images["source"] = "request"
    del images["byArchitecture"]["arm64"]
    with pytest.raises(ImageUnsupported, match=f"c6gd.8xlarge, which needs .*arm64; {X86} is x86_64"):
        plan(seen)


def test_lni_is_enabled_on_our_subnet_that_lacks_it() -> None:
    seen = facts()
    seen["network"]["nodeSubnets"][OUTPOST] = own_subnet(None)
    assert of(plan(seen), "local network")[0] == "enable"


def test_another_device_index_on_our_subnet_is_refused() -> None:
    seen = facts()
    seen["network"]["nodeSubnets"][OUTPOST] = own_subnet(2)
    with pytest.raises(LniConflict, match=r"subnet-n has .* index 2, and lni\.deviceIndex asks for 1"):
        plan(seen)


def test_expected_times_are_those_whose_5th_percentile_the_machine_waits() -> None:
    """Log-normal, as the simulator's latencies; the cv of template.yaml's comments."""
    waits = template()["Mappings"]["Waits"]
    for name, mean, cv in (("Cluster", expected.CLUSTER, 0.2), ("Instances", expected.INSTANCES, 0.35)):
        sigma = math.sqrt(math.log(1 + cv**2))
        fifth = mean / math.sqrt(1 + cv**2) * math.exp(-1.645 * sigma)
        assert waits[name]["First"] == pytest.approx(fifth, abs=5)


@pytest.mark.parametrize("group", ["", "/eks-outposts-servers/edge/nodes"])
def test_the_handler_takes_now_from_the_event_and_the_log_group_from_the_stack(
    monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    monkeypatch.setenv("NODE_LOG_GROUP", group)
    request = {"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}]}
    event = {
        "executionId": "execution-1",
        "spec": complete(request),
        "facts": facts(),
        "now": "2027-03-01T06:00:00.123Z",
    }
    result = build_plan.handler(event, SimpleNamespace(aws_request_id="request-1"))
    assert any("in 26 days" in warning for warning in result["warnings"])
    assert result["servers"][0]["logGroup"] == (group or None)


def test_what_runs_beside_kubernetes_is_told() -> None:
    made = build(
        complete({"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}], "sessionManager": False}),
        facts(),
        TODAY,
        "/nodes",
    )
    (told,) = [each["resource"] for each in made["decisions"] if each["resource"].startswith("agents")]
    assert told.endswith("Session Manager off for good, CloudWatch agent on, to log group /nodes")
    assert made["servers"][0]["sessionManager"] is False


def test_the_lan_goes_into_the_cluster_s_plan_and_the_decisions() -> None:
    lni = {"localCidr": "192.168.10.0/24", "addressing": "static", "address": "192.168.10.5/24", "vlan": 7}
    made = plan(facts(), lni={**lni, "gateway": "192.168.10.1"})
    assert made["cluster"]["localCidrs"] == ["192.168.10.0/24"]
    (told,) = [one for one in made["decisions"] if one["resource"].startswith("LAN")]
    assert told["action"] == "enable"
    for part in ("192.168.10.5/24", "VLAN 7", "192.168.10.1"):
        assert part in told["resource"]


@pytest.mark.parametrize(("exists", "action"), [(False, "create"), (True, "enable")])
def test_metallb_and_each_server_s_addresses_are_decided(exists: bool, action: str) -> None:
    request, seen = several(2)
    first = {
        "lni": {"localCidr": "192.168.10.0/24", "vlan": 7},
        "metallb": {"addresses": ["192.168.10.200/31"]},
    }
    request["outposts"][0] |= first
    seen["cluster"]["exists"] = exists
    made = plan(seen, request=request)
    assert [server["metallb"] for server in made["servers"]] == [first["metallb"], None]
    told = [one for one in made["decisions"] if one["resource"].startswith(("MetalLB", "IPAddressPool"))]
    assert [one["action"] for one in told] == [action, action]
    assert told[0]["resource"] == "MetalLB v0.16.1 in namespace metallb-system"
    assert told[1]["resource"] == (
        f"IPAddressPool and L2Advertisement {made['servers'][0]['outpostId']}: 192.168.10.200/31, announced on lni.7"
    )
    assert sum("DHCP server gives out" in warning for warning in made["warnings"]) == 1
    assert not [one for one in plan(seen)["decisions"] if "MetalLB" in one["resource"]]


@pytest.mark.parametrize(("exists", "action"), [(False, "create"), (True, "enable")])
def test_pods_networks_are_decided(exists: bool, action: str) -> None:
    request, seen = several(2)
    second = {
        "lni": {"localCidr": "192.168.10.0/24"},
        "podNetwork": {"addresses": "192.168.10.220-192.168.10.230"},
    }
    request["outposts"][1] |= second
    seen["cluster"]["exists"] = exists
    made = plan(seen, request=request)
    assert [server["podNetwork"] for server in made["servers"]] == [None, second["podNetwork"]]
    told = [one for one in made["decisions"] if one["resource"].startswith(("Multus", "NetworkAttachment"))]
    assert [one["action"] for one in told] == [action, action]
    assert told[0]["resource"] == "Multus v4.3.0 and whereabouts v0.9.4 in namespace kube-system"
    assert told[1]["resource"] == (
        f"NetworkAttachmentDefinition eks-outposts-servers/{made['servers'][1]['outpostId']}: "
        "192.168.10.220-192.168.10.230, ipvlan on ens6"
    )
    assert sum("for pods on" in warning for warning in made["warnings"]) == 1
    assert not [one for one in plan(seen)["decisions"] if "Multus" in one["resource"]]


@pytest.mark.parametrize("lan", ["10.0.200.0/24", "10.0.0.0/8", "172.20.4.0/24", "10.100.0.0/24"])
def test_a_lan_that_overlaps_the_vpc_or_the_services_is_refused(lan: str) -> None:
    with pytest.raises(NetworkUnsupported, match=rf"outposts\[0\]\.lni\.localCidr` {lan} overlaps"):
        plan(facts(), lni={"localCidr": lan})


def test_a_new_cluster_needs_room_for_the_control_planes_interfaces() -> None:
    seen = facts()
    seen["network"]["freeAddresses"]["subnet-b"] = 5
    with pytest.raises(
        NetworkUnsupported, match=r"Subnet subnet-b of VPC vpc-1 has 5 free .* ClusterSubnetIds"
    ):
        plan(seen)
    seen = finished()
    seen["network"]["freeAddresses"]["subnet-b"] = 5
    assert plan(seen)["cluster"]["exists"]


def test_a_lan_must_be_apart_from_every_block_of_the_vpc() -> None:
    seen = facts()
    seen["network"]["vpcCidrs"].append("192.168.0.0/20")
    with pytest.raises(
        NetworkUnsupported, match=r"localCidr` 192\.168\.10\.0/24 overlaps the VPC \(192\.168\.0\.0/20\)"
    ):
        plan(seen, lni={"localCidr": "192.168.10.0/24"})


def test_a_block_of_the_vpcs_second_range_is_free_when_the_first_is_full() -> None:
    seen = facts()
    seen["network"]["vpcCidrs"] = ["10.0.0.0/24", "10.7.0.0/16"]
    assert plan(seen)["servers"][0]["subnetCidr"] == "10.7.0.0/24"
