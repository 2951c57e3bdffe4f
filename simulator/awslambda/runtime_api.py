"""The Lambda Runtime API of one execution environment (Lambda guide, "Using the Lambda runtime API")."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue

# Lambda quotas: 6 MB for a synchronous invocation's request and response each. The response's limit is the
# request's and 100 bytes, as Lambda's own message says it.
RESPONSE_LIMIT = 6_291_556
_ROOT = "/2018-06-01/runtime"


@dataclass(frozen=True, slots=True)
class Request:
    """An invocation as the runtime gets it. deadline: Unix time in milliseconds."""

    id: str
    payload: bytes
    deadline: int
    function_arn: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The runtime asked for an invocation: initialisation, or the one before, is over."""


@dataclass(frozen=True, slots=True)
class Responded:
    """The runtime gave an invocation's result, or the error it ended with."""

    request_id: str
    payload: bytes
    failed: bool


@dataclass(frozen=True, slots=True)
class InitFailed:
    """The runtime could not load the handler; the process exits next."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The runtime's response was over the limit and refused."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Exited:
    """The process ended; status as ``subprocess`` gives it."""

    status: int


@dataclass(frozen=True, slots=True)
class Stranded:
    """The process waits for an answer that no network brings, and will until Lambda ends it."""


type RuntimeEvent = Ready | Responded | InitFailed | TooLarge | Exited | Stranded


class RuntimeApi:
    """A server on loopback for one process. ``events`` is what the process did, in order."""

    def __init__(self) -> None:
        self.events: SimpleQueue[RuntimeEvent] = SimpleQueue()
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """``host:port``, the form of AWS_LAMBDA_RUNTIME_API."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def give(self, request: Request) -> None:
        """Hand the runtime an invocation."""
        self._requests.put(request)

    def next(self) -> Request | None:
        """What the runtime gets to do; None when there is nothing more to come."""
        self.events.put(Ready())
        return self._requests.get()

    def close(self) -> None:
        """Let go of a waiting runtime and stop listening."""
        self._requests.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        if self.path != f"{_ROOT}/invocation/next":
            return self._answer(404)
        request = self.server.api.next()
        if request is None:
            self.close_connection = True
            return None
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request.id,
            "Lambda-Runtime-Deadline-Ms": str(request.deadline),
            "Lambda-Runtime-Invoked-Function-Arn": request.function_arn,
            "Lambda-Runtime-Trace-Id": request.trace_id,
        }
        return self._answer(200, request.payload, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        events = self.server.api.events
        match self.path.removeprefix(f"{_ROOT}/").split("/"):
            case ["init", "error"]:
                events.put(InitFailed(body))
            case ["invocation", request_id, "response"] if len(body) > RESPONSE_LIMIT:
                events.put(TooLarge(request_id))
                return self._answer(413, _status("error", "RequestEntityTooLarge"))
            case ["invocation", request_id, "response"]:
                events.put(Responded(request_id, body, failed=False))
            case ["invocation", request_id, "error"]:
                events.put(Responded(request_id, body, failed=True))
            case _:
                return self._answer(404)
        return self._answer(202, _status("OK"))

    def _answer(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what the function does is in its own log."""


def _status(status: str, error_type: str | None = None) -> bytes:
    return json.dumps({"status": status} | ({"errorType": error_type} if error_type else {})).encode()
