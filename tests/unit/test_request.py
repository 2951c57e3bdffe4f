"""The request: defaults, accepted forms, and messages that name field, value and accepted form."""

import json
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from extended_cluster.errors import InvalidRequest
from extended_cluster.request import complete
from extended_cluster.request_schema import SCHEMA

EVENTS = Path(__file__).parents[2] / "events"
OUTPOST, OTHER = "op-0a1b2c3d4e5f60001", "op-0a1b2c3d4e5f60002"


def request(**fields: Any) -> dict[str, Any]:
    return {"clusterName": "edge-1", "outposts": [{"outpostId": OUTPOST}], **fields}


def of_outpost(**fields: Any) -> dict[str, Any]:
    return request(outposts=[{"outpostId": OUTPOST, **fields}])


def of_endpoint(**fields: Any) -> dict[str, Any]:
    return request(endpointAccess=fields)


def test_the_least_request_gets_every_default() -> None:
    completed: dict[str, Any] = {**complete(request())}
    assert completed == {
        "clusterName": "edge-1",
        "mode": "apply",
        "kubernetesVersion": None,
        "outposts": [
            {
                "outpostId": OUTPOST,
                "instanceType": None,
                "nodes": {"min": 1, "desired": 1, "max": 1},
                "subnetCidr": None,
                "imageId": None,
                "userData": None,
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
            }
        ],
        "endpointAccess": {"private": True, "publicCidrs": [], "prefixListId": None},
        "adminPrincipalArns": [],
        "logTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        "secretsKmsKeyArn": None,
        "deletionProtection": False,
        "sessionManager": True,
        "capacityWaitMinutes": 0,
        "kubernetes": "verify",
        "drill": None,
        "onFailure": "keep",
        "tags": {},
    }


def test_a_complete_request_stays_as_it_is() -> None:
    spec = complete(of_outpost(nodes={"desired": 3}, subnetCidr="10.0.64.0/24"))
    assert complete(spec) == spec


def test_defaults_are_not_shared_between_requests() -> None:
    complete(request())["tags"]["team"] = "edge"
    assert complete(request())["tags"] == {}


def test_the_request_itself_is_left_alone() -> None:
    asked = of_outpost(nodes={"desired": 2})
    complete(asked)
    assert asked == of_outpost(nodes={"desired": 2})


@pytest.mark.parametrize(
    ("asked", "nodes"),
    [
        ({}, (1, 1, 1)),
        ({"desired": 3}, (3, 3, 3)),
        ({"min": 0}, (0, 1, 1)),
        ({"min": 2}, (2, 2, 2)),
        ({"max": 4}, (1, 1, 4)),
        ({"min": 1, "desired": 2, "max": 4}, (1, 2, 4)),
        ({"desired": 2.0}, (2, 2, 2)),
    ],
)
def test_nodes_left_out_follow_from_those_given(asked: dict[str, float], nodes: tuple[int, int, int]) -> None:
    completed = complete(of_outpost(nodes=asked))["outposts"][0]["nodes"]
    assert completed == dict(zip(("min", "desired", "max"), nodes, strict=True))
    assert all(isinstance(number, int) for number in completed.values())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (3, ["The request is 3", "clusterName and outposts"]),
        ({}, ["lacks `clusterName` and `outposts`", "for example"]),
        (request(outposts=[{}]), ["`outposts[0]` lacks `outposts[0].outpostId`", OUTPOST]),
        (request(nodes=2), ["`nodes`: no such field", "kubernetesVersion"]),
        (of_outpost(size=2), ["`outposts[0].size`: no such field", "instanceType"]),
        (of_outpost(lni={"dns": 1}), ["`outposts[0].lni.dns`: no such field", "deviceIndex"]),
        (request(clusterName="-edge"), ['`clusterName` is "-edge"', "a letter or digit"]),
        (request(clusterName="edge\n"), ["`clusterName` is", "a letter or digit"]),
        (request(clusterName="e" * 101), ["`clusterName` is", "at most 100"]),
        (request(kubernetesVersion=1.35), ["`kubernetesVersion` is 1.35", "as a string", '"1.35"']),
        (request(mode="dry-run"), ['`mode` is "dry-run"', "apply, or plan"]),
        (request(outposts=[]), ["`outposts` is []", "1 to 20 different"]),
        (request(outposts=[{"outpostId": OUTPOST}] * 21), ["`outposts` is", "1 to 20 different"]),
        (
            request(outposts=[{"outpostId": OTHER}, {"outpostId": OUTPOST}, {"outpostId": OUTPOST}]),
            [
                f'`outposts[2].outpostId` is "{OUTPOST}"',
                "so is `outposts[1].outpostId`",
                "every Outposts server once",
            ],
        ),
        (
            request(
                outposts=[
                    {"outpostId": OUTPOST, "subnetCidr": "10.0.64.0/23"},
                    {"outpostId": OTHER, "subnetCidr": "10.0.65.0/24"},
                ]
            ),
            ['`outposts[1].subnetCidr` is "10.0.65.0/24"', '`outposts[0].subnetCidr` "10.0.64.0/23"'],
        ),
        (of_endpoint(private="no"), ['`endpointAccess.private` is "no"', "true or false"]),
        (of_endpoint(public=True), ["`endpointAccess.public`: no such field", "publicCidrs"]),
        (of_endpoint(private=False), ["`endpointAccess` is", "nobody could reach", "or publicCidrs"]),
        (
            of_endpoint(publicCidrs=["203.0.113.0/24"], prefixListId="pl-0a1b2c3d4e5f60001"),
            ["`endpointAccess` is", "not both"],
        ),
        (
            of_endpoint(prefixListId="pl-1"),
            ['`endpointAccess.prefixListId` is "pl-1"', "8 or 17 hexadecimal"],
        ),
        (of_endpoint(publicCidrs=["::/0"]), ['`endpointAccess.publicCidrs[0]` is "::/0"', "an IPv4 network"]),
        (of_endpoint(publicCidrs=["203.0.113.1/24"]), ["publicCidrs[0]` is", "203.0.113.1/24", "host bits"]),
        (
            of_endpoint(publicCidrs=["0.0.0.0/1", "128.0.0.0/1"]),
            ["together they are 0.0.0.0/0, everyone", "must be written as 0.0.0.0/0"],
        ),
        (of_endpoint(publicCidrs=[f"203.0.{n}.0/24" for n in range(41)]), ["publicCidrs` is", "at most 40"]),
        (request(logTypes=["audit", "kubelet"]), ['`logTypes[1]` is "kubelet"', "controllerManager"]),
        (request(logTypes=["audit", "audit"]), ["`logTypes` is", "control plane's logs"]),
        (
            request(secretsKmsKeyArn="arn:aws:kms:us-west-2:123456789012:alias/mine"),
            ["`secretsKmsKeyArn` is", "not of an alias"],
        ),
        (request(outposts=[{"outpostId": "op-1"}]), ['`outposts[0].outpostId` is "op-1"', "17 hexadecimal"]),
        (of_outpost(imageId="ami-1"), ['`outposts[0].imageId` is "ami-1"', "8 or 17 hexadecimal"]),
        (of_outpost(instanceType="large"), ['`outposts[0].instanceType` is "large"', "c6id.8xlarge"]),
        (of_outpost(nodes={"min": -1}), ["`outposts[0].nodes.min` is -1", "0 or more"]),
        (of_outpost(nodes={"desired": 0}), ["`outposts[0].nodes.desired` is 0", "1 or more"]),
        (of_outpost(nodes={"max": "2"}), ['`outposts[0].nodes.max` is "2"', "whole number"]),
        (of_outpost(nodes={"min": True}), ["`outposts[0].nodes.min` is true", "whole number"]),
        (of_outpost(nodes={"min": 2, "desired": 1}), ["`outposts[0].nodes`", "min 2 is more than desired 1"]),
        (of_outpost(nodes={"desired": 3, "max": 2}), ["`outposts[0].nodes`", "desired 3 is more than max 2"]),
        (of_outpost(lni={"deviceIndex": 0}), ["`outposts[0].lni.deviceIndex` is 0", "1 or more"]),
        (of_outpost(subnetCidr="10.0.0.1/24"), ['`outposts[0].subnetCidr` is "10.0.0.1/24"', "host bits"]),
        (of_outpost(subnetCidr="10.0.0.0/29"), ['subnetCidr` is "10.0.0.0/29"', "/16 to /26"]),
        (of_outpost(subnetCidr="10.0.0.0/15"), ['subnetCidr` is "10.0.0.0/15"', "/16 to /26"]),
        (of_outpost(subnetCidr="10.0.0.300/24"), ["subnetCidr` is", "/16 to /26"]),
        (of_outpost(subnetCidr="10.0.0.0"), ["subnetCidr` is", "/16 to /26"]),
        (request(sessionManager="off"), ['`sessionManager` is "off"', "true or false"]),
        (request(capacityWaitMinutes=61), ["`capacityWaitMinutes` is 61", "0 to 60"]),
        (request(capacityWaitMinutes=-1), ["`capacityWaitMinutes` is -1", "0 to 60"]),
        (request(capacityWaitMinutes="30"), ['`capacityWaitMinutes` is "30"', "minutes"]),
        (request(onFailure="retry"), ['`onFailure` is "retry"', "keep what is finished"]),
        (
            request(onFailure="rollback", deletionProtection=True),
            [
                '`onFailure` is "rollback" and `deletionProtection` is true',
                "rollback without deletion protection",
            ],
        ),
        (request(drill="reboot"), ['`drill` is "reboot"', "failover: with the cluster proven"]),
        (
            request(drill="failover"),
            ['`drill` is "failover" and no server of `outposts` has `metallb`', "or null"],
        ),
        (
            request(drill="failover", kubernetes="skip"),
            ['`drill` is "failover" and `kubernetes` is "skip"', "kubernetes verify"],
        ),
        (request(kubernetes="apply"), ['`kubernetes` is "apply"', "verify to set up Kubernetes"]),
        (
            of_endpoint(private=False, publicCidrs=["203.0.113.0/24"]),
            ['`kubernetes` is "verify" and `endpointAccess.private` is false', "or skip"],
        ),
        (request(deletionProtection="yes"), ['`deletionProtection` is "yes"', "true or false"]),
        (
            request(adminPrincipalArns=["arn:aws:sts::123456789012:assumed-role/admin/me"]),
            ["`adminPrincipalArns[0]` is", "IAM role or user"],
        ),
        (
            request(adminPrincipalArns=["arn:aws:iam::123456789012:role/a"] * 2),
            ["`adminPrincipalArns` is", "different"],
        ),
        (request(tags={"Name": "n"}), ['`tags` has the key "Name"', "not Name"]),
        (request(tags={"AWS:x": "n"}), ['`tags` has the key "AWS:x"', "aws:"]),
        (request(tags={"eks-outposts-servers:cluster": "n"}), ["`tags` has the key"]),
        (request(tags={"": "n"}), ["`tags` has the key", "1 to 128"]),
        (request(tags={"team": 1}), ["`tags.team` is 1", "a string"]),
        (request(tags={str(number): "" for number in range(41)}), ["`tags` is", "at most 40"]),
    ],
    ids=str,
)
def test_a_wrong_request_is_refused_with_field_value_and_accepted_form(
    wrong: object, said: list[str]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        complete(wrong)
    assert [part for part in [*said, "Accepted: ", "start it again."] if part not in str(refused.value)] == []


def test_everyone_is_let_in_only_when_asked_for_by_name() -> None:
    asked = of_endpoint(private=False, publicCidrs=["0.0.0.0/0"])
    spec = complete({**asked, "kubernetes": "skip"})
    assert spec["endpointAccess"] == {"private": False, "publicCidrs": ["0.0.0.0/0"], "prefixListId": None}


def test_several_servers_each_get_their_own_defaults() -> None:
    spec = complete(request(outposts=[{"outpostId": OUTPOST, "nodes": {"desired": 2}}, {"outpostId": OTHER}]))
    assert [outpost["nodes"]["desired"] for outpost in spec["outposts"]] == [2, 1]


def test_the_published_schema_is_the_one_that_validates() -> None:
    """``make schema`` writes it."""
    assert json.loads((EVENTS.parent / "docs" / "request.schema.json").read_text()) == SCHEMA


def test_every_field_says_what_it_accepts_with_a_valid_example() -> None:
    def walk(field: str, schema: dict[str, Any]) -> list[str]:
        check = fastjsonschema.compile({"$schema": SCHEMA["$schema"], **schema})
        for example in schema["examples"]:
            check(example)
        inner = [
            *schema.get("properties", {}).items(),
            *(("items", schema[key]) for key in ("items",) if key in schema),
        ]
        assert schema["description"], field
        return [field, *(name for key, part in inner for name in walk(f"{field}.{key}", part))]

    assert "request.outposts.items.lni.deviceIndex" in walk("request", SCHEMA)


@pytest.mark.parametrize(
    "event", [*EVENTS.glob("provision-*.json"), *EVENTS.glob("plan-*.json")], ids=lambda path: path.name
)
def test_every_sample_request_is_valid(event: Path) -> None:
    spec = complete(json.loads(event.read_text()))
    assert spec["mode"] == ("plan" if event.name.startswith("plan-") else "apply")


def test_the_sample_requests_are_there() -> None:
    names = {path.name for path in EVENTS.iterdir()}
    assert names >= {
        "provision-one-server.json",
        "provision-own-image.json",
        "provision-three-servers.json",
        "provision-public-endpoint.json",
        "plan-one-server.json",
    }
