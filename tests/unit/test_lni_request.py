"""The request's ``lni``: what contradicts itself is refused by field, value and accepted form."""

import json
from pathlib import Path
from typing import Any

import pytest

from extended_cluster.errors import InvalidRequest
from extended_cluster.request import complete

LAN = "192.168.10.0/24"
STATIC = {"addressing": "static", "localCidr": LAN, "address": "192.168.10.21/24"}


def lni(given: dict[str, Any], **outpost: Any) -> dict[str, Any]:
    one = {"outpostId": "op-0a1b2c3d4e5f60001", "lni": given, **outpost}
    return {**complete({"clusterName": "edge-1", "outposts": [one]})["outposts"][0]["lni"]}


def test_what_is_left_out_has_its_default() -> None:
    assert lni({"mtu": 1400.0, "vlan": 7.0}) == {
        "deviceIndex": 1,
        "addressing": "dhcp",
        "address": None,
        "localCidr": None,
        "gateway": None,
        "mtu": 1400,
        "vlan": 7,
    }
    assert lni({**STATIC, "gateway": "192.168.10.1"})["address"] == "192.168.10.21/24"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mtu": 9001}, ("lni.mtu` is 9001", "1280 to 1500")),
        ({"vlan": 4095}, ("lni.vlan` is 4095", "1 to 4094")),
        ({"addressing": "none"}, ('lni.addressing` is "none"', "dhcp")),
        ({"localCidr": "192.168.10.5/24"}, ('lni.localCidr` is "192.168.10.5/24"', "host bits")),
        ({"localCidr": "lan"}, ('lni.localCidr` is "lan"', "IPv4 network")),
        ({"localCidr": "192.168.10.5"}, ("lni.localCidr", "from /8 to /30")),
        ({"localCidr": "0.0.0.0/0"}, ("lni.localCidr", "from /8 to /30")),
        ({"address": "192.168.10.21/24", "localCidr": LAN}, ("lni.address", "addressing is dhcp")),
        ({"addressing": "static"}, ("lni.localCidr` is null", "static needs it")),
        ({"addressing": "static", "localCidr": LAN}, ("lni.address` is null", "static needs it")),
        ({**STATIC, "address": "192.168.11.21/24"}, ("lni.address", "not an address of localCidr")),
        ({**STATIC, "address": "192.168.10.21/25"}, ("lni.address", "with its mask")),
        ({**STATIC, "address": "192.168.10.21"}, ("lni.address", "with its mask")),
        ({**STATIC, "address": "192.168.10.300/24"}, ("lni.address", "300")),
        ({**STATIC, "address": "192.168.10.0/24"}, ("lni.address", "network or broadcast")),
        ({"gateway": "192.168.10.1"}, ("lni.gateway", "localCidr is missing")),
        ({"gateway": "192.168.11.1", "localCidr": LAN}, ("lni.gateway", "inside localCidr")),
        ({"gateway": "192.168.10.255", "localCidr": LAN}, ("lni.gateway", "inside localCidr")),
        ({"gateway": "router", "localCidr": LAN}, ("lni.gateway", '"router"')),
        ({**STATIC, "gateway": "192.168.10.21"}, ("lni.gateway", "own address")),
    ],
    ids=str,
)
def test_what_cannot_be_meant(given: dict[str, Any], said: tuple[str, ...]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        lni(given)
    assert [part for part in (*said, "Accepted: ") if part not in str(refused.value)] == []


def test_one_static_address_is_for_one_node() -> None:
    with pytest.raises(InvalidRequest, match=r"lni\.address` .* nodes\.max is 2"):
        lni(STATIC, nodes={"desired": 1, "max": 2})


@pytest.mark.parametrize("name", ["provision-with-lan", "provision-with-static-address"])
def test_the_samples_are_valid(name: str) -> None:
    complete(json.loads((Path(__file__).parents[2] / "events" / f"{name}.json").read_text()))
