"""What is done to objects: read, create, update, apply, delete. Source: Kubernetes API concepts."""

import copy
from dataclasses import dataclass
from typing import Any

from simulator.kube import (
    decode,
    defaults,
    definitions,
    fields,
    managers,
    rules,
    schema,
    selectors,
    status,
    webhooks,
)
from simulator.kube.managers import Manager
from simulator.kube.resources import BUILT_IN, DEFINITIONS, NAMESPACES, Resource
from simulator.kube.schema import Node
from simulator.kube.store import Store

type Json = dict[str, Any]

_FOREGROUND = "foregroundDeletion"


@dataclass(frozen=True, slots=True)
class How:
    """The query's part of a write. manager: the field manager's name; validation: Ignore, Warn or Strict."""

    manager: str = "simulator"
    validation: str = "Warn"
    force: bool = False
    dry_run: bool = False


class Objects:
    """The objects of one cluster, behind the API's rules. kubernetes: the minor version, ``1.36``."""

    def __init__(self, store: Store, kubernetes: str) -> None:
        self.store = store
        self.kubernetes = kubernetes
        self.warnings: list[str] = []

    def resources(self) -> list[Resource]:
        """Every kind that is served now."""
        crds = self.store.all(DEFINITIONS)
        return [*BUILT_IN, *(r for crd in crds for r in definitions.resources_of(crd, self.kubernetes))]

    def resource(self, group: str, version: str, plural: str) -> Resource | None:
        """The kind of that path."""
        wanted = (group, version, plural)
        return next((r for r in self.resources() if (r.group, r.version, r.plural) == wanted), None)

    def node(self, resource: Resource) -> Node:
        """The kind's schema."""
        return resource.node or schema.published(
            self.kubernetes, resource.group, resource.version, resource.kind
        )

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """The object, in the version that was asked for."""
        found = self.store.get(resource, namespace, name)
        if found is None:
            raise status.not_found(resource.plural, resource.group, name)
        return self._told(found, resource)

    def list(self, resource: Resource, namespace: str, labels: str = "", where: str = "") -> list[Json]:
        """The objects that fit the selectors."""
        return [
            self._told(obj, resource)
            for obj in self.store.all(resource, namespace)
            if selectors.matches_labels(labels, obj["metadata"].get("labels", {}))
            and selectors.matches_fields(where, obj)
        ]

    def create(self, resource: Resource, namespace: str, body: Json, how: How) -> Json:
        """POST."""
        obj = self._received(resource, namespace, body)
        meta = obj["metadata"]
        if meta.get("resourceVersion"):
            raise status.bad_request("resourceVersion should not be set on objects to be created")
        if not meta.get("name"):
            if not meta.get("generateName"):
                told = "name or generateName is required"
                raise status.invalid(
                    resource.kind, resource.group, "", [status.required("metadata.name", told)]
                )
            meta["name"] = meta["generateName"] + self.store.suffix()
        self._check_namespace(resource, namespace, meta["name"])
        if self.store.get(resource, namespace, meta["name"]):
            raise status.already_exists(resource.plural, resource.group, meta["name"])
        self._clean(obj, resource, how)
        if resource.status and resource.kind != "Node":  # kubelet registers a node with its status
            obj.pop("status", None)
        self._born(obj)
        self._complete(obj, resource, None)
        manager = Manager(how.manager, "Update", resource.api_version)
        obj["metadata"]["managedFields"] = managers.updated(
            {}, obj, self.node(resource), manager, self.store.now()
        )
        return self._commit(obj, resource, None, how)

    def update(
        self, resource: Resource, namespace: str, name: str, body: Json, how: How, subresource: str = ""
    ) -> Json:
        """PUT, of the object or of its status."""
        old = self.get(resource, namespace, name)
        obj = self._received(resource, namespace, body)
        if obj["metadata"].get("name", name) != name:
            told = f"the name of the object ({obj['metadata']['name']}) does not match the name on the URL ({name})"
            raise status.bad_request(told)
        self._check_version(resource, old, obj["metadata"])
        self._clean(obj, resource, how)
        new = self._changed(resource, old, obj, subresource)
        manager = Manager(how.manager, "Update", resource.api_version, subresource)
        return self._write(resource, old, new, manager, how)

    def merge_patch(
        self, resource: Resource, namespace: str, name: str, patch: Json, how: How, subresource: str = ""
    ) -> Json:
        """PATCH application/merge-patch+json (RFC 7386)."""
        merged = _merge_patch(self.get(resource, namespace, name), patch)
        return self.update(resource, namespace, name, merged, how, subresource)

    def apply(
        self, resource: Resource, namespace: str, name: str, config: Json, how: How, subresource: str = ""
    ) -> Json:
        """PATCH application/apply-patch+yaml: server-side apply; creates what is not there."""
        config = self._received(resource, namespace, config)
        meta = config["metadata"]
        if meta.get("managedFields"):
            raise status.bad_request("metadata.managedFields must be nil")
        meta.setdefault("name", name)
        live = self.store.get(resource, namespace, name)
        if live is None:
            if subresource:
                raise status.not_found(resource.plural, resource.group, name)
            self._check_namespace(resource, namespace, name)
        else:
            self._check_version(resource, live, meta)
        for part in ("resourceVersion", "uid", "creationTimestamp", "generation"):
            meta.pop(part, None)
        if subresource:
            config = {
                key: config[key] for key in ("apiVersion", "kind", "metadata", "status") if key in config
            }
        elif resource.status:
            config.pop("status", None)
        node = self.node(resource)
        base = self._told(live, resource) if live else {key: config[key] for key in ("apiVersion", "kind")}
        manager = Manager(how.manager, "Apply", resource.api_version, subresource)
        try:
            new = managers.applied(base, config, node, manager, self.store.now(), force=how.force)
        except fields.UnknownField as unknown:
            where = f"{namespace}/{name}; " if namespace else f"/{name}; "
            what = f"{where}{resource.api_version}, Kind={resource.kind}"
            told = f"failed to create typed patch object ({what}): {unknown}: field not declared in schema"
            raise status.Refusal(500, "", told) from unknown
        if live is None:
            new["metadata"].setdefault("name", name)
            if resource.namespaced:
                new["metadata"]["namespace"] = namespace
            self._check_decoded(new, resource)
            self._born(new)
            self._complete(new, resource, None)
            return self._commit(new, resource, None, how)
        self._check_decoded(new, resource)
        return self._finish(resource, self._told(live, resource), new, how)

    def delete(
        self, resource: Resource, namespace: str, name: str, how: How, propagation: str = "", uid: str = ""
    ) -> tuple[Json, bool]:
        """DELETE: (the object, whether it is gone already). propagation: Background or Foreground."""
        obj = self.get(resource, namespace, name)
        if uid and uid != obj["metadata"]["uid"]:
            told = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {obj['metadata']['uid']}"
            raise status.conflict(resource.plural, resource.group, name, told)
        if propagation == "Orphan":
            raise status.not_modelled("deletion with propagationPolicy Orphan")
        if resource is NAMESPACES and name in {"default", "kube-system", "kube-public"}:
            raise status.forbidden("namespaces", "", name, "this namespace may not be deleted")
        webhooks.admit(self, resource, "DELETE", None, obj)
        if how.dry_run:
            return obj, True
        finalizers = list(obj["metadata"].get("finalizers", ()))
        if propagation == "Foreground" and _FOREGROUND not in finalizers:
            finalizers.append(_FOREGROUND)
        waits = finalizers or resource.kind in {"Namespace", "CustomResourceDefinition"} or _runs(obj)
        if not waits:
            self.store.drop(resource.key, obj)
            return obj, True
        if "deletionTimestamp" not in obj["metadata"]:
            obj["metadata"]["deletionTimestamp"] = self.store.now()
            if resource.kind == "Pod":
                obj["metadata"]["deletionGracePeriodSeconds"] = obj["spec"]["terminationGracePeriodSeconds"]
            if finalizers:
                obj["metadata"]["finalizers"] = finalizers
            if resource is NAMESPACES:
                obj["status"]["phase"] = "Terminating"
            self.store.put(resource, obj)
        return obj, False

    def set_status(self, resource: Resource, obj: Json, value: Json, manager: str) -> None:
        """A controller writes an object's status, if it differs."""
        if obj.get("status") != value:
            namespace = obj["metadata"].get("namespace", "")
            self.update(
                resource, namespace, obj["metadata"]["name"], {**obj, "status": value}, How(manager), "status"
            )

    # -- the steps ---------------------------------------------------------------------------------------------

    def _received(self, resource: Resource, namespace: str, body: Json) -> Json:
        obj = copy.deepcopy(body)
        obj.setdefault("apiVersion", resource.api_version)
        obj.setdefault("kind", resource.kind)
        if refused := decode.kind_mismatch(obj, resource):
            raise refused
        meta = obj.setdefault("metadata", {})
        if not isinstance(meta, dict):
            raise status.bad_request("metadata is no object")
        if resource.namespaced and meta.setdefault("namespace", namespace) != namespace:
            told = "the namespace of the provided object does not match the namespace sent on the request"
            raise status.bad_request(told)
        return obj

    def _clean(self, obj: Json, resource: Resource, how: How) -> None:
        self.warnings += decode.check_fields(obj, resource, self.node(resource), how.validation)
        self._check_decoded(obj, resource)

    def _check_decoded(self, obj: Json, resource: Resource) -> None:
        if not resource.custom:
            decode.check_types(obj, resource, self.node(resource))

    def _check_version(self, resource: Resource, old: Json, meta: Json) -> None:
        asked = meta.get("resourceVersion")
        name = old["metadata"]["name"]
        if asked and asked != old["metadata"]["resourceVersion"]:
            told = (
                "the object has been modified; please apply your changes to the latest version and try again"
            )
            raise status.conflict(resource.plural, resource.group, name, told)
        if meta.get("uid") and meta["uid"] != old["metadata"]["uid"]:
            pair = meta["uid"], old["metadata"]["uid"]
            told = "Precondition failed: UID in precondition: {}, UID in object meta: {}".format(*pair)
            raise status.conflict(resource.plural, resource.group, name, told)

    def _check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        """Admission plugin NamespaceLifecycle."""
        if not resource.namespaced:
            return
        found = self.store.get(NAMESPACES, "", namespace)
        if found is None:
            raise status.not_found("namespaces", "", namespace)
        if "deletionTimestamp" in found["metadata"]:
            told = f"unable to create new content in namespace {namespace} because it is being terminated"
            refused = status.forbidden(resource.plural, resource.group, name, told)
            message = f"namespace {namespace} is being terminated"
            cause = {"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}
            refused.details["causes"] = [cause]
            raise refused

    def _born(self, obj: Json) -> None:
        meta = obj["metadata"]
        for part in ("deletionTimestamp", "resourceVersion"):
            meta.pop(part, None)
        meta["uid"] = self.store.new_uid()
        meta["creationTimestamp"] = self.store.now()
        meta["generation"] = 1

    def _changed(self, resource: Resource, old: Json, obj: Json, subresource: str) -> Json:
        """The object after an update of its one part; system metadata stays."""
        if subresource:
            return {**old, "status": obj["status"]} if "status" in obj else old
        new = dict(obj)
        if resource.status:
            new = {key: value for key, value in obj.items() if key != "status"}
            if "status" in old:
                new["status"] = old["status"]
        kept = {
            "uid",
            "creationTimestamp",
            "generation",
            "resourceVersion",
            "managedFields",
            "namespace",
            "name",
        }
        kept |= {"deletionTimestamp", "deletionGracePeriodSeconds"}
        system = {part: value for part, value in old["metadata"].items() if part in kept}
        own = {part: value for part, value in obj["metadata"].items() if part not in kept}
        new["metadata"] = {**own, **system}
        return new

    def _write(self, resource: Resource, old: Json, new: Json, manager: Manager, how: How) -> Json:
        new = copy.deepcopy(new)
        self._complete(new, resource, old)
        entries = managers.updated(old, new, self.node(resource), manager, self.store.now())
        new["metadata"]["managedFields"] = entries
        return self._finish(resource, old, new, how)

    def _finish(self, resource: Resource, old: Json, new: Json, how: How) -> Json:
        """Keep a changed object; one that is the same keeps its resourceVersion."""
        self._complete(new, resource, old)
        for part in ("uid", "creationTimestamp", "resourceVersion", "generation"):
            if part in old["metadata"]:
                new["metadata"][part] = old["metadata"][part]
        # A write whose only effect is a later time in managedFields is none (kubernetes #106388, since 1.25).
        if managers.without_times(new) == managers.without_times(old):
            return old
        if _desired(new) != _desired(old):
            new["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
        return self._commit(new, resource, old, how)

    def _complete(self, obj: Json, resource: Resource, old: Json | None) -> None:
        """Defaults, then every check of the whole object."""
        if resource.custom:
            found = decode.custom_faults(obj, resource, old)
        else:
            defaults.fill(resource.kind, obj)
            found = decode.missing(obj, self.node(resource))
        found = found or rules.faults(obj, resource, old)
        if not found and resource is DEFINITIONS:
            found = definitions.faults(obj)
            if not found and old is None:
                definitions.fill(obj)
        if found:
            raise status.invalid(resource.kind, resource.group, obj["metadata"]["name"], found)

    def _commit(self, obj: Json, resource: Resource, old: Json | None, how: How) -> Json:
        webhooks.admit(self, resource, "UPDATE" if old else "CREATE", obj, old)
        if how.dry_run:
            return obj
        gone = "deletionTimestamp" in obj["metadata"] and not obj["metadata"].get("finalizers")
        if gone and resource is not NAMESPACES and resource is not DEFINITIONS and not _runs(obj):
            self.store.drop(resource.key, obj)
            return obj
        return copy.deepcopy(self.store.put(resource, copy.deepcopy(obj)))

    def _told(self, obj: Json, resource: Resource) -> Json:
        return {**copy.deepcopy(obj), "apiVersion": resource.api_version, "kind": resource.kind}


def _runs(obj: Json) -> bool:
    """A pod that kubelet has to stop before it is gone."""
    return obj.get("kind") == "Pod" and bool(obj.get("spec", {}).get("nodeName"))


def _desired(obj: Json) -> Json:
    """What makes a new generation when it changes: all but metadata and status."""
    return {key: value for key, value in obj.items() if key not in {"metadata", "status"}}


def _merge_patch(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for key, inner in patch.items():
        if inner is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge_patch(merged.get(key), inner)
    return merged
