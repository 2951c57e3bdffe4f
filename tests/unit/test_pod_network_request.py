"""The request's ``podNetwork``: what cannot be meant is refused by field, value and accepted form."""

import json
from pathlib import Path
from typing import Any

import pytest

from extended_cluster import pod_network_request
from extended_cluster.errors import InvalidRequest
from extended_cluster.request import complete
from tests.unit.test_metallb_request import FIRST, LAN, SECOND, STATIC, request

RANGE = "192.168.10.220-192.168.10.230"


def outpost(addresses: Any = RANGE, outpost_id: str = FIRST, **more: Any) -> dict[str, Any]:
    return {"outpostId": outpost_id, "lni": LAN, "podNetwork": {"addresses": addresses}, **more}


@pytest.mark.parametrize("addresses", [RANGE, "192.168.10.224/29"])
def test_a_range_and_a_block_are_kept_as_they_are(addresses: str) -> None:
    assert complete(request(outpost(addresses)))["outposts"][0]["podNetwork"] == {"addresses": addresses}


def test_null_and_nothing_are_the_same() -> None:
    none = {"outpostId": FIRST, "podNetwork": None}
    assert complete(request(none)) == complete(request({"outpostId": FIRST}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("192.168.10.220", "neither a block with its mask nor a range"),
        ("192.168.10.230-192.168.10.220", "which is before"),
        ("192.168.11.220-192.168.11.230", "not inside lni.localCidr 192.168.10.0/24"),
        ("192.168.10.250-192.168.10.255", "contains the broadcast address"),
        ("192.168.10.1-192.168.10.3", "contains the gateway's address 192.168.10.1"),
        ("192.168.10.20-192.168.10.22", "contains the node's own address 192.168.10.21"),
    ],
)
def test_what_no_pod_could_have(text: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        complete(request(outpost(text, lni=STATIC)))
    said = (f'`outposts[0].podNetwork.addresses` is "{text}"', reason, "Accepted: IPv4 addresses of hosts")
    assert [part for part in said if part not in str(refused.value)] == []


@pytest.mark.parametrize(
    "pod_network", [{}, [RANGE], {"addresses": [RANGE]}, {"addresses": RANGE, "mode": "l3"}]
)
def test_the_shape(pod_network: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"outposts\[0\]\.podNetwork"):
        complete(request({"outpostId": FIRST, "lni": LAN, "podNetwork": pod_network}))


def test_addresses_need_the_lan() -> None:
    with pytest.raises(
        InvalidRequest, match=r"`outposts\[0\]\.lni\.localCidr` is null: outposts\[0\]\.podNetwork"
    ):
        complete(request(outpost(lni={})))


def test_nobody_gives_addresses_where_kubernetes_is_skipped() -> None:
    with pytest.raises(InvalidRequest, match=r"`kubernetes` is \"skip\" and `outposts\[1\]\.podNetwork`"):
        complete({**request({"outpostId": FIRST}, outpost(outpost_id=SECOND)), "kubernetes": "skip"})


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"metallb": {"addresses": ["192.168.10.230/32"]}}, r"metallb\.addresses\[0\]` .* overlaps"),
        (
            {"podNetwork": {"addresses": "192.168.10.230-192.168.10.235"}},
            r"podNetwork\.addresses` .* overlaps",
        ),
    ],
)
def test_nobody_on_another_server_has_the_address(second: dict[str, Any], said: str) -> None:
    more = {"outpostId": SECOND, "lni": LAN, **second}
    with pytest.raises(InvalidRequest, match=rf"outposts\[1\]\.{said} outposts\[0\]\.podNetwork\.addresses"):
        complete(request(outpost(), more))
    elsewhere = json.loads(json.dumps(second).replace("192.168.10.", "192.168.11."))
    more = {"outpostId": SECOND, "lni": {"localCidr": "192.168.11.0/24"}, **elsewhere}
    assert complete(request(outpost(), more))


def test_pods_have_none_of_metallb_s() -> None:
    with pytest.raises(
        InvalidRequest, match=r"podNetwork\.addresses` .* overlaps outposts\[0\]\.metallb\.addresses\[0\]"
    ):
        complete(request(outpost(metallb={"addresses": ["192.168.10.228/30"]})))


def test_the_sample_is_a_good_request() -> None:
    sample = Path(__file__).parents[2] / "events" / "provision-with-pod-network.json"
    spec = complete(json.loads(sample.read_text()))
    first, second = pod_network_request.warnings(spec["outposts"])
    assert f"{RANGE} for pods on {FIRST}" in first
    assert "does not prove" in second
    assert pod_network_request.warnings(complete(request({"outpostId": FIRST}))["outposts"]) == []
