"""What a test may do to the servers' LANs by the simulator's own endpoint."""

from typing import Any

from werkzeug.test import Client

from simulator import guest
from simulator.cloud import Cloud
from simulator.control import Control


def test_each_member_stands_in_place_of_what_it_was() -> None:
    cloud = Cloud()
    guest.operations(cloud)
    client = Client(Control(cloud))

    def post(**body: Any) -> Any:
        return client.post("/_simulator/lan", json=body)

    assert post(unplugged=["i-1"], strangers={"192.168.10.1": "02:00:00:00:00:99"}).status_code == 200
    told = post(silent=["i-2"], mtu=1400).get_json()
    assert told == {
        "unplugged": ["i-1"],
        "silent": ["i-2"],
        "strangers": {"192.168.10.1": "02:00:00:00:00:99"},
        "mtu": 1400,
    }
    assert post(unplugged=[]).get_json()["unplugged"] == []
    assert cloud.guest.lan.silent == {"i-2"}
    assert post(unpluged=["i-1"]).status_code == 400
