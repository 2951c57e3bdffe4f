"""Each function can do just what its role says: one statement or tag less, and the run fails by that name."""

import re
from collections.abc import Callable

from tests.workflow.conftest import SERVER_2U, Deployed

REQUEST = {"clusterName": "edge-1", "outposts": [{"outpostId": SERVER_2U}]}
MARK = '"aws:RequestTag/eks-outposts-servers:cluster"'


def _without_statement(template: str) -> str:
    """EnsureSubnet's permission to use the VPC is gone."""
    statement = (
        r" +- Effect: Allow\n +Action: ec2:CreateSubnet\n +Resource: !If\n +- OwnVpc\n(?: +- .*:vpc/.*\n){2}"
    )
    changed, count = re.subn(statement, "", template)
    assert count == 1
    return changed


def _with_another_mark(template: str) -> str:
    """EnsureSubnet may only make subnets that bear a tag which it does not give."""
    statement = r"(Action: ec2:CreateSubnet\n.*:subnet/\*\n.*)" + re.escape(MARK)
    changed, count = re.subn(statement, r'\1"aws:RequestTag/another"', template)
    assert count == 1
    return changed


def test_a_missing_permission_fails_the_run_by_name_and_giving_it_lets_the_same_request_go_on(
    deploy_copy: Callable[[Callable[[str], str]], Deployed],
) -> None:
    for change in (_without_statement, _with_another_mark):
        run = deploy_copy(change).provision(REQUEST)
        assert run["status"] == "FAILED"
        assert run["error"] == "ServersFailed", run["cause"]
        assert f"{SERVER_2U} in EnsureSubnet: AccessDenied: " in run["cause"]
        assert "ec2:CreateSubnet" in run["cause"]
        assert "EnsureSubnetFunction" in run["cause"]
    run = deploy_copy(str).provision(REQUEST)
    assert run["status"] == "SUCCEEDED", run.get("cause")
