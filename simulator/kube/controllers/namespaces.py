"""Namespaces and custom resource definitions that finish deleting, and objects whose owners are gone."""

from typing import TYPE_CHECKING

from simulator.kube.objects import How
from simulator.kube.resources import DEFINITIONS, NAMESPACES, NODES, PODS, SERVICE_ACCOUNTS

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers

_FOREGROUND = "foregroundDeletion"
_HOW = How("kube-controller-manager")


def default_service_accounts(loop: "Controllers") -> None:
    """Every namespace has a ServiceAccount ``default``."""
    for namespace in loop.store.all(NAMESPACES):
        name = namespace["metadata"]["name"]
        if "deletionTimestamp" in namespace["metadata"] or loop.store.get(SERVICE_ACCOUNTS, name, "default"):
            continue
        loop.objects.create(SERVICE_ACCOUNTS, name, {"metadata": {"name": "default"}}, _HOW)


def finish_namespaces(loop: "Controllers") -> None:
    """A terminating namespace goes once all in it is gone, some time after its deletion (documentation,
    "Namespaces Walkthrough": "this delete is asynchronous")."""
    for namespace in loop.store.all(NAMESPACES):
        meta = namespace["metadata"]
        if "deletionTimestamp" not in meta or not loop.due(
            f"namespace/{meta['uid']}", "kube.namespace.delete"
        ):
            continue
        left = [
            (key, obj)
            for key, obj in loop.store.everything()
            if obj["metadata"].get("namespace") == meta["name"]
        ]
        for key, obj in left:
            if "deletionTimestamp" not in obj["metadata"]:
                _delete(loop, key, obj["metadata"]["namespace"], obj["metadata"]["name"])
        if not left:
            loop.store.drop(NAMESPACES.key, namespace)
            loop.changed = True


def finish_definitions(loop: "Controllers") -> None:
    """A deleted CustomResourceDefinition takes its objects with it (finalizer customresourcecleanup)."""
    for crd in loop.store.all(DEFINITIONS):
        if "deletionTimestamp" in crd["metadata"]:
            key = crd["spec"]["group"], crd["spec"]["names"]["plural"]
            loop.store.drop_kind(key)
            loop.store.drop(DEFINITIONS.key, crd)
            loop.changed = True


def collect_garbage(loop: "Controllers") -> None:
    """Objects go when all their owners are gone; foreground deletion waits for the dependents (documentation,
    "Garbage Collection")."""
    everything = list(loop.store.everything())
    alive = {obj["metadata"]["uid"] for _, obj in everything}
    waiting = {
        obj["metadata"]["uid"]
        for _, obj in everything
        if _FOREGROUND in obj["metadata"].get("finalizers", ()) and "deletionTimestamp" in obj["metadata"]
    }
    blocked = set()
    for key, obj in everything:
        owners = {owner["uid"] for owner in obj["metadata"].get("ownerReferences", ())}
        if owners and ((not owners & alive) or owners & waiting):
            blocked |= owners & waiting
            if "deletionTimestamp" not in obj["metadata"]:
                _delete(loop, key, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
                loop.changed = True
    for key, obj in everything:
        if obj["metadata"]["uid"] in waiting - blocked:
            left = [name for name in obj["metadata"]["finalizers"] if name != _FOREGROUND]
            obj["metadata"]["finalizers"] = left
            if not left:
                loop.store.drop(key, obj)
            loop.changed = True


def finish_pods(loop: "Controllers") -> None:
    """Pods that were asked to stop are gone when kubelet has stopped them, or at once where no node is.

    On a node that is lost they stay until it is back or removed (documentation, "Nodes", "Node controller")."""
    lost = {member.name for member in loop.joined.values() if member.lost_at is not None}
    for pod in loop.store.all(PODS):
        meta = pod["metadata"]
        if "deletionTimestamp" not in meta or meta.get("finalizers"):
            continue
        node = pod["spec"].get("nodeName", "")
        if node in lost:
            continue
        if loop.store.get(NODES, "", node) is None or loop.due(f"pod-stop/{meta['uid']}", "kube.pod.stop"):
            loop.store.drop(PODS.key, pod)
            loop.changed = True


def _delete(loop: "Controllers", key: tuple[str, str], namespace: str, name: str) -> None:
    resource = next(r for r in loop.objects.resources() if r.key == key)
    loop.objects.delete(resource, namespace, name, _HOW, "Background")
