"""ValidateRequest: the handler around the request's model."""

from types import SimpleNamespace

import pytest
import validate_request

from extended_cluster.errors import InvalidRequest

CONTEXT = SimpleNamespace(aws_request_id="request-1")


def test_the_handler_completes_the_request() -> None:
    event = {
        "executionId": "execution-1",
        "request": {"clusterName": "edge-1", "outposts": [{"outpostId": "op-0a1b2c3d4e5f60001"}]},
    }
    assert validate_request.handler(event, CONTEXT)["outposts"][0]["nodes"]["desired"] == 1


def test_the_handler_lets_the_named_error_through() -> None:
    with pytest.raises(InvalidRequest, match="lacks `outposts`"):
        validate_request.handler(
            {"executionId": "execution-1", "request": {"clusterName": "edge-1"}}, CONTEXT
        )
