"""The commands that the report hands out: they run as they stand, and say what the steps would have done."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from extended_cluster import address_pools, kubectl_access, left_out, metallb_manifest
from extended_cluster.types import ClusterPlan
from tests.unit import verified_cluster as made
from tests.unit.server_plan import OUTPOST, SERVER
from tests.unit.test_write_report import ADMIN, PLANNED

ARN = "arn:aws:eks:us-west-2:123456789012:cluster/edge-1"
# Stands for kubectl: what it was asked, and what came by standard input.
_KUBECTL = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done > "$ASKED.$$"
for word in "$@"; do if [ "$word" = - ]; then cat > "$ASKED.$$.input"; fi; done
"""


def test_a_role_is_assumed_and_a_user_is_itself() -> None:
    user = "arn:aws:iam::123456789012:user/ops/jo"
    plan: ClusterPlan = {**PLANNED, "adminPrincipalArns": [ADMIN, user]}
    first, second = kubectl_access.commands(plan, ARN)
    nodes = "kubectl get nodes --label-columns eks-outposts-servers/outpost,eks-outposts-servers/lni"
    update = "aws eks update-kubeconfig --name edge-1 --region us-west-2"
    assert first == {
        "principalArn": ADMIN,
        "commands": [f"{update} --role-arn {ADMIN}", nodes],
        "remark": "For whoever may assume the role, from inside the VPC: the endpoint is private.",
    }
    assert second["commands"] == [update, nodes]
    assert "this user" in second["remark"]


@pytest.mark.parametrize(
    ("private", "where"),
    [(True, "from inside the VPC or from 203.0.113.0/24."), (False, "role, from 203.0.113.0/24.")],
)
def test_it_says_from_where(private: bool, where: str) -> None:
    settings: Any = {**PLANNED["settings"], "endpointPrivate": private, "publicCidrs": ["203.0.113.0/24"]}
    (told,) = kubectl_access.commands({**PLANNED, "settings": settings}, ARN)
    assert str(told["remark"]).endswith(where)


def test_becoming_an_administrator_takes_an_entry_and_its_policy() -> None:
    create, associate = kubectl_access.grant("edge-1", ARN)
    where = "--cluster-name edge-1 --region us-west-2 --principal-arn PRINCIPAL_ARN"
    assert create == f"aws eks create-access-entry {where}"
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert (
        associate
        == f"aws eks associate-access-policy {where} --policy-arn {policy} --access-scope type=cluster"
    )
    china = kubectl_access.grant("edge-1", "arn:aws-cn:eks:cn-north-1:123456789012:cluster/edge-1")[1]
    assert "arn:aws-cn:eks::aws:cluster-access-policy/" in china


def test_the_aws_commands_are_ones_that_the_cli_knows(tmp_path: Path) -> None:
    """The CLI parses the options before it does anything; it has no credentials and nobody to ask."""
    (told,) = kubectl_access.commands(PLANNED, ARN)
    for command in [*told["commands"][:1], *kubectl_access.grant("edge-1", ARN)]:
        words = shlex.split(str(command).replace("PRINCIPAL_ARN", ADMIN))
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        }
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert "Unable to locate credentials" in done.stderr, done.stderr


def test_without_pools_only_the_labels_are_left_out() -> None:
    labels = f"--selector eks-outposts-servers/outpost={OUTPOST} eks-outposts-servers/lni=ready"
    assert left_out.commands([SERVER]) == [f"kubectl label nodes --overwrite {labels}"]


def test_what_was_left_out_runs_as_a_script_in_this_order(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(_KUBECTL)
    kubectl.chmod(0o755)
    asked, inputs = [], []
    for number, command in enumerate(left_out.commands(made.SERVERS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "ASKED": str(folder / "asked")}
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], env=environment, check=True, timeout=20)
        (words,) = (path for path in folder.iterdir() if path.suffix != ".input")
        asked.append(words.read_text().splitlines())
        inputs += [json.loads(path.read_text()) for path in folder.glob("*.input")]
    assert [words[0] if not words[0].startswith("--") else words[2] for words in asked] == [
        "label",
        "label",
        "apply",
        "patch",
        "patch",
        "rollout",
        *["apply"] * 4,
    ]
    assert inputs == [
        obj
        for server in made.SERVERS
        if server["metallb"]
        for obj in (
            address_pools.pool(server["outpostId"], server["metallb"]),
            address_pools.advertisement(server),
        )
    ]


def test_the_patches_give_metallb_the_class_that_the_step_gives_it() -> None:
    manifest = list(yaml.safe_load_all(metallb_manifest.FILE.read_text()))
    ours = {(one["kind"], one["metadata"]["name"]): one for one in metallb_manifest.objects("")}
    patched = 0
    for command in left_out.commands(made.SERVERS):
        if " patch " not in command:
            continue
        words = shlex.split(command)
        kind = {"deployment": "Deployment", "daemonset": "DaemonSet"}[words[words.index("patch") + 1]]
        name = words[words.index("patch") + 2]
        (found,) = (one for one in manifest if (one["kind"], one["metadata"]["name"]) == (kind, name))
        (change,) = json.loads(words[-1])
        number = int(re.fullmatch(r"/spec/template/spec/containers/(\d)/args/-", change["path"])[1])  # type: ignore[index]
        arguments = found["spec"]["template"]["spec"]["containers"][number]["args"] + [change["value"]]
        assert arguments == ours[kind, name]["spec"]["template"]["spec"]["containers"][number]["args"]
        patched += 1
    assert patched == 2
