"""The objects of one cluster, whatever their kind, and the counter that their resourceVersions come from."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from simulator.kube.resources import Resource

type Json = dict[str, Any]
type Name = tuple[str, str]  # namespace ("" where there is none), name


class Store:
    """Objects by (group, plural) and name. What it hands out is its own: copy before changing."""

    def __init__(self, seed: str, now: Callable[[], datetime]) -> None:
        """seed: uids and generated names follow from it."""
        self.version = 1
        self._seed = seed
        self._now = now
        self._objects: dict[tuple[str, str], dict[Name, Json]] = {}
        self._uids = 0

    def now(self) -> str:
        """The virtual time as the API writes it: whole seconds, UTC."""
        return stamp(self._now())

    def get(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """One object; namespace is ignored for kinds that have none."""
        where = namespace if resource.namespaced else ""
        return self._objects.get(resource.key, {}).get((where, name))

    def all(self, resource: Resource, namespace: str = "") -> list[Json]:
        """Every object of the kind (in the namespace, if one is given), by namespace and name."""
        kept = self._objects.get(resource.key, {})
        return [kept[key] for key in sorted(kept) if namespace in ("", key[0])]

    def everything(self) -> Iterator[tuple[tuple[str, str], Json]]:
        """Every object with its (group, plural)."""
        for key, kept in list(self._objects.items()):
            for obj in list(kept.values()):
                yield key, obj

    def put(self, resource: Resource, obj: Json) -> Json:
        """Keep the object as it is now, under a new resourceVersion."""
        self.version += 1
        meta = obj["metadata"]
        meta["resourceVersion"] = str(self.version)
        self._objects.setdefault(resource.key, {})[meta.get("namespace", ""), meta["name"]] = obj
        return obj

    def drop(self, key: tuple[str, str], obj: Json) -> None:
        """Forget an object."""
        self.version += 1
        meta = obj["metadata"]
        self._objects.get(key, {}).pop((meta.get("namespace", ""), meta["name"]), None)

    def drop_kind(self, key: tuple[str, str]) -> None:
        """Forget every object of a kind that is no more."""
        self._objects.pop(key, None)

    def new_uid(self) -> str:
        """A UUID that no object has had."""
        self._uids += 1
        return str(
            UUID(bytes=hashlib.md5(f"{self._seed}/{self._uids}".encode(), usedforsecurity=False).digest())
        )

    def suffix(self, what: str = "") -> str:
        """Five letters and digits that follow a generateName (apiserver names/generate.go)."""
        self._uids += not what
        digest = hashlib.sha256(f"{self._seed}/{what or self._uids}".encode()).digest()
        return "".join("bcdfghjklmnpqrstvwxz2456789"[byte % 27] for byte in digest[:5])


def stamp(moment: datetime) -> str:
    """metav1.Time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_stamp(moment: datetime) -> str:
    """metav1.MicroTime, as leases have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
