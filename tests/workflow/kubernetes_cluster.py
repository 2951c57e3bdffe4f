"""The cluster that test_kubernetes proves: two nodes on one server, one on another, on one LAN."""

from typing import Any

from tests.workflow.conftest import SERVER_1U, SERVER_2U

CLUSTER = "edge-proven"
LAN = "192.168.10.0/24"
POOLS = {SERVER_2U: ["192.168.10.200-192.168.10.203"], SERVER_1U: ["192.168.10.210-192.168.10.213"]}


def request(admin: str) -> dict[str, Any]:
    """admin: the ARN of a role."""
    return {
        "clusterName": CLUSTER,
        "outposts": [_server(SERVER_2U, 2), _server(SERVER_1U, 1)],
        "adminPrincipalArns": [admin],
    }


def _server(outpost: str, nodes: int) -> dict[str, Any]:
    lni = {"deviceIndex": 1, "addressing": "dhcp", "localCidr": LAN, "gateway": "192.168.10.1"}
    metallb = {"addresses": list(POOLS[outpost])}
    return {"outpostId": outpost, "nodes": {"desired": nodes}, "lni": lni, "metallb": metallb}
