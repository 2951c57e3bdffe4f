"""What the probe needs of a Kubernetes API server and of the cluster's DNS, in one process. Usage: FOLDER ADDRESS.

It keeps ConfigMaps in FOLDER/reports and answers the Services in FOLDER/services.json.
"""

import json
import os
import socketserver
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

FOLDER, ADDRESS = Path(sys.argv[1]), sys.argv[2]
_NAME = b"\nkubernetes\x07default\x03svc\x07cluster\x05local\x00"


class Handler(BaseHTTPRequestHandler):
    """Two lists and one server-side apply."""

    def do_GET(self) -> None:
        url = urlparse(self.path)
        selector = parse_qs(url.query)["labelSelector"][0]
        if url.path == "/api/v1/namespaces/verify/configmaps":
            found = [json.loads(path.read_text()) for path in (FOLDER / "reports").glob("*.json")]
        elif url.path == "/api/v1/namespaces/verify/services":
            found = json.loads((FOLDER / "services.json").read_text())
        else:
            return self._answer(404, {})
        return self._answer(
            200, {"items": [one for one in found if _selected(one["metadata"]["labels"], selector)]}
        )

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        url = urlparse(self.path)
        right = (
            self.headers["Content-Type"] == "application/apply-patch+yaml"
            and url.path == f"/api/v1/namespaces/verify/configmaps/{body['metadata']['name']}"
            and parse_qs(url.query) == {"fieldManager": ["probe"], "force": ["true"]}
            and body["kind"] == "ConfigMap"
        )
        if not right:
            return self._answer(400, {"message": f"{self.path} {self.headers['Content-Type']}"})
        path = FOLDER / "reports" / f"{body['metadata']['name']}.json"
        new = path.with_suffix(f".{threading.get_ident()}")
        new.write_text(json.dumps(body))
        os.replace(new, path)
        return self._answer(200, body)

    def _answer(self, code: int, body: object) -> None:
        if self.headers["Authorization"] != "Bearer a-token":
            code, body = 401, {"message": "Unauthorized"}
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _selected(labels: dict[str, str], selector: str) -> bool:
    wanted = (one.partition("=") for one in selector.split(","))
    return all(key in labels and (not equals or labels[key] == value) for key, equals, value in wanted)


class Names(socketserver.BaseRequestHandler):
    """An A record for the API's service; anything else is NXDOMAIN (RFC 1035)."""

    def handle(self) -> None:
        question, sender = self.request
        known = question[12 : 12 + len(_NAME)] == _NAME
        header = (
            question[:2]
            + (b"\x81\x80" if known else b"\x81\x83")
            + b"\x00\x01"
            + bytes([0, known])
            + bytes(4)
        )
        record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x0a\x64\x00\x01" if known else b""
        sender.sendto(header + question[12:] + record, self.client_address)


def main() -> None:
    """Serve until the end."""
    server = ThreadingHTTPServer((ADDRESS, 6443), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.crt", FOLDER / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    names = socketserver.ThreadingUDPServer((ADDRESS, 53), Names)
    threading.Thread(target=names.serve_forever, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
