"""ApplyAddressPools: one pool and one advertisement for each server; nothing of others', nothing in use, is touched."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import apply_address_pools
import pytest

from extended_cluster import address_pools
from extended_cluster.errors import (
    NetworkServicesConflict,
    NetworkServicesNotReady,
    NotReadyYet,
    Throttled,
)
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.server_plan import OUTPOST, SERVER

type Json = dict[str, Any]

OTHER = "op-0a1b2c3d4e5f60002"
LOW, HIGH = "192.168.10.200-192.168.10.210", "192.168.10.240/29"


def server(*addresses: str, outpost_id: str = OUTPOST) -> Json:
    return {
        **SERVER,
        "outpostId": outpost_id,
        "metallb": {"addresses": list(addresses)} if addresses else None,
    }


def run(
    kubernetes: FakeKubernetes, monkeypatch: pytest.MonkeyPatch, *servers: Json, look: int = 0
) -> dict[str, list[str]]:
    monkeypatch.setattr(apply_address_pools, "connect", lambda _: kubernetes)
    event = {"executionId": "arn", "cluster": {}, "servers": list(servers), "look": look, "lastLook": 3}
    pools: dict[str, list[str]] = apply_address_pools.handler(event, SimpleNamespace(aws_request_id="1"))[
        "pools"
    ]
    return pools


def there(*addresses: str, name: str = OUTPOST, ours: bool = True) -> list[Json]:
    pool = address_pools.pool(name, {"addresses": list(addresses)})
    advertisement = address_pools.advertisement({**SERVER, "outpostId": name})
    if not ours:
        pool["metadata"]["labels"] = advertisement["metadata"]["labels"] = {}
    return [pool, advertisement]


def service(*addresses: str, lb_class: str | None = "eks-outposts-servers/metallb") -> Json:
    spec = {"type": "LoadBalancer"} | ({"loadBalancerClass": lb_class} if lb_class else {})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "till", "namespace": "shop"},
        "spec": spec,
        "status": {"loadBalancer": {"ingress": [{"ip": each} for each in addresses]}} if addresses else {},
    }


def written(kubernetes: FakeKubernetes) -> Sequence[object]:
    return [*kubernetes.applied, *kubernetes.deleted]


def test_each_server_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes()
    servers = server(LOW), server(HIGH, outpost_id=OTHER), server(outpost_id="op-0a1b2c3d4e5f60003")
    assert run(kubernetes, monkeypatch, *servers) == {"applied": [OUTPOST, OTHER], "removed": []}
    assert kubernetes.applied == [*there(LOW), *there(HIGH, name=OTHER)]
    assert kubernetes.forced == []
    labels = {"app.kubernetes.io/managed-by": "eks-outposts-servers", "eks-outposts-servers/outpost": OTHER}
    assert kubernetes.applied[2]["metadata"] == {
        "name": OTHER,
        "namespace": "metallb-system",
        "labels": labels,
    }


def test_a_second_time_asks_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(service("192.168.10.200"), *there(LOW))
    assert run(kubernetes, monkeypatch, server(LOW)) == {"applied": [OUTPOST], "removed": []}
    assert kubernetes.applied == there(LOW)


def test_addresses_that_nobody_asks_for_any_more_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(service("192.168.10.240"), *there(LOW), *there(HIGH, name=OTHER))
    assert run(kubernetes, monkeypatch, server()) == {"applied": [], "removed": [OUTPOST]}
    assert [kind for _, kind, _, _ in kubernetes.deleted] == ["L2Advertisement", "IPAddressPool"]
    assert {name for *_, name in kubernetes.deleted} == {OUTPOST}  # the other server is not in the request


def test_what_one_server_gives_up_another_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(*there(LOW))
    wanted = server(), server(LOW, outpost_id=OTHER)
    assert run(kubernetes, monkeypatch, *wanted) == {"applied": [OTHER], "removed": [OUTPOST]}


@pytest.mark.parametrize(
    ("asked", "said"),
    [((), "asks for no addresses"), (("192.168.10.200-192.168.10.204",), "192.168.10.200-192.168.10.204")],
)
def test_no_service_loses_its_address(
    asked: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes = FakeKubernetes(*there(LOW), service("192.168.10.205"))
    with pytest.raises(NetworkServicesConflict) as refused:
        run(kubernetes, monkeypatch, server(*asked))
    assert [
        part for part in (OUTPOST, said, "shop/till (192.168.10.205)") if part not in str(refused.value)
    ] == []
    assert written(kubernetes) == []


@pytest.mark.parametrize(
    "user",
    [
        service("192.168.10.200"),  # stays inside
        service(),  # waits for an address
        service("192.168.10.205", lb_class=None),  # another load balancer's
        service("192.168.20.205"),  # another pool's
        service("fd00::5"),
    ],
)
def test_an_unused_part_may_go(user: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(*there(LOW), user)
    run(kubernetes, monkeypatch, server("192.168.10.200-192.168.10.204"))
    assert kubernetes.applied == there("192.168.10.200-192.168.10.204")


@pytest.mark.parametrize("kind", [0, 1], ids=["pool", "advertisement"])
@pytest.mark.parametrize("asked", [(LOW,), ()])
def test_what_only_has_our_name_is_left_alone(
    kind: int, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    kubernetes = FakeKubernetes(there(LOW, ours=False)[kind])
    with pytest.raises(NetworkServicesConflict, match=f"{OUTPOST} is not ours"):
        run(kubernetes, monkeypatch, server(*asked))
    assert written(kubernetes) == []


@pytest.mark.parametrize(
    "taken", ["192.168.10.210/32", "192.168.10.193/26", "192.168.10.190 - 192.168.10.220", "192.168.0.0/16"]
)
def test_another_pool_s_addresses_are_not_asked_for(taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(there("fd00::/120", taken, name="office", ours=False)[0])
    with pytest.raises(NetworkServicesConflict, match="overlaps IPAddressPool office"):
        run(kubernetes, monkeypatch, server(LOW))
    assert written(kubernetes) == []


def test_a_webhook_that_does_not_answer_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Throttled("answered apply with 500 InternalError", do="Later.")
    kubernetes = FakeKubernetes(failures={("apply", "IPAddressPool"): closed})
    with pytest.raises(NotReadyYet, match="500 InternalError"):
        run(kubernetes, monkeypatch, server(LOW), look=2)
    with pytest.raises(NetworkServicesNotReady, match=r"500 InternalError.*webhook must answer"):
        run(kubernetes, monkeypatch, server(LOW), look=3)


def test_without_metallb_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    kubernetes = FakeKubernetes(missing=["IPAddressPool", "L2Advertisement"])
    assert run(kubernetes, monkeypatch, server()) == {"applied": [], "removed": []}
    assert written(kubernetes) == []
