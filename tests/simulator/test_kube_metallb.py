"""MetalLB's part: addresses from the pool, announced only by a node whose LNI carries traffic."""

from ipaddress import IPv4Interface
from typing import Any

import pytest

from simulator.guest.lan import Link
from simulator.kube.objects import How
from simulator.kube.resources import DAEMON_SETS, DEFINITIONS, DEPLOYMENTS, NAMESPACES, PODS, SERVICES
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_kube_controllers import account, deploy, joined, settled

__all__ = ["account"]

_KINDS = {"IPAddressPool": "ipaddresspools", "L2Advertisement": "l2advertisements"}
_KINDS["ServiceL2Status"] = "servicel2statuses"
_HOW = How("test")
_CLASS = "example.com/lni"


def on_lan(_: str) -> Link:
    """What the guest layer tells of an instance whose LNI is up."""
    return Link("ens6", "02:00:00:00:00:01", 1500, IPv4Interface("192.168.30.21/24"), None)


def install(account: EksAccount) -> None:
    objects = settled(account).objects
    objects.create(NAMESPACES, "", {"metadata": {"name": "metallb-system"}}, _HOW)
    for kind, plural in _KINDS.items():
        anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version: dict[str, Any] = {"name": "v1beta1", "served": True, "storage": True}
        version |= {"schema": {"openAPIV3Schema": anything}, "subresources": {"status": {}}}
        spec = {"group": "metallb.io", "names": {"kind": kind, "plural": plural}, "scope": "Namespaced"}
        crd = {"metadata": {"name": f"{plural}.metallb.io"}, "spec": {**spec, "versions": [version]}}
        objects.create(DEFINITIONS, "", crd, _HOW)
    for name, resource in (("controller", DEPLOYMENTS), ("speaker", DAEMON_SETS)):
        labels = {"app": "metallb", "component": name}
        container = {"name": name, "image": f"{name}:1", "args": [f"--lb-class={_CLASS}"]}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        body = {
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        }
        objects.create(resource, "metallb-system", body, _HOW)
    specs = (
        ("IPAddressPool", {"addresses": ["192.168.30.8-192.168.30.9"]}),
        ("L2Advertisement", {"ipAddressPools": ["lan"], "interfaces": ["ens6"]}),
    )
    for kind, wanted in specs:
        made = objects.resource("metallb.io", "v1beta1", _KINDS[kind])
        assert made
        objects.create(made, "metallb-system", {"metadata": {"name": "lan"}, "spec": wanted}, _HOW)


def expose(account: EksAccount, name: str, lb_class: str) -> None:
    spec = {"type": "LoadBalancer", "loadBalancerClass": lb_class, "selector": {"app": "web"}}
    service = {"metadata": {"name": name}, "spec": {**spec, "ports": [{"port": 80}]}}
    settled(account).objects.create(SERVICES, "default", service, _HOW)


@pytest.mark.parametrize("lni", [True, False])
def test_an_address_is_announced_by_a_working_lni_alone(
    account: EksAccount, monkeypatch: pytest.MonkeyPatch, lni: bool
) -> None:
    monkeypatch.setattr(account.cloud.guest, "link", on_lan if lni else lambda _: None)
    joined(account)
    install(account)
    deploy(account, "web:1")
    expose(account, "ours", _CLASS)
    expose(account, "others", "example.com/other")
    store = settled(account, 120).objects.store
    ours, others = (store.get(SERVICES, "default", name) for name in ("ours", "others"))
    assert ours
    assert others
    assert ours["status"]["loadBalancer"]["ingress"] == [{"ip": "192.168.30.8", "ipMode": "VIP"}]
    assert "status" not in others
    resource = settled(account).objects.resource("metallb.io", "v1beta1", "servicel2statuses")
    assert resource
    told = [one["status"] for one in store.all(resource)]
    (pod,) = store.all(PODS, "default")
    node = pod["spec"]["nodeName"]
    announced = {"node": node, "serviceName": "ours", "serviceNamespace": "default"}
    assert told == ([{**announced, "interfaces": [{"name": "ens6"}]}] if lni else [])
