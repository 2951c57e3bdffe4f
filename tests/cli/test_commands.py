"""What a person types: make, sam and aws against a simulator of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from demo.deployment import alone, deploy, tools
from demo.simulator_process import ROOT, simulator


def run(
    *command: str, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def aws(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Not the script: pip writes its interpreter's path unquoted, and a folder's name may have a space."""
    return run(sys.executable, "-m", "awscli", *words, env=env)


def _resources(env: dict[str, str]) -> list[dict[str, str]]:
    """Ids and times of all resources of the stack and of the one in it, but for the nested stack as a resource."""
    nested = "AWS::CloudFormation::Stack"
    listed = _resources_of(env, "eks-outposts-servers")
    ids = [resource["PhysicalResourceId"] for resource in listed if resource["ResourceType"] == nested]
    everything = listed + [resource for stack in ids for resource in _resources_of(env, stack)]
    return [resource for resource in everything if resource["ResourceType"] != nested]


def _resources_of(env: dict[str, str], stack: str) -> list[dict[str, str]]:
    listed = aws(env, "cloudformation", "list-stack-resources", "--stack-name", stack)
    found: list[dict[str, str]] = json.loads(listed.stdout)["StackResourceSummaries"]
    return found


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with simulator(seed=1, name="cli") as exported:
        yield tools(exported)


def test_make_help_lists_every_documented_target() -> None:
    told = run("make", "help").stdout
    for target in ("run", "test", "simulator", "stop", "clean", "build", "install"):
        assert f"make {target} " in told


def test_without_python_313_one_sentence_says_so(tmp_path: Path) -> None:
    """A PATH with the shell's own tools and no Python, pyenv or uv."""
    found = tmp_path / "bin"
    found.mkdir()
    for tool in ("bash", "env", "grep", "tail"):
        (found / tool).symlink_to(subprocess.check_output(["which", tool], text=True).strip())
    result = run(
        str(ROOT / "scripts" / "make-environment"), str(tmp_path / "venv"), "x", env={"PATH": str(found)}
    )
    assert result.returncode != 0
    assert result.stderr.count("\n") == 1
    assert "Python 3.13 was not found" in result.stderr


def test_sam_deploys_twice_and_the_second_time_changes_nothing(environment: dict[str, str]) -> None:
    """A change set of a stack with a nested one is never empty (CloudFormation API, ChangeSource, Automatic)."""
    deploy(environment, quiet=True)
    before = _resources(environment)
    assert "LniGuardFunction" in {resource["LogicalResourceId"] for resource in before}
    again = run("sam", "deploy", env=environment)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "UPDATE_COMPLETE" in again.stdout
    assert _resources(environment) == before


def test_the_deployed_definition_is_the_file_with_its_substitutions_applied(
    environment: dict[str, str],
) -> None:
    stacks = json.loads(
        aws(environment, "cloudformation", "describe-stacks", "--stack-name", "eks-outposts-servers").stdout
    )
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stacks["Stacks"][0]["Outputs"]}
    machine = json.loads(
        aws(
            *(environment, "stepfunctions", "describe-state-machine"),
            *("--state-machine-arn", outputs["ProvisionStateMachineArn"]),
        ).stdout
    )
    deployed = yaml.safe_load(machine["definition"])
    written = yaml.safe_load((ROOT / "statemachine" / "provision.asl.yaml").read_text())
    assert "${" not in machine["definition"]
    assert list(deployed["States"]) == list(written["States"])
    arn = deployed["States"]["ValidateRequest"]["Resource"]
    assert arn.startswith("arn:aws:lambda:us-west-2:123456789012:function:")


def test_the_aws_cli_works_against_it_unchanged(environment: dict[str, str]) -> None:
    outposts = json.loads(aws(environment, "outposts", "list-outposts").stdout)["Outposts"]
    assert {outpost["SupportedHardwareType"] for outpost in outposts} == {"SERVER", "RACK"}


def test_what_is_not_modelled_is_refused_loudly(environment: dict[str, str]) -> None:
    refused = aws(environment, "outposts", "create-outpost", "--name", "x", "--site-id", "os-12345678")
    assert refused.returncode != 0
    assert "NotModelledBySimulator" in refused.stderr


def test_the_guard_deploys_alone_and_leaves_the_applications_build_as_it_was(
    environment: dict[str, str],
) -> None:
    """A build of the guard in the application's place would be deployed over the application."""
    template = ROOT / ".aws-sam" / "build" / "template.yaml"
    before = template.read_bytes()
    with alone():  # other tests deploy from the same folder
        for command in (["sam", "build"], ["sam", "deploy"]):
            done = run(*command, "--config-env", "guard", env=environment)
            assert done.returncode == 0, done.stdout + done.stderr
    assert template.read_bytes() == before
    resources = _resources_of(environment, "eks-outposts-lni-guard")
    assert {"LniGuardFunction", "LniSweepFunction"} <= {each["LogicalResourceId"] for each in resources}


def test_sam_refuses_a_template_with_a_type_that_nobody_models(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "template.yaml").write_text(
        "Resources:\n  Ring:\n    Type: AWS::Braket::Ring\n    Properties: {Name: one}\n"
    )
    refused = run("sam", "deploy", "--stack-name", "unknown", "--resolve-s3", env=environment, cwd=tmp_path)
    assert refused.returncode != 0
    assert "AWS::Braket::Ring" in refused.stdout + refused.stderr


def test_a_run_with_a_request_that_cannot_work_ends_red_with_its_cause(tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(
        json.dumps({"clusterName": "edge-1", "outposts": [{"outpostId": "op-0a1b2c3d4e5f60003"}]})
    )
    ended = run("make", "run", f"REQUEST={request}", env=dict(os.environ))
    assert ended.returncode != 0
    assert "OutpostUnsupported" in ended.stderr
    assert "RACK" in ended.stderr


def test_a_request_file_that_is_not_there_is_said_before_anything_starts() -> None:
    ended = run("make", "run", "REQUEST=events/nothing.json", env=dict(os.environ))
    assert ended.returncode != 0
    assert "events/nothing.json" in ended.stderr
    assert "Building" not in ended.stdout
