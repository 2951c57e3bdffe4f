"""The request's ``metallb``: what cannot be meant is refused by field, value and accepted form."""

import json
from pathlib import Path
from typing import Any

import pytest

from extended_cluster import metallb_request
from extended_cluster.errors import InvalidRequest
from extended_cluster.request import complete

FIRST, SECOND = "op-0a1b2c3d4e5f60001", "op-0a1b2c3d4e5f60002"
LAN = {"localCidr": "192.168.10.0/24", "gateway": "192.168.10.1"}
STATIC = {**LAN, "addressing": "static", "address": "192.168.10.21/24"}
GOOD = ["192.168.10.200-192.168.10.210", "192.168.10.240/29", "192.168.10.5/32", "192.168.10.6-192.168.10.6"]


def outpost(addresses: Any, lni: dict[str, Any] = LAN, outpost_id: str = FIRST) -> dict[str, Any]:
    return {"outpostId": outpost_id, "lni": lni, "metallb": {"addresses": addresses}}


def request(*outposts: dict[str, Any]) -> dict[str, Any]:
    return {"clusterName": "edge-1", "outposts": list(outposts)}


def test_ranges_and_blocks_are_kept_as_they_are() -> None:
    assert complete(request(outpost(GOOD)))["outposts"][0]["metallb"] == {"addresses": GOOD}


def test_null_and_nothing_are_the_same() -> None:
    one = {"outpostId": FIRST, "metallb": None}
    assert complete(request(one)) == complete(request({"outpostId": FIRST}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("fe80::1/64", "fe80"),
        ("fe80::1-fe80::9", "fe80"),
        ("192.168.10.5", "neither a block with its mask nor a range"),
        ("192.168.10.5/24", "host bits"),
        ("192.168.10.300/32", "300"),
        ("192.168.10.210-192.168.10.200", "ends with 192.168.10.200, which is before 192.168.10.210"),
        ("192.168.10.200-", "empty"),
        ("192.168.10.200-210", "210"),
        ("192.168.10.200-192.168.10.201-192.168.10.202", "192.168.10.201-192.168.10.202"),
        ("192.168.11.200-192.168.11.210", "not inside lni.localCidr 192.168.10.0/24"),
        ("192.168.10.250-192.168.11.4", "not inside lni.localCidr"),
        ("192.168.9.250-192.168.10.4", "not inside lni.localCidr"),
        ("192.168.10.0/28", "contains the network address 192.168.10.0"),
        ("192.168.10.248/29", "contains the broadcast address 192.168.10.255"),
        ("192.168.10.1-192.168.10.3", "contains the gateway's address 192.168.10.1"),
        ("192.168.10.20-192.168.10.22", "contains the node's own address 192.168.10.21"),
    ],
)
def test_what_no_service_could_have(text: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        complete(request(outpost(["192.168.10.100/32", text], STATIC)))
    said = (f'`outposts[0].metallb.addresses[1]` is "{text}"', reason, "Accepted: IPv4 addresses of hosts")
    assert [part for part in said if part not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("metallb", "said"),
    [
        ({}, "`outposts[0].metallb` lacks `outposts[0].metallb.addresses`"),
        ({"addresses": []}, "`outposts[0].metallb.addresses` is []"),
        ({"addresses": GOOD * 5}, "a list of 1 to 16"),
        ({"addresses": [7]}, "`outposts[0].metallb.addresses[0]` is 7"),
        ({"addresses": GOOD, "autoAssign": True}, "`outposts[0].metallb.autoAssign`: no such field"),
        (GOOD, "`outposts[0].metallb` is ["),
    ],
)
def test_the_shape(metallb: Any, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        complete(request({"outpostId": FIRST, "lni": LAN, "metallb": metallb}))
    assert said in str(refused.value)


def test_addresses_need_the_lan() -> None:
    with pytest.raises(
        InvalidRequest, match=r"`outposts\[0\]\.lni\.localCidr` is null: outposts\[0\]\.metallb"
    ):
        complete(request(outpost(GOOD, {})))


def test_nobody_gives_addresses_where_kubernetes_is_skipped() -> None:
    second = outpost(GOOD, outpost_id=SECOND)
    with pytest.raises(InvalidRequest, match=r"`kubernetes` is \"skip\" and `outposts\[1\]\.metallb`"):
        complete({**request({"outpostId": FIRST}, second), "kubernetes": "skip"})


def test_one_server_s_addresses_do_not_overlap() -> None:
    with pytest.raises(
        InvalidRequest, match=r"addresses\[1\]` .* overlaps outposts\[0\]\.metallb\.addresses\[0\]"
    ):
        complete(request(outpost(["192.168.10.200-192.168.10.210", "192.168.10.208/29"])))


def test_two_servers_never_share_an_address() -> None:
    second = outpost(["192.168.10.210-192.168.10.212"], outpost_id=SECOND)
    with pytest.raises(
        InvalidRequest,
        match=r"outposts\[1\]\.metallb\.addresses\[0\]` .* outposts\[0\]\.metallb\.addresses\[0\]",
    ):
        complete(request(outpost(GOOD), second))
    apart = outpost(["192.168.10.211-192.168.10.212"], outpost_id=SECOND)
    assert len(complete(request(outpost(GOOD), apart))["outposts"]) == 2


def test_only_who_asks_for_addresses_is_warned() -> None:
    spec = complete(request(outpost(GOOD), {"outpostId": SECOND}))
    (warning,) = metallb_request.warnings(spec["outposts"])
    assert all(part in warning for part in (FIRST, *GOOD, "DHCP"))


def test_the_sample_is_valid() -> None:
    sample = Path(__file__).parents[2] / "events" / "provision-with-metallb.json"
    assert complete(json.loads(sample.read_text()))["outposts"][0]["metallb"]
