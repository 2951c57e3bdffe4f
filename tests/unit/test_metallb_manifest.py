"""MetalLB's manifest: the very file that was published, and what is changed in it. Valid for Kubernetes as applied."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import fastjsonschema
import kubernetes_validate
import pytest
import yaml

from extended_cluster import address_pools
from extended_cluster.metallb_manifest import FILE, objects
from extended_cluster.names import METALLB_VERSION
from extended_cluster.vendored_manifest import in_order
from tests.unit.server_plan import LNI, OUTPOST, SERVER

type Json = dict[str, Any]

# What EKS has in standard support in late 2026 (facts.md section 4).
VERSIONS = ["1.34", "1.35", "1.36"]
OURS = {"app.kubernetes.io/managed-by": "eks-outposts-servers"}


def published() -> list[Json]:
    return list(yaml.safe_load_all(FILE.read_text()))


def named(found: list[Json], kind: str) -> Json:
    (one,) = (each for each in found if each["kind"] == kind)
    return one


def test_the_files_are_those_that_were_published() -> None:
    source = (FILE.parent / "SOURCE.md").read_text()
    written = re.findall(r"\| its SHA-256 \| `([0-9a-f]{64})` \|", source)
    files = [FILE, FILE.parent / "LICENSE"]
    assert [hashlib.sha256(each.read_bytes()).hexdigest() for each in files] == written
    assert f"| {METALLB_VERSION}, commit" in source.replace("| version |", "|")


def test_the_version_is_that_of_the_images() -> None:
    assert {image.rpartition(":")[2] for image in images(published())} == {METALLB_VERSION}


def images(found: list[Json]) -> list[str]:
    return [
        container["image"]
        for each in found
        if each["kind"] in {"Deployment", "DaemonSet"}
        for container in each["spec"]["template"]["spec"]["containers"]
    ]


def test_everything_is_applied_and_nothing_else_is_changed() -> None:
    """The manifest again, once the changes are taken back."""
    back = []
    for each in objects(""):
        assert OURS.items() <= each["metadata"]["labels"].items()
        del each["metadata"]["labels"]["app.kubernetes.io/managed-by"]
        if not each["metadata"]["labels"]:
            del each["metadata"]["labels"]
        if each["kind"] == "ValidatingWebhookConfiguration":
            assert "creationTimestamp" not in each["metadata"]
            each["metadata"]["creationTimestamp"] = None
        if each["kind"] in {"Deployment", "DaemonSet"}:
            (container,) = each["spec"]["template"]["spec"]["containers"]
            assert container["args"].pop() == "--lb-class=eks-outposts-servers/metallb"
        if each["kind"] == "DaemonSet":
            assert each["spec"]["template"]["spec"]["nodeSelector"].pop("eks-outposts-servers/lni") == "ready"
        back.append(each)

    def by_name(each: Json) -> tuple[str, str]:
        return each["kind"], each["metadata"]["name"]

    assert sorted(back, key=by_name) == sorted(published(), key=by_name)


def test_what_others_need_comes_first_and_the_webhook_last() -> None:
    kinds = [each["kind"] for each in in_order(reversed(objects("")))]
    crds = Counter(kinds)["CustomResourceDefinition"]
    assert kinds[: 1 + crds] == ["Namespace", *["CustomResourceDefinition"] * crds]
    assert kinds[-1] == "ValidatingWebhookConfiguration"
    assert Counter(kinds)["ValidatingWebhookConfiguration"] == 1


def test_the_namespace_lets_speakers_run_and_the_webhook_fails_closed() -> None:
    labels = named(objects(""), "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
    webhooks = named(objects(""), "ValidatingWebhookConfiguration")["webhooks"]
    assert {each["failurePolicy"] for each in webhooks} == {"Fail"}


def test_what_the_controller_writes_is_not_applied() -> None:
    """Else every run would take its certificate away, or be refused as a conflict."""
    found = objects("")
    assert "caBundle" not in str(found)
    assert named(found, "Secret").keys() == {"apiVersion", "kind", "metadata"}
    assert (
        named(found, "Secret")["metadata"]["name"] == "metallb-webhook-cert"
    )  # `memberlist` is not among them


def test_images_come_from_the_registry_that_the_stack_names() -> None:
    assert images(objects("mirror.example:5000/lan/metallb")) == [
        f"mirror.example:5000/lan/metallb/controller:{METALLB_VERSION}",
        f"mirror.example:5000/lan/metallb/speaker:{METALLB_VERSION}",
    ]
    assert images(objects("")) == images(published())


def applied() -> Iterator[Json]:
    yield from objects("mirror.example/metallb")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid_kubernetes(version: str) -> None:
    for each in applied():
        kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_validation_sees_what_it_is_for(version: str) -> None:
    daemon_set = named(objects(""), "DaemonSet")
    daemon_set["spec"]["template"]["spec"]["nodeSelectors"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(daemon_set, version, strict=True)


def schema_of(kind: str) -> Json:
    """The definition's own schema; what it does not name is an error, as API servers tell with strict validation."""

    def closed(schema: Any) -> Any:
        if isinstance(schema, list):
            return [closed(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        made = {key: closed(value) for key, value in schema.items()}
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
            made.setdefault("additionalProperties", False)
        return made

    for each in published():
        if each["kind"] == "CustomResourceDefinition" and each["spec"]["names"]["kind"] == kind:
            (version,) = (v for v in each["spec"]["versions"] if v["name"] == "v1beta1")
            schema: Json = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            return schema
    raise LookupError(kind)


@pytest.mark.parametrize("vlan", [None, 7])
def test_our_own_objects_are_what_metallb_defines(vlan: int | None) -> None:
    metallb = {"addresses": ["192.168.10.200-192.168.10.210", "192.168.10.240/28"]}
    pool = address_pools.pool(OUTPOST, {"addresses": metallb["addresses"]})
    advertisement = address_pools.advertisement({**SERVER, "lni": {**LNI, "vlan": vlan}})
    for each in (pool, advertisement):
        check = fastjsonschema.compile(schema_of(each["kind"]), use_default=False)
        check(each)
        with pytest.raises(fastjsonschema.JsonSchemaValueException):
            check({**each, "spec": {**each["spec"], "interface": "ens6"}})
    assert pool["spec"] == {**metallb, "autoAssign": False}
    assert advertisement["spec"] == {
        "ipAddressPools": [OUTPOST],
        "nodeSelectors": [
            {
                "matchLabels": {
                    "eks-outposts-servers/outpost": OUTPOST,
                    "eks-outposts-servers/lni": "ready",
                }
            }
        ],
        "interfaces": ["ens6" if vlan is None else "lni.7"],
    }
