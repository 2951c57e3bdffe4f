"""TLS servers on loopback, with certificate authorities as EKS has them and otherwise."""

import base64
import contextlib
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PEM = serialization.Encoding.PEM


class Asked(NamedTuple):
    """A request; path with its query, names of headers in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class Told(NamedTuple):
    """An answer."""

    code: int
    body: str
    content_type: str = "application/json"


type Answer = Callable[[Asked], Told]


class Authority:
    """A certificate authority of its own; without an Authority Key Identifier, like EKS's, unless told otherwise."""

    def __init__(self, *, key_identifier: bool = False) -> None:
        self._identified = key_identifier
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("kubernetes")
        certificate = self._signed(
            self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=None)
        )
        self.data = base64.b64encode(certificate.public_bytes(_PEM)).decode()

    def serving(self, name: str) -> bytes:
        """Certificate and key, in PEM, of a server of that DNS name or address."""
        key = ec.generate_private_key(ec.SECP256R1())
        kind: x509.GeneralName
        try:
            kind = x509.IPAddress(ip_address(name))
        except ValueError:
            kind = x509.DNSName(name)
        certificate = self._signed(
            _named("kube-apiserver"), key.public_key(), x509.SubjectAlternativeName([kind])
        )
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return certificate.public_bytes(_PEM) + key.private_bytes(_PEM, form, plain)

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        )
        if self._identified:
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
            builder = builder.add_extension(identifier, critical=False)
        return builder.sign(self._key, hashes.SHA256())


@contextlib.contextmanager
def serve(authority: Authority, answer: Answer, *, name: str = "127.0.0.1") -> Iterator[str]:
    """The server's endpoint, always by its address; name: what its certificate is for."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionError, ssl.SSLError):  # a client that does not like the certificate
                self.close_connection = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            told = answer(
                Asked(
                    self.command,
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                )
            )
            self.send_response(told.code)
            self.send_header("Content-Type", told.content_type)
            self.send_header("Content-Length", str(len(told.body.encode())))
            self.end_headers()
            self.wfile.write(told.body.encode())

        do_GET = do_PATCH = do_DELETE = do_POST = _answer

        def log_message(self, *_: object) -> None: ...

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(authority.serving(name))
        context.load_cert_chain(file.name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
