"""Multus's and whereabouts' manifests: the very files that were published, and what is changed in them."""

import copy
import hashlib
import re
from pathlib import Path
from typing import Any

import fastjsonschema
import kubernetes_validate
import pytest
import yaml

from extended_cluster import pod_network
from extended_cluster.names import MULTUS_VERSION, WHEREABOUTS_VERSION
from extended_cluster.pod_networks_manifest import MULTUS, WHEREABOUTS, objects
from extended_cluster.types import LniSpec
from tests.unit.server_plan import LNI, OUTPOST, SERVER
from tests.unit.test_metallb_manifest import VERSIONS

type Json = dict[str, Any]

OURS = {"app.kubernetes.io/managed-by": "eks-outposts-servers"}
WANTED: Any = {"addresses": "192.168.10.220-192.168.10.230"}
MIRROR = "mirror.example:5000/lan"


def published() -> list[Json]:
    return [obj for file in (*MULTUS, *WHEREABOUTS) for obj in yaml.safe_load_all(file.read_text())]


def containers(found: list[Json]) -> list[Json]:
    pods = [each["spec"]["template"]["spec"] for each in found if each["kind"] == "DaemonSet"]
    return [one for pod in pods for one in (*pod.get("initContainers", ()), *pod["containers"])]


@pytest.mark.parametrize(("files", "version"), [(MULTUS, MULTUS_VERSION), (WHEREABOUTS, WHEREABOUTS_VERSION)])
def test_the_files_are_those_that_were_published(files: tuple[Path, ...], version: str) -> None:
    folder = files[0].parent
    source = (folder / "SOURCE.md").read_text()
    written = re.findall(r"\| its SHA-256 \| `([0-9a-f]{64})` \|", source)
    every = [*files, folder / "LICENSE"]
    assert [hashlib.sha256(each.read_bytes()).hexdigest() for each in every] == written
    assert sorted(each.name for each in folder.iterdir()) == sorted([*(f.name for f in every), "SOURCE.md"])
    assert f"| version | {version}, commit" in source


def test_everything_is_applied_and_nothing_else_is_changed() -> None:
    """The manifests again, once the changes are taken back."""
    back = []
    for each in objects(""):
        assert OURS.items() <= each["metadata"]["labels"].items()
        del each["metadata"]["labels"]["app.kubernetes.io/managed-by"]
        if not each["metadata"]["labels"]:
            del each["metadata"]["labels"]
        if each["kind"] == "DaemonSet":
            pod = each["spec"]["template"]["spec"]
            assert pod.pop("nodeSelector") == {"eks-outposts-servers/lni": "ready"}
        back.append(each)
    for container in containers(back):
        if container["name"] == "kube-multus":
            assert container["args"].pop() == "--cleanup-config-on-exit=true"
        latest = {MULTUS_VERSION: "snapshot", WHEREABOUTS_VERSION: "latest"}
        image, _, tag = container["image"].rpartition(":")
        container["image"] = f"{image}:{latest[tag]}"
    assert back.pop(0) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "eks-outposts-servers"},
    }

    def by_name(each: Json) -> tuple[str, str]:
        return each["kind"], each["metadata"]["name"]

    assert sorted(back, key=by_name) == sorted(published(), key=by_name)


def test_definitions_come_first() -> None:
    kinds = [each["kind"] for each in objects("")]
    assert kinds[:5] == ["Namespace", *["CustomResourceDefinition"] * 4]
    assert "CustomResourceDefinition" not in kinds[5:]


@pytest.mark.parametrize("registry", ["", MIRROR])
def test_images_are_of_the_release_and_from_the_registry_that_the_stack_names(registry: str) -> None:
    where = registry or "ghcr.io/k8snetworkplumbingwg"
    assert {(each["name"], each["image"]) for each in containers(objects(registry))} == {
        ("install-multus-binary", f"{where}/multus-cni:v4.3.0"),
        ("kube-multus", f"{where}/multus-cni:v4.3.0"),
        ("whereabouts", f"{where}/whereabouts:v0.9.4"),
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid_kubernetes(version: str) -> None:
    for each in objects(MIRROR):
        kubernetes_validate.validate(each, version, strict=True)
        if each["kind"] == "DaemonSet":
            each["spec"]["template"]["spec"]["nodeSelectors"] = {}
            with pytest.raises(kubernetes_validate.ValidationError):
                kubernetes_validate.validate(each, version, strict=True)


def config(lni: LniSpec, wanted: Any = WANTED) -> Json:
    made = pod_network.attachment({**SERVER, "lni": lni}, wanted)
    (defined,) = (
        each for each in published() if each["metadata"]["name"] == f"network-attachment-definitions.{GROUP}"
    )
    schema = copy.deepcopy(defined["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
    schema["properties"]["spec"]["additionalProperties"] = False
    fastjsonschema.compile(schema)(made)
    assert made["metadata"] == {
        "name": OUTPOST,
        "namespace": "eks-outposts-servers",
        "labels": {**OURS, "eks-outposts-servers/outpost": OUTPOST},
    }
    (text,) = made["spec"].values()
    told: Json = yaml.safe_load(text)
    return told


GROUP = "k8s.cni.cncf.io"
IPAM = {
    "type": "whereabouts",
    "range": "192.168.10.0/24",
    "range_start": "192.168.10.220",
    "range_end": "192.168.10.230",
}


def test_an_attachment_is_ipvlan_on_the_lni_with_the_server_s_addresses() -> None:
    assert config(LNI) == {
        "cniVersion": "0.3.1",
        "name": OUTPOST,
        "type": "ipvlan",
        "master": "ens6",
        "mode": "l2",
        "ipam": IPAM,
    }


def test_a_vlan_and_a_gateway_are_the_server_s() -> None:
    made = config({**LNI, "vlan": 7, "gateway": "192.168.10.1"})
    assert (made["master"], made["ipam"]) == ("lni.7", {**IPAM, "gateway": "192.168.10.1"})


def test_a_block_is_all_its_addresses() -> None:
    ipam = config(LNI, {"addresses": "192.168.10.224/29"})["ipam"]
    assert (ipam["range_start"], ipam["range_end"]) == ("192.168.10.224", "192.168.10.231")


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"ipam": {"range_start": "x", "range_end": "y"}}'])
def test_what_is_no_longer_of_our_form_has_no_addresses(text: str) -> None:
    made = pod_network.attachment(SERVER, WANTED)
    found = pod_network.addresses(made)
    assert found
    assert (str(found.first), str(found.last)) == ("192.168.10.220", "192.168.10.230")
    assert pod_network.addresses({**made, "spec": {"config": text}}) is None
