"""A cloud with Lambda and no other layer of ours, and functions small enough to read."""

import io
import json
import os
import textwrap
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from simulator import awslambda
from simulator.cloud import Cloud
from simulator.iam.credentials import Sessions

ROLE = "arn:aws:iam::123456789012:role/function"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@contextmanager
def lambda_cloud() -> Iterator[Cloud]:
    """With the role that ``create`` gives its functions. LAMBDA_RUNTIME: another interpreter for the functions."""
    cloud = Cloud(seed=1, start=datetime(2026, 11, 23, 9, tzinfo=UTC))
    cloud.lambda_runtime = Path(os.environ.get("LAMBDA_RUNTIME", cloud.lambda_runtime))
    cloud.sessions = Sessions(1, cloud.clock.now)
    cloud.install(awslambda.operations(cloud))
    cloud.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(_TRUST))
    try:
        yield cloud
    finally:
        cloud.functions.close()


@contextmanager
def reachable(cloud: Cloud) -> Iterator[Cloud]:
    """The cloud, reachable from the functions' processes."""
    server = make_server("127.0.0.1", 0, cloud.gateway, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    cloud.url = f"http://127.0.0.1:{server.server_port}"
    yield cloud
    server.shutdown()
    thread.join()
    server.server_close()


def package(**files: str) -> bytes:
    """A zip of modules: ``package(app="def handler(event, context): ...")``."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, source in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.py"), textwrap.dedent(source))
    return written.getvalue()


def create(cloud: Cloud, source: str, name: str = "f", **settings: Any) -> dict[str, Any]:
    """Create a function whose module ``app`` is the source."""
    given = {"Runtime": "python3.13", "Handler": "app.handler", "Role": ROLE, **settings}
    made: dict[str, Any] = cloud.client("lambda").create_function(
        FunctionName=name, Code={"ZipFile": package(app=source)}, **given
    )
    return made


def error_of(payload: bytes) -> dict[str, Any]:
    """The error document of a failed invocation."""
    document: dict[str, Any] = json.loads(payload)
    return document


def log_lines(cloud: Cloud, group: str) -> list[str]:
    """Every message of a log group, in order."""
    found = cloud.client("logs").filter_log_events(logGroupName=group)
    return [event["message"] for event in found["events"]]
