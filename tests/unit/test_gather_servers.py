"""GatherServers: green when all servers are, else one error that names each failed one."""

import json
from types import SimpleNamespace
from typing import Any

import gather_servers
import pytest

from extended_cluster.errors import ServersFailed

GOOD = {"outpostId": "op-0a1b2c3d4e5f60001", "instances": []}
CAUSE = {
    "errorMessage": "no free slot. Free one.",
    "errorType": "InsufficientCapacity",
    "stackTrace": ["..."],
}


def failed(number: int, state: str, error: str, cause: str | None) -> dict[str, Any]:
    failure = {"Error": error} | ({} if cause is None else {"Cause": cause})
    return {"outpostId": f"op-0a1b2c3d4e5f6000{number}", "failed": {state: failure}}


def gather(*servers: dict[str, Any]) -> dict[str, Any]:
    event = {"executionId": "execution-1", "servers": list(servers)}
    return gather_servers.handler(event, SimpleNamespace(aws_request_id="request-1"))


def test_all_well() -> None:
    assert gather(GOOD, GOOD) == {"servers": 2}


def test_every_failed_server_is_named_with_state_error_and_cause() -> None:
    with pytest.raises(ServersFailed) as told:
        gather(
            failed(2, "AwaitInstances", "InsufficientCapacity", json.dumps(CAUSE)),
            GOOD,
            failed(3, "EnableLni", "States.Timeout", None),
            failed(4, "VerifyLni", "Lambda.Unknown", "The process ended."),
        )
    message = str(told.value)
    assert message.startswith("3 of 4 server(s) failed; the others are finished.")
    assert "op-0a1b2c3d4e5f60002 in AwaitInstances: InsufficientCapacity: no free slot. Free one." in message
    assert "op-0a1b2c3d4e5f60003 in EnableLni: States.Timeout: Step Functions gave no cause" in message
    assert "op-0a1b2c3d4e5f60004 in VerifyLni: Lambda.Unknown: The process ended." in message
    assert "op-0a1b2c3d4e5f60001" not in message


def test_twenty_long_causes_fit_into_one() -> None:
    servers = [failed(1, "VerifyLni", "LniNotAttached", "x" * 30_000)] * 20
    with pytest.raises(ServersFailed) as told:
        gather(*servers)
    assert 20_000 < len(str(told.value)) < 32_768
