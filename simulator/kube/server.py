"""The API's listening side: TLS on loopback, and no answer at all to whom the cluster's network does not let in."""

import contextlib
import io
import logging
import socket
import ssl
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from simulator.call import AwsError
from simulator.kube import reach

if TYPE_CHECKING:
    from simulator.cloud import Cloud
    from simulator.eks.records import Cluster

log = logging.getLogger(__name__)

HOST = "127.0.0.1"


class Server(ThreadedWSGIServer):
    """Functions are told by the process that holds the connection. Whoever is none, a test or a user's kubectl, is
    taken for somebody whom the endpoint lets in.

    On AWS a connection that is not let in times out; here it is closed before TLS begins, so that nobody waits in
    real time: a client sees that it could not connect, sooner and in other words.
    """

    def __init__(self, cloud: "Cloud", cluster: "Cluster", app: Any, context: ssl.SSLContext) -> None:
        super().__init__(HOST, 0, app, _QuietHandler)
        self._cloud, self._cluster = cloud, cluster
        self._open: set[Any] = set()
        self.ssl_context = context

    def now(self) -> float:
        """The virtual time, in seconds since the epoch."""
        return self._cloud.clock.time()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; OSError, which the caller passes over, where nobody is to be answered."""
        connection, address = super().get_request()
        if obstacle := self._obstacle(address[1]):
            log.warning("%s: no connection: %s", self._cluster.name, obstacle)
            connection.close()
            raise ConnectionAbortedError(obstacle)
        context = self.ssl_context
        if context is None:
            raise TypeError("the API is served over TLS alone")
        # The handshake is the request's own thread's: a client that never begins it holds up nobody.
        return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection's requests in a thread of their own."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Accept no more, and break off what clients keep open."""
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # it ended meanwhile
                connection.shutdown(socket.SHUT_RDWR)

    def _obstacle(self, client_port: int) -> str | None:
        functions = getattr(self._cloud, "functions", None)  # a cloud may be without Lambda
        instance = functions.connected(client_port, self.port) if functions else None
        if instance is None:
            return None
        try:
            return reach.fault(self._cloud, self._cluster, instance.function)
        except AwsError as unknown:  # this thread has nobody to tell it to
            return str(unknown)


class _QuietHandler(WSGIRequestHandler):
    """No line on the terminal for each request."""

    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece, at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request and keep the connection, as kube-apiserver does: its clients ask much, and every
        connection costs a handshake and a look at who holds it. werkzeug's own closes it after each answer."""
        environ = self.make_environ()
        length = None if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        # Read whole, whatever becomes of it: the next request follows.
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
        chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"".join(chunks))

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date by the virtual clock: by it a client may judge how old something is."""
        if not isinstance(self.server, Server):
            raise TypeError("the handler of another server")
        return super().date_time_string(self.server.now() if timestamp is None else timestamp)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""
