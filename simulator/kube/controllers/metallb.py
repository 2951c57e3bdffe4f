"""A stand-in for MetalLB in layer 2 mode: what its controller and its speakers would write.

Source: metallb v0.16, controller/service.go, internal/k8s/controllers/layer2_status_controller.go, speaker/
layer2_controller.go; facts.md section 5. Services of MetalLB's class only, IPv4, one address each.
"""

import hashlib
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from simulator.kube import selectors
from simulator.kube.controllers.workloads import is_ready
from simulator.kube.metallb_webhook import ranges_of
from simulator.kube.objects import How
from simulator.kube.resources import DAEMON_SETS, DEPLOYMENTS, NODES, PODS, SECRETS, SERVICES

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers

type Json = dict[str, Any]

_NAMESPACE, _GROUP = "metallb-system", "metallb.io"
_HOW, _SPEAKER = How("metallb-controller"), How("metallb-speaker")


def controller(loop: "Controllers") -> None:
    """Once the Deployment is Available: the memberlist secret, and an address for each Service of its class."""
    deployment = loop.store.get(DEPLOYMENTS, _NAMESPACE, "controller")
    conditions = deployment.get("status", {}).get("conditions", ()) if deployment else ()
    if deployment is None or not any(c["type"] == "Available" and c["status"] == "True" for c in conditions):
        return
    if loop.store.get(SECRETS, _NAMESPACE, "memberlist") is None:
        loop.objects.create(
            SECRETS,
            _NAMESPACE,
            {"metadata": {"name": "memberlist"}, "stringData": {"secretkey": "made-up"}},
            _HOW,
        )
    for service in loop.store.all(SERVICES):
        if _is_ours(deployment, service) and "deletionTimestamp" not in service["metadata"]:
            _assign(loop, service)


def _is_ours(workload: Json, service: Json) -> bool:
    spec = service["spec"]
    return bool(spec["type"] == "LoadBalancer" and spec.get("loadBalancerClass", "") == lb_class(workload))


def lb_class(workload: Json) -> str:
    """What ``--lb-class`` says; without it MetalLB minds Services without a class."""
    arguments = [a for c in workload["spec"]["template"]["spec"]["containers"] for a in c.get("args", ())]
    return next((a.partition("=")[2] for a in arguments if a.startswith("--lb-class=")), "")


def _custom(loop: "Controllers", plural: str) -> list[Json]:
    resource = loop.objects.resource(_GROUP, "v1beta1", plural)
    return loop.store.all(resource, _NAMESPACE) if resource else []


def _assign(loop: "Controllers", service: Json) -> None:
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress")
    pools = _pools(loop, service)
    if ingress and any(_holds(pool, ingress[0]["ip"]) for pool in pools):
        return
    taken = {
        entry.get("ip")
        for other in loop.store.all(SERVICES)
        for entry in other.get("status", {}).get("loadBalancer", {}).get("ingress", ())
    }
    for pool in pools:
        free = (str(IPv4Address(n)) for a, b in ranges_of(pool) for n in range(int(a), int(b) + 1))
        address = next((one for one in free if one not in taken), None)
        if address is not None:
            name = pool["metadata"]["name"]
            annotations = {
                **service["metadata"].get("annotations", {}),
                "metallb.io/ip-allocated-from-pool": name,
            }
            meta = {**service["metadata"], "annotations": annotations}
            kept = loop.objects.update(
                SERVICES, meta["namespace"], meta["name"], {**service, "metadata": meta}, _HOW
            )
            entry = {"ip": address, "ipMode": "VIP"}
            loop.objects.set_status(SERVICES, kept, {"loadBalancer": {"ingress": [entry]}}, _HOW.manager)
            return
    if service.get("status"):
        loop.objects.set_status(SERVICES, service, {"loadBalancer": {}}, _HOW.manager)


def _holds(pool: Json, address: str) -> bool:
    return any(first <= IPv4Address(address) <= last for first, last in ranges_of(pool))


def _pools(loop: "Controllers", service: Json) -> list[Json]:
    """The pools that may serve it: the one it names, else those with autoAssign (IPAddressPool, API reference)."""
    wanted = service["metadata"].get("annotations", {}).get("metallb.io/address-pool")
    pools = _custom(loop, "ipaddresspools")
    if wanted:
        return [pool for pool in pools if pool["metadata"]["name"] == wanted]
    return [
        pool
        for pool in pools
        if pool["spec"].get("autoAssign", True) and _allows(pool["spec"].get("serviceAllocation"), service)
    ]


def _allows(allocation: Json | None, service: Json) -> bool:
    if not allocation:
        return True
    if allocation.get("namespaceSelectors") or allocation.get("priority"):
        raise NotImplementedError("serviceAllocation with namespaceSelectors or priority")
    labels = service["metadata"].get("labels", {})
    by_namespace, by_label = allocation.get("namespaces"), allocation.get("serviceSelectors")
    return (not by_namespace or service["metadata"]["namespace"] in by_namespace) and (
        not by_label or any(selectors.matches(one, labels) for one in by_label)
    )


def speakers(loop: "Controllers") -> None:
    """ServiceL2Status: which node announces each address, and on which interfaces."""
    resource = loop.objects.resource(_GROUP, "v1beta1", "servicel2statuses")
    speaker = loop.store.get(DAEMON_SETS, _NAMESPACE, "speaker")
    if resource is None:
        return
    wanted: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for service in loop.store.all(SERVICES) if speaker else ():
        ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress")
        if not (speaker and ingress and _is_ours(speaker, service)):
            continue
        if announced := _announcer(loop, service, ingress[0]["ip"]):
            wanted[service["metadata"]["namespace"], service["metadata"]["name"]] = announced
    for found in loop.store.all(resource, _NAMESPACE):
        told = found.get("status", {})
        key = told.get("serviceNamespace", ""), told.get("serviceName", "")
        names = [interface["name"] for interface in told.get("interfaces", ())]
        if wanted.get(key) == (told.get("node"), names):
            del wanted[key]
        else:
            loop.objects.delete(resource, _NAMESPACE, found["metadata"]["name"], _SPEAKER)
    for (namespace, name), (node, interfaces) in wanted.items():
        labels = {
            "metallb.io/node": node,
            "metallb.io/service-name": name,
            "metallb.io/service-namespace": namespace,
        }
        obj = {"metadata": {"generateName": "l2-", "labels": labels}, "spec": {}}
        made = loop.objects.create(resource, _NAMESPACE, obj, _SPEAKER)
        status: Json = {"node": node, "serviceName": name, "serviceNamespace": namespace}
        if interfaces:
            status["interfaces"] = [{"name": interface} for interface in interfaces]
        loop.objects.set_status(resource, made, status, _SPEAKER.manager)


def _announcer(loop: "Controllers", service: Json, address: str) -> tuple[str, list[str]] | None:
    """(node, interfaces) of the elected speaker; None if it has no such interface: interfaces do not count in the
    election (facts.md section 5). The election: the smallest hash of node and address among those that may."""
    pools = {pool["metadata"]["name"]: pool for pool in _custom(loop, "ipaddresspools")}
    pool = next((one for one in pools.values() if _holds(one, address)), None)
    endpoints = _endpoints(loop, service)
    if pool is None or not endpoints:
        return None
    # speaker/layer2_controller.go, ShouldAnnounce: of a Service with externalTrafficPolicy Local only nodes with a
    # ready endpoint of their own are available.
    local = service["spec"].get("externalTrafficPolicy") == "Local"
    members = {member.name: member for member in loop.joined.values() if member.lost_at is None}
    candidates: dict[str, set[str] | None] = {}
    for advertisement in _custom(loop, "l2advertisements"):
        spec = advertisement.get("spec") or {}
        if not _selects(spec, pool):
            continue
        for node in loop.store.all(NODES):
            name, labels = node["metadata"]["name"], node["metadata"].get("labels", {})
            chosen = spec.get("nodeSelectors")
            if (
                name in members
                and (not local or name in endpoints)
                and _speaks(loop, name)
                and (not chosen or any(selectors.matches(one, labels) for one in chosen))
            ):
                interfaces = spec.get("interfaces")
                before = candidates.get(name, set())
                candidates[name] = None if not interfaces or before is None else before | set(interfaces)
    if not candidates:
        return None
    elected = min(candidates, key=lambda name: hashlib.sha256(f"{name}#{address}".encode()).digest())
    lni, allowed = members[elected].lni, candidates[elected]
    if allowed is None:
        return (elected, []) if lni else None
    there = allowed & ({"ens5", lni} if lni else {"ens5"})
    return (elected, sorted(there)) if there else None


def _selects(spec: Json, pool: Json) -> bool:
    names, chosen = spec.get("ipAddressPools"), spec.get("ipAddressPoolSelectors")
    if not names and not chosen:
        return True
    labels = pool["metadata"].get("labels", {})
    return pool["metadata"]["name"] in (names or ()) or any(
        selectors.matches(s, labels) for s in chosen or ()
    )


def _speaks(loop: "Controllers", node: str) -> bool:
    """Whether the node's speaker is ready."""
    pods = loop.store.all(PODS, _NAMESPACE)
    return any(
        pod["spec"].get("nodeName") == node
        and pod["metadata"].get("labels", {}).get("component") == "speaker"
        and is_ready(pod)
        for pod in pods
    )


def _endpoints(loop: "Controllers", service: Json) -> set[str]:
    """The nodes with a ready endpoint: MetalLB announces nothing else (speaker/layer2_controller.go)."""
    selector = service["spec"].get("selector", {})
    return {
        pod["spec"]["nodeName"]
        for pod in loop.store.all(PODS, service["metadata"]["namespace"])
        if is_ready(pod) and selector.items() <= pod["metadata"].get("labels", {}).items()
    }
