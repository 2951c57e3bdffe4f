"""StartVerification and EndVerification: what is put into the cluster, and that all of it goes."""

import importlib
from pathlib import Path
from typing import Any

import end_verification
import pytest
import start_verification

from extended_cluster.errors import NotReadyYet, VerificationConflict, VerificationLeftBehind
from extended_cluster.verification import objects
from tests.unit import verified_cluster as made
from tests.unit.edge_nodes import OTHER_OUTPOST
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.server_plan import OUTPOST

type Json = dict[str, Any]

OURS = {"app.kubernetes.io/managed-by": "eks-outposts-servers"}


class Lingering(FakeKubernetes):
    """Deletion is marked, and finishes when told."""

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        found = self.objects.get((api_version, kind, namespace, name))
        self.deleted.append((api_version, kind, namespace, name))
        if found:
            found["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
        return found is not None


def namespace(run: str = made.RUN, labels: dict[str, str] = OURS, **metadata: Any) -> Json:
    meta = {"name": made.NAMESPACE, "labels": {**labels, objects.RUN_LABEL: run}, **metadata}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def start(kubernetes: FakeKubernetes, *, last: bool = False) -> Any:
    return start_verification.start(kubernetes, made.RUN, made.SERVERS, made.IMAGE, last=last)


def applied(kubernetes: FakeKubernetes) -> dict[tuple[str, str], Json]:
    return {(one["kind"], one["metadata"]["name"]): one for one in kubernetes.applied}


def test_everything_is_in_the_namespace_which_comes_first_and_is_labelled_with_the_run() -> None:
    kubernetes = FakeKubernetes()
    assert start(kubernetes) == {"runId": made.RUN, "objects": 12}
    first, *others = kubernetes.applied
    assert (first["kind"], first["metadata"]["name"]) == ("Namespace", made.NAMESPACE)
    assert first["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert {one["metadata"]["namespace"] for one in others} == {made.NAMESPACE}
    assert all(
        one["metadata"]["labels"].items() >= {**OURS, objects.RUN_LABEL: made.RUN}.items()
        for one in kubernetes.applied
    )
    assert kubernetes.forced == []


def test_each_server_has_a_service_of_metallbs_class_with_its_own_pool() -> None:
    kubernetes = FakeKubernetes()
    start(kubernetes)
    service = applied(kubernetes)["Service", f"smoke-{OUTPOST}"]
    assert service["metadata"]["annotations"] == {"metallb.io/address-pool": OUTPOST}
    assert service["spec"]["loadBalancerClass"] == "eks-outposts-servers/metallb"
    assert (service["spec"]["type"], service["spec"]["externalTrafficPolicy"]) == ("LoadBalancer", "Local")
    daemon_set = applied(kubernetes)["DaemonSet", f"smoke-{OUTPOST}"]
    assert service["spec"]["selector"] == daemon_set["spec"]["template"]["metadata"]["labels"]
    (port,) = service["spec"]["ports"]
    assert (
        port["targetPort"]
        == daemon_set["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"]
    )


def test_a_server_without_a_pool_has_no_service() -> None:
    kubernetes = FakeKubernetes()
    without: Any = [{**made.SERVERS[0], "metallb": None}, made.SERVERS[1]]
    start_verification.start(kubernetes, made.RUN, without, made.IMAGE, last=False)
    assert [name for kind, name in applied(kubernetes) if kind == "Service"] == [f"smoke-{OTHER_OUTPOST}"]


def test_pods_run_where_the_lni_was_seen_with_no_more_rights_than_they_need() -> None:
    kubernetes = FakeKubernetes()
    start(kubernetes)
    sets = [one for (kind, _), one in applied(kubernetes).items() if kind == "DaemonSet"]
    assert len(sets) == 4
    for daemon_set in sets:
        template = daemon_set["spec"]["template"]
        pod, (container,) = template["spec"], template["spec"]["containers"]
        assert daemon_set["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
        assert pod["nodeSelector"]["eks-outposts-servers/lni"] == "ready"
        assert pod["nodeSelector"]["eks-outposts-servers/outpost"] in daemon_set["metadata"]["name"]
        assert container["image"] == made.IMAGE
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"]
        assert not security["allowPrivilegeEscalation"]
        assert "privileged" not in security
        assert security["capabilities"]["drop"] == ["ALL"]
        probe = container["name"] == "probe"
        assert security["capabilities"].get("add", []) == (["NET_RAW"] if probe else [])
        assert pod["automountServiceAccountToken"] is probe is pod.get("hostNetwork", False)
        assert security.get("runAsNonRoot", False) is not probe
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}


def test_the_probe_is_told_its_servers_lni() -> None:
    kubernetes = FakeKubernetes()
    servers: Any = [{**made.SERVERS[0], "lni": {**made.SERVERS[0]["lni"], "vlan": 12, "mtu": 1400}}]
    start_verification.start(kubernetes, made.RUN, servers, made.IMAGE, last=False)
    template = applied(kubernetes)["DaemonSet", f"probe-{OUTPOST}"]["spec"]["template"]
    (container,) = template["spec"]["containers"]
    told = {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}
    assert told == {
        "NODE_NAME": {"fieldRef": {"fieldPath": "spec.nodeName"}},
        "RUN_ID": made.RUN,
        "NAMESPACE": made.NAMESPACE,
        "OUTPOST_ID": OUTPOST,
        "LNI_INTERFACE": "lni.12",
        "LNI_MTU": "1400",
        "PERIOD_SECONDS": "10",
    }


def test_the_config_map_carries_the_probe_as_it_is_in_the_repository() -> None:
    kubernetes = FakeKubernetes()
    start(kubernetes)
    folder = Path(str(objects.__file__)).with_name("probe")
    carried = applied(kubernetes)["ConfigMap", "probe"]["data"]
    assert carried == {path.name: path.read_text() for path in folder.glob("*.py")}
    assert "__main__.py" in carried
    assert sum(map(len, carried.values())) < 100_000  # a ConfigMap holds 1 MiB
    main = importlib.import_module("extended_cluster.verification.probe.__main__")
    assert (main.RUN_LABEL, main.REPORT_LABEL) == (objects.RUN_LABEL, objects.REPORT_LABEL)


def test_the_probe_may_write_reports_and_see_services_and_no_more() -> None:
    kubernetes = FakeKubernetes()
    start(kubernetes)
    assert applied(kubernetes)["Role", "probe"]["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create", "patch"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["list"]},
    ]
    assert not [kind for kind, _ in applied(kubernetes) if kind.startswith("Cluster")]


def test_the_run_is_a_labels_value_and_each_execution_has_its_own() -> None:
    assert objects.run_id(made.EXECUTION) == objects.run_id(made.EXECUTION) != objects.run_id("other")
    assert len(made.RUN) == 16
    assert int(made.RUN, 16) >= 0


def test_again_in_the_same_run_applies_the_same() -> None:
    kubernetes = FakeKubernetes(namespace())
    start(kubernetes)
    assert kubernetes.deleted == []
    before = kubernetes.applied[:]
    start(kubernetes)
    assert kubernetes.applied[len(before) :] == before


def test_what_another_run_left_behind_goes_first() -> None:
    kubernetes = Lingering(namespace("another"))
    for _ in range(2):
        with pytest.raises(NotReadyYet, match=f"Namespace {made.NAMESPACE} is not gone"):
            start(kubernetes)
    assert kubernetes.deleted == [("v1", "Namespace", "", made.NAMESPACE)]
    assert kubernetes.applied == []
    kubernetes.objects.clear()
    start(kubernetes)
    assert kubernetes.applied


def test_our_own_namespace_that_is_going_is_waited_for() -> None:
    kubernetes = FakeKubernetes(namespace(deletionTimestamp="2026-11-23T12:00:00Z"))
    with pytest.raises(NotReadyYet):
        start(kubernetes)
    assert not kubernetes.applied
    assert not kubernetes.deleted


@pytest.mark.parametrize("step", [start, lambda kubernetes: end_verification.end(kubernetes, last=False)])
def test_a_namespace_that_is_not_ours_is_left_alone(step: Any) -> None:
    kubernetes = FakeKubernetes(namespace(labels={}))
    with pytest.raises(VerificationConflict, match="is not ours"):
        step(kubernetes)
    assert not kubernetes.applied
    assert not kubernetes.deleted


def test_the_end_takes_the_namespace_and_looks_again() -> None:
    kubernetes = FakeKubernetes(namespace())
    assert end_verification.end(kubernetes, last=False) == {"removed": True}
    assert kubernetes.deleted == [("v1", "Namespace", "", made.NAMESPACE)]


def test_nothing_there_is_a_good_end() -> None:
    kubernetes = FakeKubernetes()
    assert end_verification.end(kubernetes, last=True) == {"removed": True}
    assert kubernetes.deleted == []


def test_what_does_not_go_is_named_with_what_holds_it() -> None:
    held = made.service(OUTPOST)
    held["metadata"]["finalizers"] = ["service.kubernetes.io/load-balancer-cleanup"]
    remaining = {
        "type": "NamespaceContentRemaining",
        "status": "True",
        "message": "Some resources are remaining",
    }
    kubernetes = Lingering({**namespace(), "status": {"conditions": [remaining]}}, held)
    with pytest.raises(NotReadyYet):
        end_verification.end(kubernetes, last=False)
    with pytest.raises(VerificationLeftBehind) as refused:
        end_verification.end(kubernetes, last=True)
    said = str(refused.value)
    assert f"Service smoke-{OUTPOST} (waits for service.kubernetes.io/load-balancer-cleanup)" in said
    assert "Some resources are remaining" in said
    assert len(kubernetes.deleted) == 1
