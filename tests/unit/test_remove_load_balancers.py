"""RemoveLoadBalancers: Services of type LoadBalancer and MetalLB's pools go, and nothing else does."""

from typing import Any

import pytest
import remove_load_balancers

from extended_cluster.errors import (
    KubernetesCallFailed,
    KubernetesUnreachable,
    LoadBalancersLeft,
    NotReadyYet,
)
from extended_cluster.kubernetes.api import Json
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.stateful_aws import run


class Finalizing(FakeKubernetes):
    """Deletes as an API server does: what has finalizers only gets a deletionTimestamp."""

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        have = self.objects.get((api_version, kind, namespace, name))
        if have and have["metadata"].get("finalizers"):
            self._fail("delete", kind)
            self.deleted.append((api_version, kind, namespace, name))
            have["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
            return True
        return super().delete(api_version, kind, name, namespace)


def service(name: str, kind: str = "LoadBalancer", namespace: str = "shop", **metadata: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"type": kind},
    }


def metallb(kind: str, name: str = "op-1", namespace: str = "metallb-system") -> Json:
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {},
    }


def names(fake: FakeKubernetes) -> list[str]:
    return [f"{kind} {namespace}/{name}" for _, kind, namespace, name in fake.deleted]


def test_all_of_them_go_services_first_and_nothing_else() -> None:
    fake = Finalizing(
        service("web"),
        service("intern", "ClusterIP"),
        {**service("plain"), "spec": {}},
        service("api", namespace="other"),
        metallb("IPAddressPool"),
        metallb("L2Advertisement"),
        metallb("IPAddressPool", namespace="elsewhere"),
    )
    assert remove_load_balancers.remove(fake, "edge-1", last=False) == {"left": 0}
    assert names(fake) == [
        "Service other/api",
        "Service shop/web",
        "L2Advertisement metallb-system/op-1",
        "IPAddressPool metallb-system/op-1",
    ]
    assert remove_load_balancers.remove(fake, "edge-1", last=False) == {"left": 0}
    assert len(fake.deleted) == 4


def test_it_waits_for_whoever_cleans_up_and_deletes_nothing_twice() -> None:
    finalizer = "service.kubernetes.io/load-balancer-cleanup"
    fake = Finalizing(service("web", finalizers=[finalizer]), metallb("IPAddressPool"))
    with pytest.raises(NotReadyYet, match=rf"still Service shop/web \(waits for {finalizer}\)\."):
        remove_load_balancers.remove(fake, "edge-1", last=False)
    with pytest.raises(LoadBalancersLeft, match=f"cluster edge-1 .* Service shop/web .*{finalizer}"):
        remove_load_balancers.remove(fake, "edge-1", last=True)
    assert names(fake) == ["Service shop/web", "IPAddressPool metallb-system/op-1"]
    fake.objects.clear()
    assert remove_load_balancers.remove(fake, "edge-1", last=True) == {"left": 0}


def test_one_refusal_keeps_none_of_the_others() -> None:
    refusal = KubernetesCallFailed("admission webhook says no", do="Ask it.")
    fake = Finalizing(
        service("web"),
        metallb("IPAddressPool"),
        failures={("delete", "Service"): refusal},
    )
    with pytest.raises(LoadBalancersLeft, match="Service shop/web: admission webhook says no Ask it"):
        remove_load_balancers.remove(fake, "edge-1", last=True)
    assert names(fake) == ["IPAddressPool metallb-system/op-1"]


def test_a_cluster_that_does_not_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = KubernetesUnreachable("edge-1 does not answer.", do="Check.")
    fake = Finalizing(service("web"), failures={("list", "Service"): gone})
    monkeypatch.setattr(remove_load_balancers, "connect", lambda cluster: {"edge-1": fake}[cluster["name"]])
    event = {"cluster": {"name": "edge-1"}, "look": 0, "lastLook": 9}
    with pytest.raises(KubernetesUnreachable):
        run(monkeypatch, remove_load_balancers.handler, event)
    fake.failures.clear()
    assert run(monkeypatch, remove_load_balancers.handler, event) == {"left": 0}
