"""A fake of ``extended_cluster.kubernetes.api.Kubernetes``: objects in memory, and a record of what was written."""

import copy
from collections.abc import Iterable

from extended_cluster.kubernetes.api import Json
from extended_cluster.kubernetes.kinds import KINDS

type Key = tuple[str, str, str, str]  # apiVersion, kind, namespace, name


class FakeKubernetes:
    """What is there, what was applied and deleted; kinds must be in the table of ``kinds``.

    failures: by ``(verb, kind)``, e.g. ``{("apply", "Node"): FieldConflict(...)}``, raised instead of an answer;
    missing: kinds whose definition is not there. Applying merges maps and replaces everything else.
    """

    def __init__(
        self,
        *objects: Json,
        failures: dict[tuple[str, str], Exception] | None = None,
        missing: Iterable[str] = (),
    ) -> None:
        self.objects: dict[Key, Json] = {_key_of(each): copy.deepcopy(each) for each in objects}
        self.failures = failures or {}
        self.missing = set(missing)
        self.applied: list[Json] = []
        self.forced: list[Json] = []
        self.deleted: list[Key] = []

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        self._fail("get", kind)
        return copy.deepcopy(self.objects.get(_key(api_version, kind, namespace, name)))

    def list(self, api_version: str, kind: str, namespace: str = "", labels: str = "") -> list[Json]:
        self._fail("list", kind)
        assert KINDS[api_version, kind]
        return [
            copy.deepcopy(each)
            for (version, of, where, _), each in sorted(self.objects.items())
            if (version, of) == (api_version, kind)
            and namespace in ("", where)
            and _selected(each["metadata"].get("labels", {}), labels)
        ]

    def apply(self, obj: Json, *, force: bool = False) -> Json:
        self._fail("apply", obj["kind"])
        key = _key_of(obj)
        assert key[1] not in self.missing, f"{key[1]} is not defined: a real API server answers 404"
        self.applied.append(copy.deepcopy(obj))
        if force:
            self.forced.append(copy.deepcopy(obj))
        self.objects[key] = _merged(self.objects.get(key, {}), obj)
        return copy.deepcopy(self.objects[key])

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        self._fail("delete", kind)
        key = _key(api_version, kind, namespace, name)
        self.deleted.append(key)
        return self.objects.pop(key, None) is not None

    def _fail(self, verb: str, kind: str) -> None:
        if (verb, kind) in self.failures:
            raise self.failures[verb, kind]


def _key_of(obj: Json) -> Key:
    metadata = obj["metadata"]
    return _key(obj["apiVersion"], obj["kind"], metadata.get("namespace", ""), metadata["name"])


def _key(api_version: str, kind: str, namespace: str, name: str) -> Key:
    assert KINDS[api_version, kind].namespaced == bool(namespace), f"{kind} {name} in {namespace or 'none'}"
    return api_version, kind, namespace, name


def _selected(have: dict[str, str], labels: str) -> bool:
    wanted = (label.partition("=") for label in labels.split(",") if label)
    return all(key in have and (not equals or have[key] == value) for key, equals, value in wanted)


def _merged(old: Json, new: Json) -> Json:
    both = {
        k: _merged(old[k], v) if isinstance(v, dict) and isinstance(old.get(k), dict) else v
        for k, v in new.items()
    }
    return copy.deepcopy({**old, **both})
