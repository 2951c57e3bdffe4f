"""MetalLB as we apply it, on the layer and on a real API server alike: nobody's pods run, so its webhook is closed."""

from collections.abc import Iterator
from typing import Any

import pytest
from apply_address_pools import change
from apply_metallb import install

from extended_cluster import address_pools
from extended_cluster.metallb_manifest import objects
from tests.kubernetes.asked import Asked, Refused
from tests.kubernetes.conftest import Kubernetes
from tests.unit.server_plan import OUTPOST, SERVER

type Json = dict[str, Any]

WEBHOOK = "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "metallb-webhook-configuration"
POOLS = "metallb.io/v1beta1", "IPAddressPool"
SERVERS: Any = [{**SERVER, "metallb": {"addresses": ["192.168.10.200-192.168.10.210", "192.168.10.240/29"]}}]


def manifest(kubernetes: Kubernetes) -> list[Json]:
    """The objects as they are applied; a real server of 1.20 is spared what it is too old for."""
    return [_for_old(each) for each in objects("")] if kubernetes.real else objects("")


def _for_old(value: Any) -> Any:
    """Without CEL rules (1.23), and with the ports' protocol, which apply did not know a default for before 1.21."""
    if isinstance(value, list):
        return [_for_old(each) for each in value]
    if not isinstance(value, dict):
        return value
    port = {"protocol": "TCP"} if "containerPort" in value or "targetPort" in value else {}
    return port | {key: _for_old(each) for key, each in value.items() if key != "x-kubernetes-validations"}


@pytest.fixture(scope="module")
def installed(kubernetes: Kubernetes) -> Iterator[Asked]:
    asked = Asked(kubernetes)
    install(asked, manifest(kubernetes))
    for _ in range(30):
        if kubernetes.ask("GET", "/apis/metallb.io/v1beta1/ipaddresspools").code == 200:
            break
        kubernetes.server.pass_time(1)
    yield asked
    for each in reversed(manifest(kubernetes)):  # the server is all modules'
        meta = each["metadata"]
        asked.delete(each["apiVersion"], each["kind"], meta["name"], meta.get("namespace", ""))
    kubernetes.server.pass_time(30)


def stored(asked: Asked, wanted: Json) -> Json:
    meta = wanted["metadata"]
    found = asked.get(wanted["apiVersion"], wanted["kind"], meta["name"], meta.get("namespace", ""))
    assert found, wanted["metadata"]["name"]
    return found


def lost(wanted: Any, found: Any, place: str = "") -> list[str]:
    """What was applied and is not there; lists item by item, in their order."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return [place]
        return [gone for key in wanted for gone in lost(wanted[key], found.get(key), f"{place}.{key}")]
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return [place]
        return [
            gone
            for n, (a, b) in enumerate(zip(wanted, found, strict=True))
            for gone in lost(a, b, f"{place}[{n}]")
        ]
    return [] if wanted == found else [f"{place}: {wanted!r} is {found!r}"]


def test_everything_is_kept_as_it_was_applied(kubernetes: Kubernetes, installed: Asked) -> None:
    wanted = manifest(kubernetes)
    told = {f"{w['kind']} {w['metadata']['name']}": lost(w, stored(installed, w)) for w in wanted}
    assert {name: gone for name, gone in told.items() if gone} == {}


def test_a_second_time_changes_nothing(kubernetes: Kubernetes, installed: Asked) -> None:
    kubernetes.server.pass_time(5)  # until the controllers have written what they write
    wanted = manifest(kubernetes)
    if (
        kubernetes.real
    ):  # before 1.25 a rule's default, taken away and filled in again, was a change (#106388)
        assert wanted.pop()["kind"] == WEBHOOK[1]

    def versions() -> list[str]:
        return [stored(installed, each)["metadata"]["resourceVersion"] for each in wanted]

    before = versions()
    install(installed, manifest(kubernetes))
    assert versions() == before


def test_the_controller_s_certificate_is_not_fought_over(kubernetes: Kubernetes, installed: Asked) -> None:
    """It writes caBundle by Update, as the process it is: field manager `controller`."""
    path = f"/apis/{WEBHOOK[0]}/validatingwebhookconfigurations/{WEBHOOK[2]}"
    found = kubernetes.ask("GET", path).body
    for webhook in found["webhooks"]:
        webhook["clientConfig"]["caBundle"] = "Q0E="
    assert kubernetes.ask("PUT", f"{path}?fieldManager=controller", found).code == 200
    secret = "/api/v1/namespaces/metallb-system/secrets/metallb-webhook-cert"
    cert = kubernetes.ask("GET", secret).body | {"data": {"tls.crt": "Q0E="}}
    assert kubernetes.ask("PUT", f"{secret}?fieldManager=controller", cert).code == 200
    install(installed, manifest(kubernetes))
    webhooks = kubernetes.ask("GET", path).body["webhooks"]
    assert {each["clientConfig"]["caBundle"] for each in webhooks} == {"Q0E="}
    assert kubernetes.ask("GET", secret).body["data"] == {"tls.crt": "Q0E="}


def test_what_somebody_changed_is_a_conflict(kubernetes: Kubernetes, installed: Asked) -> None:
    path = "/apis/apps/v1/namespaces/metallb-system/daemonsets/speaker"
    patch = {"spec": {"template": {"spec": {"nodeSelector": {"eks-outposts-servers/lni": "mine"}}}}}
    kind = "application/merge-patch+json"
    assert kubernetes.ask("PATCH", f"{path}?fieldManager=kubectl-edit", patch, kind=kind).code == 200
    with pytest.raises(Refused, match="kubectl-edit") as refused:
        install(installed, manifest(kubernetes))
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")
    for each in manifest(kubernetes):
        if each["kind"] == "DaemonSet":
            installed.apply(each, force=True)
    install(installed, manifest(kubernetes))


def test_a_pool_is_refused_until_metallb_answers(installed: Asked) -> None:
    """The webhook fails closed; nothing but code and reason says so (apply_address_pools.py)."""
    with pytest.raises(Refused) as refused:
        change(installed, SERVERS)
    assert (refused.value.code, refused.value.reason) == (500, "InternalError")
    assert installed.list(*POOLS, "metallb-system") == []


def test_pools_and_advertisements_are_what_metallb_defines(kubernetes: Kubernetes, installed: Asked) -> None:
    installed.delete(*WEBHOOK)
    kubernetes.server.pass_time(2)
    assert change(installed, SERVERS) == {"applied": [OUTPOST], "removed": []}
    wanted = [address_pools.pool(OUTPOST, SERVERS[0]["metallb"]), address_pools.advertisement(SERVERS[0])]
    assert [lost(each, stored(installed, each)) for each in wanted] == [[], []]
    before = [stored(installed, each)["metadata"]["resourceVersion"] for each in wanted]
    change(installed, SERVERS)
    assert [stored(installed, each)["metadata"]["resourceVersion"] for each in wanted] == before
    assert change(installed, [SERVER]) == {"applied": [], "removed": [OUTPOST]}
    assert installed.list(*POOLS, "metallb-system") == []
