"""moto's server application, asked in this process."""

import functools
import importlib
import os
from collections.abc import Callable
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from moto.backends import get_backend
from moto.core import config as moto_config
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from simulator.call import REGION
from simulator.wire import SERVICES

type WsgiApplication = Callable[[dict[str, Any], Any], Any]

# Services whose every modelled operation is a layer's; moto has none of them.
_NOT_IN_MOTO = frozenset({"outposts"})


def application(seed: int) -> WsgiApplication:
    """moto's application, empty, with its executing Step Functions interpreter and every service module imported.

    They are imported now, so that the virtual clock can be put into all of them before the first request.
    seed: the ids that moto makes up follow from it.
    """
    # The images are the world's (data/world.yaml); loading moto's own takes seconds.
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    moto_config.default_user_config["stepfunctions"]["execute_state_machine"] = True
    for service in SERVICES:
        if service not in _NOT_IN_MOTO:
            backend = service.replace("-", "")
            get_backend(backend)  # type: ignore[call-overload]
            importlib.import_module(f"moto.{'awslambda' if backend == 'lambda' else backend}.urls")
    importlib.import_module("moto.stepfunctions.parser.models")
    moto_api_backend.reset()
    mock_random.seed(seed)
    return DomainDispatcherApplication(create_backend_app)


def client_of(
    application: WsgiApplication, service: str, url: str, environ: dict[str, Any], region: str = REGION
) -> Any:
    """A boto3 client whose requests go to a WSGI application in this process instead of the network.

    url: the endpoint it believes to talk to, which queue URLs repeat; environ: entries that every request's
    environment gets, e.g. who is calling.
    """
    client = _session().client(  # type: ignore[call-overload]
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="INPROCESS",
        aws_secret_access_key="in-process",  # noqa: S106 - nothing verifies signatures in this process
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )

    def ask(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return _ask(application, request, url, environ)

    client.meta.events.register("before-send", ask)
    return client


@functools.cache
def _session() -> boto3.Session:
    """One for all clients: each Session loads botocore's models anew."""
    return boto3.Session()


def _ask(
    application: WsgiApplication, request: AWSPreparedRequest, url: str, extra: dict[str, Any]
) -> AWSResponse:
    body: Any = request.body
    if hasattr(body, "read"):
        body = body.read()
    headers = [(k, v.decode() if isinstance(v, bytes) else v) for k, v in request.headers.items()]
    builder = EnvironBuilder(
        path="/" + request.url.partition("//")[2].partition("/")[2],
        method=request.method,
        base_url=url,
        data=body.encode() if isinstance(body, str) else bytes(body or b""),
        headers=[(k, v) for k, v in headers if k.lower() != "transfer-encoding"],
    )
    environ = {**builder.get_environ(), **extra}
    environ["RAW_URI"] = request.url
    chunks, status, answered = run_wsgi_app(application, environ, buffered=True)
    answer_headers = cast(HTTPHeaders, answered)  # any mapping will do
    return AWSResponse(request.url, int(status.split()[0]), answer_headers, _Raw(b"".join(chunks)))


class _Raw:
    """The body as botocore reads it from urllib3."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def read(self, amount: int | None = None) -> bytes:
        taken = self._rest if amount is None else self._rest[:amount]
        self._rest = self._rest[len(taken) :]
        return taken

    def stream(self, **_: Any) -> Any:
        while self._rest:
            yield self.read()

    def close(self) -> None:
        self._rest = b""
