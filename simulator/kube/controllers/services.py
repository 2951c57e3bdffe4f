"""Services: their cluster addresses and endpoints."""

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from simulator.kube.controllers.workloads import is_ready
from simulator.kube.objects import How
from simulator.kube.resources import ENDPOINT_SLICES, PODS, SERVICES

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers

type Json = dict[str, Any]

_HOW = How("kube-controller-manager")


def addresses(loop: "Controllers") -> None:
    """The next free address of the service CIDR for each Service that has none (a real server picks at random)."""
    network = IPv4Network(loop.cluster.settings["kubernetesNetworkConfig"]["serviceIpv4Cidr"])
    services = loop.store.all(SERVICES)
    taken = {service["spec"].get("clusterIP") for service in services}
    for service in services:
        spec, meta = service["spec"], service["metadata"]
        if spec.get("clusterIP") or spec["type"] == "ExternalName":
            continue
        first = int(network[0]) + 16
        address = next(
            str(IPv4Address(n)) for n in range(first, first + 60000) if str(IPv4Address(n)) not in taken
        )
        taken.add(address)
        changed = {**spec, "clusterIP": address, "clusterIPs": [address], "ipFamilies": ["IPv4"]}
        changed["ipFamilyPolicy"] = "SingleStack"
        loop.objects.update(
            SERVICES, meta["namespace"], meta["name"], {**service, "spec": changed}, How("kube-apiserver")
        )


def node_ports(loop: "Controllers") -> None:
    """The next free port of 30000-32767 for each that a Service opens on all nodes (API reference, ServiceSpec), and
    for the health check of one that answers only where its pods are (healthCheckNodePort)."""
    services = loop.store.all(SERVICES)
    taken = {port for service in services for port in _node_ports(service["spec"])}
    free = (port for port in range(30000, 32768) if port not in taken)
    for service in services:
        spec, meta = service["spec"], service["metadata"]
        external = spec["type"] in {"LoadBalancer", "NodePort"}
        opens = external and (spec["type"] == "NodePort" or spec.get("allocateLoadBalancerNodePorts", True))
        ports = [
            {**port, "nodePort": next(free)} if opens and not port.get("nodePort") else port
            for port in spec.get("ports", [])
        ]
        changed = {**spec, "ports": ports}
        if spec["type"] == "LoadBalancer" and spec["externalTrafficPolicy"] == "Local":
            changed["healthCheckNodePort"] = spec.get("healthCheckNodePort") or next(free)
        elif "healthCheckNodePort" in spec:
            del changed["healthCheckNodePort"]
        if changed != {"ports": [], **spec}:
            loop.objects.update(
                SERVICES, meta["namespace"], meta["name"], {**service, "spec": changed}, How("kube-apiserver")
            )


def _node_ports(spec: Json) -> list[int]:
    found = [port["nodePort"] for port in spec.get("ports", ()) if port.get("nodePort")]
    return [*found, *([spec["healthCheckNodePort"]] if spec.get("healthCheckNodePort") else [])]


def endpoints(loop: "Controllers") -> None:
    """One EndpointSlice per Service with a selector."""
    for service in loop.store.all(SERVICES):
        meta, selector = service["metadata"], service["spec"].get("selector")
        if not selector:
            continue
        name = f"{meta['name']}-{loop.store.suffix(meta['uid'])}"
        found = loop.store.get(ENDPOINT_SLICES, meta["namespace"], name)
        wanted = _slice(loop, service, name)
        if found is None:
            loop.objects.create(ENDPOINT_SLICES, meta["namespace"], wanted, _HOW)
        elif (found.get("endpoints"), found.get("ports")) != (wanted["endpoints"], wanted["ports"]):
            changed = {**found, "endpoints": wanted["endpoints"], "ports": wanted["ports"]}
            loop.objects.update(ENDPOINT_SLICES, meta["namespace"], name, changed, _HOW)


def _slice(loop: "Controllers", service: Json, name: str) -> Json:
    meta, selector = service["metadata"], service["spec"]["selector"]
    pods = [
        pod
        for pod in loop.store.all(PODS, meta["namespace"])
        if selector.items() <= pod["metadata"].get("labels", {}).items() and "podIP" in pod.get("status", {})
    ]
    found = [
        {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": is_ready(pod)},
            "nodeName": pod["spec"]["nodeName"],
            "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": meta["namespace"]},
        }
        for pod in pods
    ]
    ports = [
        {"name": port.get("name", ""), "port": _number(port), "protocol": port["protocol"]}
        for port in service["spec"].get("ports", ())
    ]
    owner = {"apiVersion": "v1", "kind": "Service", "name": meta["name"], "uid": meta["uid"]}
    return {
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/service-name": meta["name"]},
            "ownerReferences": [owner],
        },
        "addressType": "IPv4",
        "endpoints": found,
        "ports": ports,
    }


def _number(port: Json) -> int:
    """A port by name is not looked up in the pod; nothing here connects to it."""
    return port["targetPort"] if isinstance(port["targetPort"], int) else int(port["port"])
