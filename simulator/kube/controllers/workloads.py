"""Deployments, ReplicaSets and DaemonSets: which pods there should be, and what their status says.

Source: Kubernetes documentation, "Workload Management". A rollout replaces all pods at once (assumed).
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from simulator.kube import selectors
from simulator.kube.controllers import placing
from simulator.kube.objects import How
from simulator.kube.resources import DAEMON_SETS, DEPLOYMENTS, NODES, PODS, REPLICA_SETS, Resource

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers

type Json = dict[str, Any]

_HOW = How("kube-controller-manager")


def deployments(loop: "Controllers") -> None:
    """One ReplicaSet per template; older ones are scaled to nothing."""
    for deployment in loop.store.all(DEPLOYMENTS):
        if "deletionTimestamp" in deployment["metadata"]:
            continue
        namespace, spec = deployment["metadata"]["namespace"], deployment["spec"]
        text = json.dumps(spec["template"], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:9]
        name = f"{deployment['metadata']['name']}-{digest}"
        for other in _owned(loop, REPLICA_SETS, deployment):
            if other["metadata"]["name"] != name and other["spec"]["replicas"]:
                _scale(loop, other, 0)
        current = loop.store.get(REPLICA_SETS, namespace, name)
        if current is None:
            loop.objects.create(REPLICA_SETS, namespace, _replica_set(deployment, name, digest), _HOW)
        elif current["spec"]["replicas"] != spec["replicas"]:
            _scale(loop, current, spec["replicas"])


def _replica_set(deployment: Json, name: str, digest: str) -> Json:
    spec = deployment["spec"]
    label = {"pod-template-hash": digest}
    template = json.loads(json.dumps(spec["template"]))
    meta = template.setdefault("metadata", {})
    meta["labels"] = {**meta.get("labels", {}), **label}
    selector = spec["selector"]
    chosen = {**selector, "matchLabels": {**selector.get("matchLabels", {}), **label}}
    return {
        "metadata": {"name": name, "labels": meta["labels"], "ownerReferences": [_owner(deployment)]},
        "spec": {"replicas": spec["replicas"], "selector": chosen, "template": template},
    }


def _scale(loop: "Controllers", replica_set: Json, count: int) -> None:
    changed = {**replica_set, "spec": {**replica_set["spec"], "replicas": count}}
    meta = replica_set["metadata"]
    loop.objects.update(REPLICA_SETS, meta["namespace"], meta["name"], changed, _HOW)


def replica_sets(loop: "Controllers") -> None:
    """As many pods as there should be."""
    for replica_set in loop.store.all(REPLICA_SETS):
        if "deletionTimestamp" in replica_set["metadata"]:
            continue
        live = [p for p in _owned(loop, PODS, replica_set) if "deletionTimestamp" not in p["metadata"]]
        wanted = replica_set["spec"]["replicas"]
        for _ in range(wanted - len(live)):
            _new_pod(loop, replica_set, None)
        for pod in live[wanted:]:
            _delete(loop, pod)


def daemon_sets(loop: "Controllers") -> None:
    """One pod on every node that the template fits."""
    for daemon_set in loop.store.all(DAEMON_SETS):
        if "deletionTimestamp" in daemon_set["metadata"]:
            continue
        live = [p for p in _owned(loop, PODS, daemon_set) if "deletionTimestamp" not in p["metadata"]]
        spec, generation = daemon_set["spec"]["template"], daemon_set["metadata"]["generation"]
        right = {
            node["metadata"]["name"] for node in loop.store.all(NODES) if placing.daemon_fits(spec, node)
        }
        for pod in live:
            stale = pod["metadata"]["labels"]["pod-template-generation"] != str(generation)
            if pod["spec"]["nodeName"] not in right or stale:
                _delete(loop, pod)
        there = {pod["spec"]["nodeName"] for pod in live}
        for node in sorted(right - there):
            _new_pod(loop, daemon_set, node)


def _new_pod(loop: "Controllers", owner: Json, node: str | None) -> None:
    template = json.loads(json.dumps(owner["spec"]["template"]))
    labels = dict(template.get("metadata", {}).get("labels", {}))
    if node is not None:
        template["spec"] = placing.daemon_spec(template["spec"])
        template["spec"]["nodeName"] = node
        labels["pod-template-generation"] = str(owner["metadata"]["generation"])
    meta = {
        "generateName": f"{owner['metadata']['name']}-",
        "labels": labels,
        "annotations": template.get("metadata", {}).get("annotations", {}),
        "ownerReferences": [_owner(owner)],
    }
    pod = {"metadata": meta, "spec": template["spec"]}
    loop.objects.create(PODS, owner["metadata"]["namespace"], pod, _HOW)


def _delete(loop: "Controllers", pod: Json) -> None:
    meta = pod["metadata"]
    loop.objects.delete(PODS, meta["namespace"], meta["name"], _HOW, "Background")


def _owner(obj: Json) -> Json:
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": obj["metadata"]["name"],
        "uid": obj["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _owned(loop: "Controllers", resource: Resource, owner: Json) -> list[Json]:
    uid = owner["metadata"]["uid"]
    found = loop.store.all(resource, owner["metadata"]["namespace"])
    return [o for o in found if any(r["uid"] == uid for r in o["metadata"].get("ownerReferences", ()))]


def tell_status(loop: "Controllers") -> None:
    """The status of all three kinds, counted from their pods."""
    for replica_set in loop.store.all(REPLICA_SETS):
        pods = _owned(loop, PODS, replica_set)
        ready = sum(is_ready(pod) for pod in pods)
        counts = {"replicas": len(pods), "fullyLabeledReplicas": len(pods)}
        _tell(loop, REPLICA_SETS, replica_set, {**counts, "readyReplicas": ready, "availableReplicas": ready})
    for deployment in loop.store.all(DEPLOYMENTS):
        _tell(loop, DEPLOYMENTS, deployment, _deployment_status(loop, deployment))
    for daemon_set in loop.store.all(DAEMON_SETS):
        spec = daemon_set["spec"]["template"]
        desired = sum(placing.daemon_fits(spec, node) for node in loop.store.all(NODES))
        pods = _owned(loop, PODS, daemon_set)
        ready = sum(is_ready(pod) for pod in pods)
        status = {
            "currentNumberScheduled": len(pods),
            "desiredNumberScheduled": desired,
            "numberMisscheduled": 0,
            "numberReady": ready,
            "numberAvailable": ready,
            "numberUnavailable": max(0, desired - ready),
            "updatedNumberScheduled": len(pods),
        }
        _tell(loop, DAEMON_SETS, daemon_set, status)


def _deployment_status(loop: "Controllers", deployment: Json) -> Json:
    selector = deployment["spec"]["selector"]
    pods = [
        pod
        for pod in loop.store.all(PODS, deployment["metadata"]["namespace"])
        if selectors.matches(selector, pod["metadata"].get("labels", {}))
    ]
    ready, wanted = sum(is_ready(pod) for pod in pods), deployment["spec"]["replicas"]
    # maxUnavailable of 25 %, rounded down (API reference, RollingUpdateDeployment).
    available = ready >= wanted - wanted // 4
    before = {c["type"]: c for c in deployment.get("status", {}).get("conditions", ())}
    value = "True" if available else "False"
    reason = "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable"
    same = before.get("Available", {}).get("status") == value
    since = before["Available"]["lastTransitionTime"] if same else loop.store.now()
    told = f"Deployment {'has' if available else 'does not have'} minimum availability."
    condition = {"type": "Available", "status": value, "reason": reason, "message": told}
    condition |= {"lastTransitionTime": since, "lastUpdateTime": since}
    return {
        "replicas": len(pods),
        "updatedReplicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, wanted - ready),
        "conditions": [condition],
    }


def _tell(loop: "Controllers", resource: Resource, obj: Json, status: Json) -> None:
    status = {**status, "observedGeneration": obj["metadata"]["generation"]}
    # Counts of zero are left out (omitempty), but for what the API requires.
    kept = {
        "replicas",
        "currentNumberScheduled",
        "desiredNumberScheduled",
        "numberMisscheduled",
        "numberReady",
    }
    status = {key: value for key, value in status.items() if value or key in kept}
    loop.objects.set_status(resource, obj, status, "kube-controller-manager")


def is_ready(pod: Json) -> bool:
    """Whether the pod's condition Ready is True and it is not being deleted."""
    conditions = pod.get("status", {}).get("conditions", ())
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]
