"""The endpoint: HTTP requests become calls, answers become HTTP responses."""

import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from moto.core.request import Request
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from simulator.awslambda import network
from simulator.call import ADMINISTRATOR, Answer, AwsError, Call, Caller, NotModelled
from simulator.places import refuse_elsewhere
from simulator.wire import Wire, decode, encode, encode_error, signed_scope

if TYPE_CHECKING:
    from simulator.cloud import Cloud

log = logging.getLogger(__name__)


class Gateway:
    """A WSGI application. S3 passes to moto as it came (bodies are streams); all else is decoded and encoded."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self._strand(environ)
        return self._respond(Request(environ))(environ, start_response)

    def _strand(self, environ: dict[str, Any]) -> None:
        """No answer for a function in a VPC without a way out; the server drops the connection.

        botocore waits a minute for a connection and tries five times (botocore.config, connect_timeout and retries):
        longer than a function may take that is not made to wait so long, so that Lambda ends it first.
        """
        functions = getattr(self._cloud, "functions", None)
        if functions is None or "REMOTE_PORT" not in environ:  # not over the wire: from inside the simulator
            return
        instance = functions.connected(int(environ["REMOTE_PORT"]), int(environ["SERVER_PORT"]), in_vpc=True)
        obstacle = network.way_out_fault(self._cloud, instance.function) if instance else None
        if instance is None or obstacle is None:
            return
        log.warning("%s reaches no AWS API: %s", instance.function.name, obstacle)
        instance.strand()
        raise ConnectionAbortedError(obstacle)

    def _respond(self, request: Request) -> Response:
        request_id = str(uuid4())
        try:
            access_key, region, service = signed_scope(request)
            wire, params = decode(request, service)
        except AwsError as refused:
            return _plain(refused)
        try:
            caller: Caller = request.environ.get("simulator.caller") or self._caller_of(access_key)
        except AwsError as refused:
            return encode_error(wire, refused, request_id)
        agent = request.headers.get("User-Agent", "")
        call = Call(service, wire.operation.name, params, caller, region, request_id, agent)
        try:
            if self._cloud.clock.broken:
                raise AwsError(
                    "InternalFailure", f"The simulator broke before: {self._cloud.clock.broken[0]!r}", 500
                )
            refuse_elsewhere(call)
            return self._as_it_came(call, request) if service == "s3" else self._translated(call, wire)
        except AwsError as refused:
            return encode_error(wire, refused, request_id)
        except NotImplementedError:  # moto's word for an operation that it does not have
            return encode_error(wire, NotModelled(call.name), request_id)
        except Exception as broken:  # the caller gets what any broken service gives: a logged 500
            log.exception("%s broke the simulator", call.name)
            failure = AwsError("InternalFailure", f"The simulator broke on {call.name}: {broken!r}", 500)
            return encode_error(wire, failure, request_id)

    def _caller_of(self, access_key: str) -> Caller:
        sessions = getattr(self._cloud, "sessions", None)
        return sessions.caller_of(access_key) if sessions else ADMINISTRATOR

    def _translated(self, call: Call, wire: Wire) -> Response:
        return encode(wire, self._cloud.handle(call), call.request_id)

    def _as_it_came(self, call: Call, request: Request) -> Response:
        """moto's own response; a refusal also passes the layers as the error it is."""
        passed: list[Response] = []

        def to_moto(_: Call) -> Answer:
            # get_data() has consumed the stream; moto reads it again.
            environ = {**request.environ, "wsgi.input": io.BytesIO(request.get_data())}
            chunks, status, headers = run_wsgi_app(self._cloud.moto_application, environ, buffered=True)
            passed.append(Response(b"".join(chunks), status=status, headers=headers))
            if passed[0].status_code >= 400:
                raise AwsError(_error_code(passed[0]), passed[0].status, passed[0].status_code)
            return {}

        try:
            self._cloud.handle(call, to_moto)
        except AwsError:
            if not passed:  # a layer refused it before moto was asked
                raise
        return passed[0]


def _error_code(response: Response) -> str:
    """The code in S3's error document; the answer to HEAD has none, only its status."""
    found = re.search(r"<Code>(\w+)</Code>", response.get_data(as_text=True))
    return found[1] if found else str(response.status_code)


def _plain(error: AwsError) -> Response:
    """What cannot even be told apart gets a plain answer, and a line in the log."""
    log.error("refused: %s", error)
    return Response(json.dumps({"__type": error.code, "message": error.message}), status=error.status)
