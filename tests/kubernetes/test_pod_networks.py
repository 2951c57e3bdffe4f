"""Multus and whereabouts as we apply them, on the layer and on a real API server alike."""

from collections.abc import Iterator
from typing import Any

import pytest
from apply_pod_networks import install

from extended_cluster import pod_network
from extended_cluster.errors import NetworkServicesConflict
from extended_cluster.pod_networks_manifest import objects
from tests.kubernetes.asked import Asked, Refused
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.test_metallb import lost, stored
from tests.unit.server_plan import OUTPOST, SERVER
from tests.unit.test_apply_pod_networks import pool

type Json = dict[str, Any]

ATTACHMENTS = "/apis/k8s.cni.cncf.io/v1/network-attachment-definitions"
BEFORE: Any = {"addresses": "192.168.10.220-192.168.10.230"}
AFTER: Any = {"addresses": "192.168.10.224/29"}


@pytest.fixture(scope="module")
def installed(kubernetes: Kubernetes) -> Iterator[Asked]:
    asked = Asked(kubernetes)
    wanted = pod_network.attachment(SERVER, BEFORE)
    install(asked, objects(""), [wanted])
    for _ in range(30):
        if kubernetes.ask("GET", ATTACHMENTS).code == 200:
            break
        kubernetes.server.pass_time(1)
    asked.apply(wanted)
    yield asked
    for each in reversed(objects("")):  # the server is all modules'
        meta = each["metadata"]
        asked.delete(each["apiVersion"], each["kind"], meta["name"], meta.get("namespace", ""))
    kubernetes.server.pass_time(30)


def test_everything_is_kept_as_it_was_applied(installed: Asked) -> None:
    wanted = [*objects(""), pod_network.attachment(SERVER, BEFORE)]
    told = {f"{w['kind']} {w['metadata']['name']}": lost(w, stored(installed, w)) for w in wanted}
    assert {name: gone for name, gone in told.items() if gone} == {}


def test_a_second_time_changes_nothing(kubernetes: Kubernetes, installed: Asked) -> None:
    kubernetes.server.pass_time(5)  # until the controllers have written what they write

    def versions() -> list[str]:
        return [stored(installed, each)["metadata"]["resourceVersion"] for each in objects("")]

    before = versions()
    install(installed, objects(""), [])
    assert versions() == before


def test_what_somebody_changed_is_a_conflict(kubernetes: Kubernetes, installed: Asked) -> None:
    path = "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-multus-ds"
    patch = {"spec": {"template": {"spec": {"nodeSelector": {"eks-outposts-servers/lni": "mine"}}}}}
    kind = "application/merge-patch+json"
    assert kubernetes.ask("PATCH", f"{path}?fieldManager=kubectl-edit", patch, kind=kind).code == 200
    with pytest.raises(Refused, match="kubectl-edit") as refused:
        install(installed, objects(""), [])
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")
    for each in objects(""):
        if each["kind"] == "DaemonSet":
            installed.apply(each, force=True)
    install(installed, objects(""), [])


def test_the_definition_takes_no_other_form(installed: Asked) -> None:
    wrong = {**pod_network.attachment(SERVER, BEFORE), "spec": {"config": {"type": "ipvlan"}}}
    with pytest.raises(Refused, match=r"spec\.config"):
        installed.apply(wrong)


def test_an_address_that_whereabouts_gave_stays_in_the_range(installed: Asked) -> None:
    """Its pool, as whereabouts writes it."""
    taken = pool(_220="camera")
    installed.apply(taken)
    with pytest.raises(
        NetworkServicesConflict, match=r"default/camera \(192\.168\.10\.220\) would be outside"
    ):
        install(installed, objects(""), [pod_network.attachment(SERVER, AFTER)])
    meta = taken["metadata"]
    assert installed.delete(taken["apiVersion"], taken["kind"], meta["name"], meta["namespace"])
    install(installed, objects(""), [pod_network.attachment(SERVER, AFTER)])
    assert installed.apply(pod_network.attachment(SERVER, AFTER))["metadata"]["name"] == OUTPOST
