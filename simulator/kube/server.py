"""The API's listening side: TLS on loopback, and no answer at all to whom the cluster's network does not let in."""

import logging
import socket
import ssl
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

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

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date by the virtual clock: by it a client may judge how old something is."""
        if not isinstance(self.server, Server):
            raise TypeError("the handler of another server")
        return super().date_time_string(self.server.now() if timestamp is None else timestamp)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""
