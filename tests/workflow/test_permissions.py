"""Each function can do just what its role says: one statement less, and the run fails by that name."""

import re
from collections.abc import Callable

from tests.workflow.conftest import SERVER_2U, Deployed


def _without(action: str) -> Callable[[str], str]:
    return lambda template: re.sub(rf"^ *- {re.escape(action)}\n", "", template, flags=re.MULTILINE)


def test_a_missing_permission_fails_the_run_by_name(
    deploy_copy: Callable[[Callable[[str], str]], Deployed],
) -> None:
    deployed = deploy_copy(_without("ec2:CreateSubnet"))
    run = deployed.provision({"clusterName": "edge-1", "outposts": [{"outpostId": SERVER_2U}]})
    assert run["status"] == "FAILED"
    assert run["error"] == "AccessDenied"
    assert "ec2:CreateSubnet" in run["cause"]
    assert "EnsureSubnetFunction" in run["cause"]
