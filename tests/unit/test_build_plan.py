"""BuildPlan: facts and request in, plan with reasons out."""

from copy import deepcopy
from datetime import date
from types import SimpleNamespace
from typing import Any

import build_plan
import pytest

from extended_cluster.errors import ImageUnsupported, LniConflict, NetworkUnsupported
from extended_cluster.plan import build
from extended_cluster.request import complete
from extended_cluster.types import Facts, NodeSubnet, Plan

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
    },
    "network": {
        "vpcId": "vpc-1",
        "vpcCidrs": ["10.0.0.0/16"],
        "clusterSubnetIds": ["subnet-a", "subnet-b"],
        "routeTableId": "rtb-1",
        "takenCidrs": ["10.0.0.0/24", "10.0.1.0/24"],
        "nodeSubnets": {},
    },
}


def facts() -> Facts:
    return deepcopy(FACTS)


def own_subnet(index: int | None) -> NodeSubnet:
    return {
        "subnetId": "subnet-n",
        "cidr": "10.0.7.0/24",
        "availabilityZone": "us-west-2a",
        "lniDeviceIndex": index,
    }


def plan(seen: Facts, today: date = TODAY, **fields: Any) -> Plan:
    request = {
        "clusterName": "edge-1",
        "tags": {"team": "edge"},
        "outposts": [{"outpostId": OUTPOST, **fields}],
    }
    return build(complete(request), seen, today)


def actions(made: Plan) -> list[str]:
    return [decision["action"] for decision in made["decisions"]]


def test_the_plan_of_a_new_cluster() -> None:
    made = plan(facts(), nodes={"desired": 1, "max": 2})
    assert made["cluster"] == {
        "name": "edge-1",
        "version": "1.35",
        "exists": False,
        "tags": TAGS,
        "deletionProtection": False,
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
            "action": "reuse",
            "resource": f"image {ARM} (node-arm64, arm64)",
            "reason": "EKS recommends it for Kubernetes 1.35 on Amazon Linux 2023; it has one EBS snapshot",
        },
        {
            "action": "create",
            "resource": f"launch template and Auto Scaling group {name}: 1 node(s) of c6gd.8xlarge (min 1, max 2)",
            "reason": "0 of ours running, 1 of 2 slots free; the largest type with room, or that of our nodes",
        },
    ]


def test_a_finished_cluster_is_reused_and_kept_throughout() -> None:
    seen = facts()
    seen["cluster"] = {**seen["cluster"], "exists": True, "status": "ACTIVE", "versionSource": "existing"}
    seen["network"]["nodeSubnets"][OUTPOST] = own_subnet(1)
    seen["outposts"][0]["slots"] = {"total": 2, "used": 2, "free": 0, "ours": 1}
    made = plan(seen)
    assert actions(made) == ["reuse", "reuse", "keep", "keep", "reuse", "keep"]
    assert made["servers"][0]["subnetCidr"] == "10.0.7.0/24"
    assert made["cluster"]["exists"] is True


def test_the_block_asked_for_is_taken() -> None:
    made = plan(facts(), subnetCidr="10.0.9.0/26")
    assert made["servers"][0]["subnetCidr"] == "10.0.9.0/26"
    assert "as the request asks" in made["decisions"][1]["reason"]


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
    assert actions(plan(seen))[2] == "enable"


def test_another_device_index_on_our_subnet_is_refused() -> None:
    seen = facts()
    seen["network"]["nodeSubnets"][OUTPOST] = own_subnet(2)
    with pytest.raises(LniConflict, match=r"subnet-n has .* index 2, and lni\.deviceIndex asks for 1"):
        plan(seen)


def test_the_plan_always_says_that_aws_does_not_support_this() -> None:
    assert plan(facts(), lni={"localCidr": "192.168.10.0/24"})["warnings"] == [
        "EKS nodes on Outposts servers are not supported by AWS: EKS on Outposts is supported on racks only."
    ]


@pytest.mark.parametrize(("today", "warned"), [(date(2026, 12, 26), False), (date(2026, 12, 27), True)])
def test_standard_support_that_ends_within_90_days_is_warned_of(today: date, warned: bool) -> None:
    warnings = plan(facts(), today, lni={"localCidr": "192.168.10.0/24"})["warnings"][1:]
    assert [("1.35 ends on 2027-03-27, in 90 days" in warning) for warning in warnings] == [True] * warned


def test_the_handler_takes_now_from_the_event() -> None:
    request = {"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}]}
    event = {
        "executionId": "execution-1",
        "spec": complete(request),
        "facts": facts(),
        "now": "2027-03-01T06:00:00.123Z",
    }
    result = build_plan.handler(event, SimpleNamespace(aws_request_id="request-1"))
    assert "in 26 days" in result["warnings"][1]


def test_the_lan_goes_into_the_cluster_s_plan_and_the_decisions() -> None:
    lni = {"localCidr": "192.168.10.0/24", "addressing": "static", "address": "192.168.10.5/24", "vlan": 7}
    made = plan(facts(), lni={**lni, "gateway": "192.168.10.1"})
    assert made["cluster"]["localCidrs"] == ["192.168.10.0/24"]
    (told,) = [one for one in made["decisions"] if one["resource"].startswith("LAN")]
    assert told["action"] == "enable"
    for part in ("192.168.10.5/24", "VLAN 7", "192.168.10.1"):
        assert part in told["resource"]


@pytest.mark.parametrize("lan", ["10.0.200.0/24", "10.0.0.0/8", "172.20.4.0/24", "10.100.0.0/24"])
def test_a_lan_that_overlaps_the_vpc_or_the_services_is_refused(lan: str) -> None:
    with pytest.raises(NetworkUnsupported, match=rf"outposts\[0\]\.lni\.localCidr` {lan} overlaps"):
        plan(facts(), lni={"localCidr": lan})
