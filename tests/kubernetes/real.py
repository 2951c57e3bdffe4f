"""A real etcd, kube-apiserver and kube-controller-manager, in a network namespace of their own.

They are not reached over the network, but by ``nsenter`` into that namespace: nothing of them is open to the machine,
and what they try to reach outside fails at once.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

_ADMIN, _NOBODY = "admin-token", "nobody-token"
# Runs inside the namespace: one request per line of JSON in, one answer per line out.
_CLIENT = """
import json, ssl, sys, urllib.error, urllib.request
context = ssl._create_unverified_context()
for line in sys.stdin:
    asked = json.loads(line)
    body = asked["body"] and asked["body"].encode()
    request = urllib.request.Request(asked["url"], body, asked["headers"], method=asked["method"])
    try:
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:
            told = [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as refused:
        told = [refused.code, refused.read().decode()]
    except OSError as refused:
        told = [0, str(refused)]
    print(json.dumps(told), flush=True)
"""


class RealServer:
    """Tokens of a cluster administrator and of somebody without rights, and a way to ask."""

    admin, nobody = _ADMIN, _NOBODY

    def __init__(self, client: "subprocess.Popen[str]") -> None:
        self._client = client

    def ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        assert self._client.stdin
        assert self._client.stdout
        asked = {"method": method, "url": f"https://127.0.0.1:6443{path}", "body": body, "headers": headers}
        self._client.stdin.write(json.dumps(asked) + "\n")
        self._client.stdin.flush()
        code, text = json.loads(self._client.stdout.readline())
        return code, text

    @staticmethod
    def pass_time(seconds: float) -> None:
        """Its clock is the real one; its namespace controller takes a few seconds at most."""
        time.sleep(min(seconds, 8))


@contextlib.contextmanager
def real_server(assets: Path, folder: Path) -> Iterator[RealServer]:
    """assets: the folder with the binaries (envtest's KUBEBUILDER_ASSETS)."""
    (folder / "tokens.csv").write_text(f'{_ADMIN},admin,1,"system:masters"\n{_NOBODY},nobody,2\n')
    key = str(folder / "sa.key")
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    (folder / "kubeconfig").write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {
                        "name": "c",
                        "cluster": {"server": "https://127.0.0.1:6443", "insecure-skip-tls-verify": True},
                    }
                ],
                "users": [{"name": "u", "user": {"token": _ADMIN}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    etcd, server, manager = (str(assets / n) for n in ("etcd", "kube-apiserver", "kube-controller-manager"))
    for needed in (etcd, server, manager):
        assert os.access(needed, os.X_OK), f"{needed} is missing: scripts/build-control-plane makes it"
    commands = [
        [etcd, f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync"]
        if "unsafe-no-fsync" in _help(etcd)
        else [etcd, f"--data-dir={folder / 'etcd'}"],
        [
            server,
            "--etcd-servers=http://127.0.0.1:2379",
            f"--cert-dir={folder / 'certificates'}",
            "--bind-address=127.0.0.1",
            # It must not be loopback, and nobody uses it: TEST-NET-1 (RFC 5737).
            "--advertise-address=192.0.2.1",
            "--endpoint-reconciler-type=none",
            "--secure-port=6443",
            "--service-cluster-ip-range=172.20.0.0/16",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",  # as on EKS: Multus and its like are privileged
            f"--token-auth-file={folder / 'tokens.csv'}",
            # EKS tells missing endpoints, so it routes to them.
            "--enable-aggregator-routing=true",
            "--disable-admission-plugins=ServiceAccount",
        ],
    ]
    controllers = [
        manager,
        f"--kubeconfig={folder / 'kubeconfig'}",
        "--leader-elect=false",
        "--port=0",
        "--secure-port=0",
    ]
    unshare = [shutil.which("unshare") or "unshare", "--net", "--"]
    script = "ip link set lo up 2>/dev/null || ifconfig lo up; exec sleep infinity"
    holder = subprocess.Popen([*unshare, "sh", "-c", script])
    enter = [shutil.which("nsenter") or "nsenter", f"--net=/proc/{holder.pid}/ns/net", "--"]
    running: list[subprocess.Popen[Any]] = [holder]

    def start(number: int, command: list[str]) -> None:
        with (folder / f"{number}.log").open("w") as log:
            running.append(subprocess.Popen([*enter, *command], stdout=log, stderr=log))

    try:
        _wait_for_namespace(holder.pid)
        for number, command in enumerate(commands):
            start(number, command)
        client = subprocess.Popen(
            [*enter, sys.executable, "-c", _CLIENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(client)
        real = RealServer(client)
        # kube-controller-manager gives up when /healthz is not well within ten seconds (app.WaitForAPIServer).
        _wait_until_good(real, "/healthz", folder, running)
        start(len(commands), controllers)
        # Of what it does first; nothing that the tests rely on works before.
        _wait_until_good(real, "/api/v1/namespaces/default/serviceaccounts/default", folder, running)
        yield real
    finally:
        for process in reversed(running):
            process.terminate()
        for process in reversed(running):
            process.wait(30)
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()


def _help(etcd: str) -> str:
    return subprocess.run([etcd, "--help"], capture_output=True, text=True, check=False).stdout


def _wait_for_namespace(pid: int) -> None:
    own = Path("/proc/self/ns/net").readlink()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/ns/net").readlink() == own:
        assert time.monotonic() < deadline, "no network namespace (this needs root)"
        time.sleep(0.05)
    time.sleep(0.5)  # until its loopback is up


def _wait_until_good(
    real: RealServer, path: str, folder: Path, running: "list[subprocess.Popen[Any]]"
) -> None:
    deadline = time.monotonic() + 120
    headers = {"Authorization": f"Bearer {_ADMIN}"}
    while real.ask("GET", path, None, headers)[0] != HTTPStatus.OK:
        in_time = time.monotonic() < deadline and all(process.poll() is None for process in running)
        logs = "\n".join(p.read_text()[-1500:] for p in folder.glob("*.log"))
        assert in_time, f"the control plane does not come up:\n{logs}"
        time.sleep(0.5)
