"""What a verification puts into a cluster and reads from it, on the layer and on a real API server alike."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from start_verification import start

from extended_cluster.errors import NotReadyYet
from extended_cluster.names import MANAGED_BY, MANAGED_BY_LABEL, METALLB_NAMESPACE
from extended_cluster.verification import objects, observed
from tests.kubernetes.asked import Asked
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.test_metallb import lost, stored
from tests.unit import verified_cluster as made

type Json = dict[str, Any]

RUN, NEXT_RUN = "0000000000000001", "0000000000000002"
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"


class Old(Asked):
    """A real server of 1.20 knows no loadBalancerClass (1.21)."""

    def apply(self, obj: Json, *, force: bool = False) -> Json:
        return super().apply(_for_old(obj), force=force)


def _for_old(obj: Json) -> Json:
    spec = {key: value for key, value in obj.get("spec", {}).items() if key != "loadBalancerClass"}
    return {**obj, "spec": spec} if spec else obj


@pytest.fixture(scope="module")
def started(kubernetes: Kubernetes) -> Iterator[Asked]:
    asked = Old(kubernetes) if kubernetes.real else Asked(kubernetes)
    # As ours, so that MetalLB's own tests may come after these; it may be there already.
    meta = {"name": METALLB_NAMESPACE, "labels": {MANAGED_BY_LABEL: MANAGED_BY}}
    kubernetes.ask("POST", "/api/v1/namespaces", {"metadata": meta})
    start(asked, RUN, made.SERVERS, made.IMAGE, last=False)
    yield asked
    asked.delete("v1", "Namespace", objects.NAMESPACE)


def wanted(kubernetes: Kubernetes) -> list[Json]:
    built = objects.build(RUN, made.SERVERS, made.IMAGE)
    return [_for_old(each) for each in built] if kubernetes.real else built


def test_everything_is_kept_as_it_was_applied(kubernetes: Kubernetes, started: Asked) -> None:
    told = {
        f"{each['kind']} {each['metadata']['name']}": lost(each, stored(started, each))
        for each in wanted(kubernetes)
    }
    assert {name: gone for name, gone in told.items() if gone} == {}


def test_a_second_time_changes_nothing(kubernetes: Kubernetes, started: Asked) -> None:
    kubernetes.server.pass_time(5)  # until the controllers have written what they write

    def versions() -> list[str]:
        return [stored(started, each)["metadata"]["resourceVersion"] for each in wanted(kubernetes)]

    before = versions()
    start(started, RUN, made.SERVERS, made.IMAGE, last=False)
    assert versions() == before


def test_a_reports_age_is_told_by_the_servers_own_clock(kubernetes: Kubernetes, started: Asked) -> None:
    """The probe's apply, then a lease of the control plane that is renewed later; a copy by hand is none."""
    path = f"/api/v1/namespaces/{objects.NAMESPACE}/configmaps"
    report = made.report({**made.told(1), "runId": RUN}, run=RUN)
    del report["metadata"]["managedFields"]
    written = kubernetes.apply(f"{path}/probe-node-1", report, "probe", force=True)
    assert written.code in {200, 201}, written.body
    forged = {**report, "metadata": {**report["metadata"], "name": "probe-node-2"}}
    forged["data"] = {"report": json.dumps(made.told(2))}
    assert kubernetes.ask("POST", path, forged).code == 201
    (time,) = (
        entry["time"] for entry in written.body["metadata"]["managedFields"] if entry["manager"] == "probe"
    )
    _renewed(kubernetes, datetime.fromisoformat(time) + timedelta(seconds=30))
    seen = observed.look(started, RUN, made.NODES, made.SERVERS)
    # The layer renews its leases every two seconds, and managedFields' times are whole seconds.
    assert {name: report.age for name, report in seen.reports.items()} == {"node-1": pytest.approx(30, abs=2)}
    assert observed.look(started, NEXT_RUN, made.NODES, made.SERVERS).reports == {}


def _renewed(kubernetes: Kubernetes, at: datetime) -> None:
    """The layer's control plane renews its leases by the clock; a real API server alone has none that would."""
    if not kubernetes.real:
        kubernetes.server.pass_time(30)
        return
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "kube-scheduler", "namespace": "kube-system"},
        "spec": {"renewTime": at.strftime("%Y-%m-%dT%H:%M:%S.000000Z")},
    }
    assert kubernetes.apply(f"{_LEASES}/kube-scheduler", lease, "test", force=True).code in {200, 201}


def test_another_runs_start_begins_with_the_end_of_this_one(started: Asked) -> None:
    with pytest.raises(NotReadyYet, match=f"Namespace {objects.NAMESPACE} is not gone"):
        start(started, NEXT_RUN, made.SERVERS, made.IMAGE, last=False)
    namespace = started.get("v1", "Namespace", objects.NAMESPACE)
    assert namespace
    assert namespace["metadata"]["deletionTimestamp"]
    assert namespace["metadata"]["labels"][objects.RUN_LABEL] == RUN
